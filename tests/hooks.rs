//! `CachePlugin`: load before and save after, for a library that owns its cache.

#[path = "common/place.rs"]
mod place;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use place::{Cache, Numbers, builder, open, stored};
use sealed_cache::{CachePlugin, ErrorKind, Json, SerializableCache, persistence::Memory};

/// A library with a cache of its own, and the store that others use as well.
struct Library {
    folder: tempfile::TempDir,
    cache: Cache,
    plugin: CachePlugin<Numbers>,
    own: Numbers,
}

impl Library {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        Self { plugin: cache.plugin(), cache, own: Numbers::default(), folder }
    }

    fn add(&mut self, number: u32) {
        let access = self.plugin.before_access(&mut self.own).unwrap();
        self.own.push(number);
        access.after_access(&mut self.own).unwrap();
    }

    fn look(&mut self) -> Vec<u32> {
        let access = self.plugin.before_access(&mut self.own).unwrap();
        let seen = self.own.to_vec();
        access.after_access(&mut self.own).unwrap();
        seen
    }

    fn is_free(&self) -> bool {
        open(self.folder.path()).try_lock().unwrap().is_some()
    }
}

#[test]
fn an_access_loads_before_and_saves_after() {
    let mut library = Library::new();
    library.cache.update(|numbers| numbers.push(1)).unwrap();
    library.add(2);
    assert!(!library.own.has_state_changed());
    assert_eq!(stored(library.folder.path()), [1, 2]);
    library.add(3);
    assert_eq!(stored(library.folder.path()), [1, 2, 3]);
}

#[test]
fn an_access_holds_the_lock_from_before_until_after() {
    let mut library = Library::new();
    let access = library.plugin.before_access(&mut library.own).unwrap();
    assert!(open(library.folder.path()).try_lock().unwrap().is_none());
    access.after_access(&mut library.own).unwrap();
    assert!(library.is_free());
}

#[test]
fn an_access_that_changes_nothing_writes_nothing() {
    let mut library = Library::new();
    library.look();
    assert!(!library.folder.path().join("tokens.sealed").exists());
    library.add(1);
    let modified = || library.folder.path().join("tokens.sealed").metadata().unwrap().modified().unwrap();
    let before = modified();
    let access = library.plugin.before_access(&mut library.own).unwrap();
    access.after_access(&mut library.own).unwrap();
    assert_eq!(modified(), before);
}

#[test]
fn an_access_that_is_dropped_writes_nothing_and_unlocks() {
    let mut library = Library::new();
    library.add(1);
    let access = library.plugin.before_access(&mut library.own).unwrap();
    library.own.push(2);
    drop(access);
    assert!(library.is_free());
    assert_eq!(stored(library.folder.path()), [1]);
    // What was not saved is replaced by what is stored.
    assert_eq!(library.look(), [1]);
}

#[test]
fn what_another_changed_is_loaded_again() {
    let mut library = Library::new();
    library.add(1);
    open(library.folder.path()).update(|numbers| numbers.push(2)).unwrap();
    assert_eq!(library.look(), [1, 2]);
    library.cache.clear().unwrap();
    assert!(library.look().is_empty());
}

#[test]
fn a_change_outside_of_an_access_is_replaced_by_what_is_stored() {
    let mut library = Library::new();
    library.add(1);
    library.own.push(99);
    assert_eq!(library.look(), [1]);
}

#[test]
fn a_panic_between_before_and_after_unlocks() {
    let mut library = Library::new();
    library.add(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _access = library.plugin.before_access(&mut library.own).unwrap();
        library.own.push(2);
        panic!("on purpose");
    }));
    assert!(panicked.is_err() && library.is_free());
    assert_eq!(library.look(), [1]);
}

#[test]
fn a_lock_that_is_not_had_leaves_the_cache_as_it_was() {
    let mut library = Library::new();
    library.add(1);
    let plugin =
        builder(library.folder.path()).lock_timeout(Duration::from_millis(20)).open().unwrap().plugin();
    let _held = open(library.folder.path()).lock().unwrap();
    library.own.push(2);
    let error = plugin.before_access(&mut library.own).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert_eq!(**library.own, [1, 2]);
}

#[test]
fn an_unreadable_cache_leaves_the_library_as_it_was_and_unlocks() {
    let mut library = Library::new();
    library.add(1);
    std::fs::write(library.folder.path().join("tokens.sealed"), "not a sealed cache").unwrap();
    let error = library.plugin.before_access(&mut library.own).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert_eq!(**library.own, [1]);
    assert!(
        sealed_cache::FileLock::new(library.folder.path().join("tokens.lock"))
            .unwrap()
            .try_acquire()
            .unwrap()
            .is_some()
    );
}

/// What a library may hold that cannot be written: a map without text as keys.
type Unwritable = Json<std::collections::BTreeMap<Vec<u8>, u8>>;

#[test]
fn a_save_that_fails_keeps_the_changes_and_the_lock() {
    let plugin = sealed_cache::PersistedCache::<Unwritable>::on(Memory::new()).unwrap().plugin();
    let mut own = Unwritable::default();
    let mut access = plugin.before_access(&mut own).unwrap();
    own.insert(vec![1], 1);
    assert_eq!(access.save(&mut own).unwrap_err().kind(), ErrorKind::InvalidContents);
    assert!(own.has_state_changed() && own.len() == 1);
    own.clear();
    access.after_access(&mut own).unwrap();
    assert!(!own.has_state_changed());
}

#[cfg(feature = "testing")]
#[path = "common/faults.rs"]
mod faults;

#[cfg(feature = "testing")]
#[test]
fn a_save_that_the_disk_refused_can_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let faults = std::sync::Arc::new(faults::Faults::default());
    let plugin =
        builder(folder.path()).file_observer(std::sync::Arc::clone(&faults) as _).open().unwrap().plugin();
    let mut own = Numbers::default();
    let mut access = plugin.before_access(&mut own).unwrap();
    own.push(1);
    faults.arm(1, faults::How::FromThenOn);
    assert_eq!(access.save(&mut own).unwrap_err().kind(), ErrorKind::Io);
    assert!(own.has_state_changed());
    assert!(faults.disarm().is_some());
    access.after_access(&mut own).unwrap();
    assert_eq!(stored(folder.path()), [1]);
}
