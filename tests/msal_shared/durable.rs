//! P1 on a shared file: any file operation may fail.

use std::sync::Arc;

use sealed_cache::PersistedCache;

use crate::{
    Place, cache,
    faults::{Faults, How},
    response,
};

/// Let the n-th operation of a save fail: `false` if there are fewer.
fn fail_nth(number: usize, how: How) -> bool {
    let (place, faults) = (Place::with(cache(&["a"])), Arc::new(Faults::default()));
    let tokens = PersistedCache::msal(place.layout()).file_observer(faults.clone()).open().unwrap();
    faults.arm(number, how);
    let outcome = tokens.try_update(|cache| cache.add(&response("c")));
    let steps = faults.disarm();
    assert_eq!(place.stored(), ["a"], "{how:?} of {steps:?}");
    let is_stored = place.value()["AccessToken"].is_object();
    assert!(is_stored || outcome.is_err(), "{how:?} of {steps:?}");
    tokens.try_update(|cache| cache.add(&response("d"))).unwrap();
    tokens.try_update(|cache| cache.add(&response("c"))).unwrap();
    assert_eq!(place.value()["AccessToken"].as_object().unwrap().len(), 2);
    assert_eq!(place.names(), ["msal.cache"], "{how:?} of {steps:?}");
    steps.is_some()
}

#[test]
fn p1_any_operation_that_fails_leaves_the_cache_before_or_the_one_after() {
    for how in [How::NotDone, How::HalfDone, How::Done, How::FromThenOn] {
        let operations = (1..).take_while(|number| fail_nth(*number, how)).count();
        assert!(operations >= 8, "{how:?}: only {operations} operations were seen");
    }
}

#[cfg(unix)]
#[test]
fn p1_the_file_is_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.open().update(|cache| cache.add(&response("c"))).unwrap().unwrap();
    assert_eq!(std::fs::metadata(place.file()).unwrap().permissions().mode() & 0o777, 0o600);
}
