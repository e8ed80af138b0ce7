//! A new key for a cache that exists: there is no moment in which neither key opens it, and nothing is left over.

#![cfg(feature = "testing")]

#[path = "common/faults.rs"]
mod faults;
#[path = "common/invented_keychain.rs"]
mod invented_keychain;
#[path = "common/item.rs"]
mod item;
#[path = "common/place.rs"]
mod place;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use faults::{Faults, How};
use invented_keychain::{InventedKeychain, Mood};
use item::Item;
use place::{Cache, names, unprotected};
use sealed_cache::{CallerKey, DataKey, ErrorKind, KeyFile, Passphrase, Result};

const WAYS: [How; 4] = [How::NotDone, How::HalfDone, How::Done, How::FromThenOn];

fn open(folder: &Path, item: &Item, keychain: &InventedKeychain) -> Cache {
    unprotected(folder).protector(item.clone()).fallback(keychain.clone()).open().unwrap()
}

fn numbers(cache: &Cache) -> Vec<u32> {
    cache.read(|numbers| numbers.to_vec()).unwrap()
}

fn add(cache: &Cache, number: u32) -> Result<()> {
    cache.update(|numbers| numbers.push(number))
}

/// A cache under a key of the item, whose n-th operation, or that of the disk, is going to fail.
struct Stage {
    folder: tempfile::TempDir,
    faults: Arc<Faults>,
    item: Item,
    keychain: InventedKeychain,
    cache: Cache,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let faults = Arc::new(Faults::default());
        let (item, keychain) = (Item::new(None, &faults), InventedKeychain::new("invented"));
        let builder = unprotected(folder.path()).protector(item.clone()).fallback(keychain.clone());
        let cache: Cache = builder.file_observer(Arc::clone(&faults) as _).open().unwrap();
        add(&cache, 1).unwrap();
        Self { folder, faults, item, keychain, cache }
    }

    fn opens_with(&self, expected: &[u32], after: &str) {
        let fresh = open(self.folder.path(), &self.item, &self.keychain);
        let found = fresh.read(|numbers| numbers.to_vec());
        assert_eq!(found.unwrap_or_else(|error| panic!("{after}: {error}")), expected, "{after}");
    }
}

/// Whatever fails, and however often: this handle and any other open the cache, and change its key the next time.
fn survives_every_fault(rekey: fn(&Stage) -> Result<()>, left: (Option<usize>, usize)) {
    for how in WAYS {
        let fails = |number| {
            let stage = Stage::new();
            let old = stage.item.text().unwrap();
            stage.faults.arm(number, how);
            let outcome = rekey(&stage);
            let steps = stage.faults.disarm();
            let after = format!("{how:?} of {steps:?}");
            if let Err(error) = &outcome {
                assert!(steps.is_some() && error.kind() == ErrorKind::Io, "{after}: {error}");
            }
            stage.opens_with(&[1], &after);
            // The handle itself knows where it is.
            stage.cache.protection().unwrap_or_else(|error| panic!("{after}: {error}"));
            add(&stage.cache, 2).unwrap_or_else(|error| panic!("{after}: {error}"));
            stage.opens_with(&[1, 2], &after);
            rekey(&stage).unwrap_or_else(|error| panic!("{after}: the second attempt: {error}"));
            stage.opens_with(&[1, 2], &after);
            assert_eq!(names(stage.folder.path()), ["tokens.lock", "tokens.sealed"], "{after}");
            let keys = stage.item.text().map(|text| text.split(',').count());
            assert_eq!((keys, stage.keychain.kept()), left, "{after}");
            assert_ne!(stage.item.text(), Some(old), "{after}: it is another key");
            steps.is_some()
        };
        let operations = (1..).take_while(|number| fails(*number)).count();
        assert!(operations >= 10, "only {operations} operations were seen");
    }
}

#[test]
fn p1_rekey_survives_a_fault_at_any_step() {
    survives_every_fault(|stage| stage.cache.rekey(), (Some(1), 0));
}

