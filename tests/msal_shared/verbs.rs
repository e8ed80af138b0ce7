//! The other verbs of a cache, on a shared one.

use std::time::Duration;

use sealed_cache::{ErrorKind, FamilyLock, PersistedCache, TokenCache};

use crate::{Place, cache, response};

#[test]
fn a_plain_file_says_that_it_is_not_encrypted() {
    let place = Place::new();
    let tokens = place.open();
    let protection = tokens.protection().unwrap();
    assert!(!protection.is_encrypted && !protection.exists, "{protection:?}");
    assert_eq!(protection.to_string(), "plain file as MSAL has it, NOT encrypted");
    tokens.update(|cache| cache.add(&response("c"))).unwrap().unwrap();
    assert!(tokens.protection().unwrap().exists);
    assert_eq!(tokens.location(), Some(&*place.file().canonicalize().unwrap()));
    assert!(tokens.diagnose().to_string().contains("NOT encrypted"));
}

#[test]
fn verify_leaves_nothing_behind_and_clear_takes_everything() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    tokens.verify().unwrap();
    assert_eq!(place.names(), ["msal.cache"]);
    tokens.clear().unwrap();
    assert_eq!(place.names(), [""; 0]);
    assert!(tokens.read(TokenCache::is_empty).unwrap());
    tokens.clear().unwrap();
}

#[test]
fn p5_a_lock_that_is_held_is_waited_for_as_long_as_was_said() {
    let place = Place::with(cache(&["a"]));
    let tokens = PersistedCache::msal(place.layout()).lock_timeout(Duration::from_millis(30)).open().unwrap();
    let holder = FamilyLock::new(place.lock_file()).unwrap().try_acquire().unwrap();
    let error = tokens.update(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout, "{error}");
    assert!(tokens.try_lock().unwrap().is_none());
    assert_eq!(tokens.read(TokenCache::len).unwrap(), 1, "whoever only looks does not wait");
    drop(holder);
    tokens.update(|_| ()).unwrap();
}

#[test]
fn p1_a_temporary_file_that_a_killed_process_left_is_taken_away() {
    let place = Place::with(cache(&["a"]));
    std::fs::write(place.folder.path().join("msal.cache.tmp"), "half").unwrap();
    place.open();
    assert_eq!(place.names(), ["msal.cache"]);
}

#[test]
fn the_lock_of_another_cache_is_refused() {
    use sealed_cache::{
        Deadline, SecretBytes,
        persistence::{Persistence, msal::MsalPersistence},
    };
    let [one, other] = [Place::new(), Place::new()];
    let [one, other] = [&one, &other].map(|place| MsalPersistence::open(place.layout()).unwrap());
    let mut lock = other.lock(&Deadline::after(Duration::from_secs(10))).unwrap();
    let error = one.save(&mut lock, SecretBytes::from(&b"{}"[..])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}
