//! Change notification: a running program is told that somebody else changed its cache, and only that.

#![cfg(feature = "watch")]

#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{path::Path, sync::mpsc, thread};

use child::{Call, Child, PATIENCE};
use place::{Cache, Numbers, open, text};
use sealed_cache::{CacheWatcher, ErrorKind, PersistedCache, persistence::Memory};
use tempfile::TempDir;

/// A watched cache. What arrives is what was stored each time that it was told of a change.
struct Stage {
    folder: TempDir,
    cache: Cache,
    told: mpsc::Receiver<Vec<u32>>,
    watcher: CacheWatcher,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        cache.update(|numbers| numbers.push(0)).unwrap();
        let (tell, told) = mpsc::channel();
        let again = cache.clone();
        let watcher = cache
            .watch(move || {
                let numbers = again.read(|numbers| numbers.to_vec()).unwrap();
                let _ = tell.send(numbers);
            })
            .unwrap();
        Self { folder, cache, told, watcher }
    }

    /// A handle of its own, as another program has it.
    fn other(&self) -> Cache {
        open(self.folder.path())
    }

    fn assert_told(&self, stored: &[u32]) {
        assert_eq!(self.told.recv_timeout(PATIENCE).expect("to be told"), stored);
    }
}

fn set(cache: &Cache, stored: &[u32]) {
    cache.update(|numbers| **numbers = stored.to_vec()).unwrap();
}

#[test]
fn a_change_by_another_handle_is_told_once() {
    let stage = Stage::new();
    for number in 1..4 {
        set(&stage.other(), &[number]);
        stage.assert_told(&[number]);
    }
    assert!(stage.told.try_recv().is_err());
}

#[test]
fn changes_in_all_verbs() {
    let Some(call) = Call::of("changes_in_all_verbs") else { return };
    let cache = open(Path::new(call.argument(0)));
    set(&cache, &[1]);
    call.hear();
    let mut guard = cache.lock().unwrap();
    guard.push(2);
    guard.commit().unwrap();
    call.hear();
    cache.clear().unwrap();
    call.hear();
    set(&cache, &[3]);
    call.hear();
}

#[test]
fn changes_by_another_process_are_told() {
    let stage = Stage::new();
    let mut other = Child::start("changes_in_all_verbs", &[text(stage.folder.path())]);
    for stored in [&[1][..], &[1, 2], &[], &[3]] {
        stage.assert_told(stored);
        other.tell("next");
    }
    other.ends();
}

#[test]
fn a_change_by_oneself_is_not_told() {
    let stage = Stage::new();
    // The changes of others show that whatever came before was heard.
    for round in 0..3 {
        set(&stage.cache, &[round, 1]);
        let mut guard = stage.cache.clone().lock().unwrap();
        guard.push(2);
        guard.commit().unwrap();
        let (plugin, mut own) = (stage.cache.plugin(), Numbers::default());
        let access = plugin.before_access(&mut own).unwrap();
        own.push(3);
        access.after_access(&mut own).unwrap();
        stage.cache.clear().unwrap();
        set(&stage.cache, &[round, 4]);
        set(&stage.other(), &[round, 100]);
        stage.assert_told(&[round, 100]);
    }
    assert!(stage.told.try_recv().is_err());
}

#[test]
fn a_new_key_by_oneself_is_not_told() {
    let stage = Stage::new();
    stage.cache.rekey_to(place::keeper()).unwrap();
    set(&stage.other(), &[100]);
    stage.assert_told(&[100]);
    assert!(stage.told.try_recv().is_err());
}

#[test]
fn reading_and_locking_are_no_changes() {
    let stage = Stage::new();
    let other = stage.other();
    other.read(|_| ()).unwrap();
    other.update(|_| ()).unwrap();
    drop(other.lock().unwrap());
    other.verify().unwrap();
    set(&other, &[1]);
    stage.assert_told(&[1]);
}

#[test]
fn after_the_watcher_is_dropped_nothing_is_told() {
    let Stage { folder, cache, told, watcher } = Stage::new();
    drop(watcher);
    set(&open(folder.path()), &[1]);
    // The closure is dropped with the watcher, and its end of the channel with it.
    assert!(told.recv_timeout(PATIENCE).is_err_and(|error| error == mpsc::RecvTimeoutError::Disconnected));
    drop(cache);
}

/// The closure may use the cache as it likes, and the one who changed it does not wait for that.
#[test]
fn the_closure_may_change_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, (tell, told)) = (open(folder.path()), mpsc::channel());
    let again = cache.clone();
    let _watcher = cache
        .watch(move || {
            again.update(|numbers| numbers.push(99)).unwrap();
            tell.send(()).unwrap();
        })
        .unwrap();
    thread::scope(|scope| {
        scope.spawn(|| set(&open(folder.path()), &[1]));
        told.recv_timeout(PATIENCE).expect("to be told");
    });
    assert_eq!(place::stored(folder.path()), [1, 99]);
}

#[test]
fn a_cache_that_is_in_no_file_cannot_be_watched() {
    let cache = PersistedCache::<Numbers>::on(Memory::new()).unwrap();
    assert_eq!(cache.watch(|| ()).unwrap_err().kind(), ErrorKind::Configuration);
}