/// The faults are those of the old protector and of the disk.
#[test]
fn p1_rekey_to_survives_a_fault_at_any_step() {
    survives_every_fault(|stage| stage.cache.rekey_to(stage.keychain.clone()), (None, 1));
}

/// A new protector that fails at its n-th call, in each of the calls that it gets.
#[test]
fn p1_rekey_to_a_protector_that_fails_at_any_call() {
    for how in WAYS {
        let fails = |number| {
            let folder = tempfile::tempdir().unwrap();
            let (old, faults) = (InventedKeychain::new("invented"), Arc::new(Faults::default()));
            let new = Item::new(None, &faults);
            let cache: Cache = unprotected(folder.path()).protector(old.clone()).open().unwrap();
            add(&cache, 1).unwrap();
            faults.arm(number, how);
            let outcome = cache.rekey_to(new.clone());
            let steps = faults.disarm();
            let after = format!("{how:?} of {steps:?}");
            assert_eq!(outcome.is_err(), steps.is_some(), "{after}");
            assert_eq!(numbers(&open(folder.path(), &new, &old)), [1], "{after}");
            cache.protection().unwrap_or_else(|error| panic!("{after}: {error}"));
            add(&cache, 2).unwrap_or_else(|error| panic!("{after}: {error}"));
            cache.rekey_to(new.clone()).unwrap_or_else(|error| panic!("{after}: {error}"));
            assert_eq!(numbers(&open(folder.path(), &new, &old)), [1, 2], "{after}");
            assert_eq!(old.kept(), 0, "{after}");
            steps.is_some()
        };
        assert!((1..).take_while(|number| fails(*number)).count() >= 3);
    }
}

#[test]
fn p1_rekey_with_a_keychain_that_keeps_nothing_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache: Cache = unprotected(folder.path()).protector(keychain.clone()).open().unwrap();
    add(&cache, 1).unwrap();
    let before = (fs::read(cache.location().unwrap()).unwrap(), keychain.state().items.clone());
    keychain.set(Mood::KeepsNothing);
    assert_eq!(cache.rekey().unwrap_err().kind(), ErrorKind::KeychainUnavailable);
    let other = InventedKeychain::new("other");
    other.set(Mood::KeepsNothing);
    assert_eq!(cache.rekey_to(other).unwrap_err().kind(), ErrorKind::KeychainUnavailable);
    assert_eq!((fs::read(cache.location().unwrap()).unwrap(), keychain.state().items.clone()), before);
    keychain.set(Mood::Works);
    cache.rekey().unwrap();
    assert_eq!(numbers(&cache), [1]);
}

#[test]
fn p4_a_handle_with_the_old_key_asks_for_the_new_one_once() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let open = || -> Cache { unprotected(folder.path()).protector(keychain.clone()).open().unwrap() };
    let (first, second) = (open(), open());
    add(&first, 1).unwrap();
    assert_eq!(numbers(&second), [1]);
    let old = keychain.state().items.clone();
    first.rekey().unwrap();
    assert_ne!(keychain.state().items, old);
    keychain.was_asked("read");
    for number in [2, 3] {
        add(&second, number).unwrap();
        assert_eq!(numbers(&second), (1..=number).collect::<Vec<_>>());
    }
    assert_eq!(keychain.was_asked("read"), 1);
    add(&first, 4).unwrap();
    assert_eq!(numbers(&first), [1, 2, 3, 4]);
    assert_eq!(keychain.was_asked("read"), 0, "who made the key knows it");
}

