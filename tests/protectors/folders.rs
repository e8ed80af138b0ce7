//! Two folders, as of two profiles, with caches of the same name: each has a key of its own.

use std::{fs, path::Path};

use sealed_cache::{ErrorKind, KeyFile, protect::Protector};

use super::{add, invented_keychain::InventedKeychain, kind, names, numbers, open};

fn copy(from: &Path, to: &Path) {
    fs::copy(from.join("tokens.sealed"), to.join("tokens.sealed")).unwrap();
}

fn two_folders_have_two_keys(protector: impl Protector + Clone, kept: impl Fn() -> usize) {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [first, second] = [&one, &two].map(|folder| open(folder.path(), protector.clone()));
    add(&first, 1).unwrap();
    add(&second, 2).unwrap();
    assert_eq!(kept(), 2);
    first.rekey().unwrap();
    first.verify().unwrap();
    first.clear().unwrap();
    assert_eq!(kept(), 1);
    assert_eq!(numbers(&open(two.path(), protector.clone())), [2]);
    second.clear().unwrap();
    assert_eq!(kept(), 0);
}

#[test]
fn two_folders_have_two_items_of_a_keychain() {
    let keychain = InventedKeychain::new("invented");
    two_folders_have_two_keys(keychain.clone(), || keychain.kept());
}

#[test]
fn two_folders_have_two_key_files() {
    let keys = tempfile::tempdir().unwrap();
    two_folders_have_two_keys(KeyFile::in_folder(keys.path()), || names(keys.path()).len());
}

/// The folder is the same one by whatever path it is named.
#[cfg(unix)]
#[test]
fn a_folder_has_one_key_by_every_path() {
    let place = tempfile::tempdir().unwrap();
    let (folder, link) = (place.path().join("folder"), place.path().join("link"));
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let keychain = InventedKeychain::new("invented");
    add(&open(&folder, keychain.clone()), 1).unwrap();
    let by_link = open(&link, keychain.clone());
    add(&by_link, 2).unwrap();
    assert_eq!((numbers(&by_link), keychain.kept()), (vec![1, 2], 1));
    by_link.clear().unwrap();
    assert_eq!(keychain.kept(), 0);
}

#[test]
fn a_folder_that_was_moved_opens_and_gets_a_key_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let (old, new) = (place.path().join("old"), place.path().join("new"));
    let keychain = InventedKeychain::new("invented");
    add(&open(&old, keychain.clone()), 1).unwrap();
    fs::rename(&old, &new).unwrap();
    let moved = open(&new, keychain.clone());
    assert_eq!(numbers(&moved), [1]);
    add(&moved, 2).unwrap();
    moved.rekey().unwrap();
    assert_eq!(keychain.kept(), 2);
    // From then on, what happens in the old place does it no harm.
    let again = open(&old, keychain.clone());
    add(&again, 3).unwrap();
    again.clear().unwrap();
    assert_eq!(numbers(&open(&new, keychain.clone())), [1, 2]);
}

/// A profile that was copied has the key of the original: whatever is done to the copy, the original opens.
#[test]
fn p4_a_copy_does_not_take_the_key_of_the_original_away() {
    let keychain = InventedKeychain::new("invented");
    let original = tempfile::tempdir().unwrap();
    add(&open(original.path(), keychain.clone()), 1).unwrap();
    let opens = || assert_eq!(numbers(&open(original.path(), keychain.clone())), [1]);

    let cleared = tempfile::tempdir().unwrap();
    copy(original.path(), cleared.path());
    let cache = open(cleared.path(), keychain.clone());
    assert_eq!(numbers(&cache), [1]);
    cache.clear().unwrap();
    opens();

    let rekeyed = tempfile::tempdir().unwrap();
    copy(original.path(), rekeyed.path());
    let cache = open(rekeyed.path(), keychain.clone());
    cache.rekey().unwrap();
    cache.rekey().unwrap();
    opens();
    let other = InventedKeychain::new("other");
    cache.rekey_to(other.clone()).unwrap();
    opens();
    assert_eq!((keychain.kept(), other.kept()), (1, 1), "the copy's own key is gone");

    // The original's clear takes the key away, of which the copies without one of their own are told.
    let left = tempfile::tempdir().unwrap();
    copy(original.path(), left.path());
    open(original.path(), keychain.clone()).clear().unwrap();
    assert_eq!(kind(open(left.path(), keychain.clone()).read(|_| ())), ErrorKind::KeyMissing);
    assert_eq!(numbers(&open(rekeyed.path(), other)), [1]);
}