#[test]
fn p10_rekey_to_another_protector_takes_the_old_key_away() {
    let folder = tempfile::tempdir().unwrap();
    let keys = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let open = || -> Cache {
        let builder = unprotected(folder.path()).protector(keychain.clone());
        builder.fallback(KeyFile::in_folder(keys.path())).open().unwrap()
    };
    let cache = open();
    add(&cache, 1).unwrap();
    cache.rekey_to(KeyFile::in_folder(keys.path())).unwrap();
    assert_eq!((keychain.kept(), names(keys.path()).len()), (0, 1));
    assert_eq!(cache.protection().unwrap().protector, "key-file");
    // A handle that offers both follows, there and back.
    let other = open();
    assert_eq!(numbers(&other), [1]);
    cache.rekey_to(keychain.clone()).unwrap();
    assert_eq!((keychain.kept(), names(keys.path()).len()), (1, 0));
    assert_eq!(numbers(&other), [1]);
    add(&other, 2).unwrap();
    assert_eq!((numbers(&cache), other.protection().unwrap().protector), (vec![1, 2], "invented".into()));
}

/// The old key cannot be removed: the cache is under the new one all the same.
#[test]
fn p4_rekey_to_does_not_depend_on_the_old_keychain_letting_go() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache: Cache = unprotected(folder.path()).protector(keychain.clone()).open().unwrap();
    add(&cache, 1).unwrap();
    keychain.set(Mood::Fails(ErrorKind::KeychainLocked));
    let new = InventedKeychain::new("other");
    cache.rekey_to(new.clone()).unwrap();
    let opened: Cache = unprotected(folder.path()).protector(new).open().unwrap();
    assert_eq!(numbers(&opened), [1]);
}

#[test]
fn rekey_of_keys_that_the_program_brings_is_by_rekey_to_only() {
    let folder = tempfile::tempdir().unwrap();
    let key = |byte| CallerKey::new(DataKey::from_bytes(&[byte; 32]));
    let open = |byte| -> Cache { unprotected(folder.path()).protector(key(byte)).open().unwrap() };
    let cache = open(1);
    add(&cache, 1).unwrap();
    assert_eq!(cache.rekey().unwrap_err().kind(), ErrorKind::Configuration);
    assert_eq!(numbers(&cache), [1]);
    cache.rekey_to(key(2)).unwrap();
    add(&cache, 2).unwrap();
    assert_eq!(open(1).read(|_| ()).unwrap_err().kind(), ErrorKind::WrongKey);
    assert_eq!(numbers(&open(2)), [1, 2]);
}

#[test]
fn rekey_to_another_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let open = |passphrase: &str| -> Cache {
        unprotected(folder.path()).protector(Passphrase::new(passphrase)).open().unwrap()
    };
    let cache = open("old");
    add(&cache, 1).unwrap();
    cache.rekey_to(Passphrase::new("new")).unwrap();
    add(&cache, 2).unwrap();
    assert_eq!(open("old").read(|_| ()).unwrap_err().kind(), ErrorKind::WrongKey);
    assert_eq!(numbers(&open("new")), [1, 2]);
}

#[test]
fn rekey_of_nothing_is_not_found_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache: Cache = unprotected(folder.path()).protector(keychain.clone()).open().unwrap();
    assert_eq!(cache.rekey().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(cache.rekey_to(InventedKeychain::new("other")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!((names(folder.path()), keychain.kept()), (vec!["tokens.lock".to_owned()], 0));
}

/// Readers take no lock: whichever moment they meet, one of the keys opens what they have read.
#[test]
fn p4_readers_never_fail_while_the_key_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (keychain, other) = (InventedKeychain::new("invented"), InventedKeychain::new("other"));
    let open = || -> Cache {
        unprotected(folder.path()).protector(keychain.clone()).fallback(other.clone()).open().unwrap()
    };
    let cache = open();
    add(&cache, 1).unwrap();
    let done = AtomicBool::new(false);
    let read_on = || {
        let warm = open();
        let mut reads = 0;
        while !done.load(Ordering::Relaxed) || reads == 0 {
            for reader in [&warm, &open()] {
                assert_eq!(reader.read(|numbers| numbers.to_vec()).unwrap(), [1]);
                reads += 1;
            }
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(read_on), scope.spawn(read_on)];
        for _ in 0..20 {
            cache.rekey().unwrap();
            cache.rekey_to(other.clone()).unwrap();
            cache.rekey().unwrap();
            cache.rekey_to(keychain.clone()).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}
