//! A key file: readable by this user only, and never where the cache is.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use sealed_cache::{ErrorKind, KeyFile, OnUnreadable};

use super::{add, kind, names, numbers, open, place::Cache, refused, unprotected};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The only file in the folder of the key.
fn key(keys: &Path) -> PathBuf {
    let names = names(keys);
    assert_eq!(names.len(), 1, "{names:?}");
    keys.join(&names[0])
}

#[test]
fn the_folder_and_the_file_are_made_for_this_user_only() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = place.path().join("state/keys");
    let cache = open(folder.path(), KeyFile::in_folder(&keys));
    assert!(cache.read(|numbers| numbers.is_empty()).unwrap());
    cache.protection().unwrap();
    assert!(!keys.exists(), "nothing is made before there is a key");
    add(&cache, 1).unwrap();
    assert_eq!((mode(&keys), mode(&place.path().join("state")), mode(&key(&keys))), (0o700, 0o700, 0o600));
    assert!(fs::read_to_string(key(&keys)).unwrap().starts_with("sealed-cache-key-1:"));
    cache.rekey().unwrap();
    assert_eq!(mode(&key(&keys)), 0o600);
    assert_eq!(numbers(&open(folder.path(), KeyFile::in_folder(&keys))), [1]);
    cache.verify().unwrap();
    assert_eq!(names(&keys).len(), 1, "no key of `verify` is left");
    cache.clear().unwrap();
    assert_eq!(names(&keys), [""; 0]);
}

#[test]
fn a_key_that_others_may_read_is_refused_until_it_is_closed() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let fresh = || open(folder.path(), KeyFile::in_folder(keys.path()));
    add(&fresh(), 1).unwrap();
    let key = key(keys.path());
    for open in [0o640, 0o604, 0o620, 0o660, 0o644] {
        set_mode(&key, open);
        let error = fresh().read(|_| ()).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::AccessDenied, Some(&*key)), "{error}");
        assert!(error.remedy().contains("chmod go-rwx"), "{error}");
        assert_eq!(kind(add(&fresh(), 2)), ErrorKind::AccessDenied);
    }
    set_mode(&key, 0o600);
    assert_eq!(numbers(&fresh()), [1]);
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for mode in [0o770, 0o702, 0o777, 0o1777] {
        set_mode(keys.path(), mode);
        let error = refused(folder.path(), KeyFile::in_folder(keys.path()));
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
        assert!(error.remedy().contains("chmod go-w"), "{error}");
        assert_eq!(names(keys.path()), [""; 0]);
    }
    // It is there, and it is the one that was named: nothing else is taken in its place.
    let (other, keychain) =
        (tempfile::tempdir().unwrap(), super::invented_keychain::InventedKeychain::new("a"));
    let builder = unprotected(other.path()).protector(KeyFile::in_folder(keys.path()));
    let cache: Cache = builder.fallback(keychain.clone()).open().unwrap();
    assert_eq!(kind(add(&cache, 1)), ErrorKind::AccessDenied);
    assert_eq!(keychain.kept(), 0);
}

#[test]
fn the_folder_of_the_cache_is_refused_by_whatever_path() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = place.path().join("link");
    symlink(folder.path(), &link).unwrap();
    let around = folder.path().join("..").join(folder.path().file_name().unwrap());
    for keys in [folder.path(), &link, &around] {
        let error = refused(folder.path(), KeyFile::in_folder(keys));
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    }
    assert_eq!(names(folder.path()), ["tokens.lock"]);
}

#[test]
fn a_link_in_the_place_of_the_key_is_refused() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    add(&open(folder.path(), KeyFile::in_folder(keys.path())), 1).unwrap();
    let key = key(keys.path());
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&key, &elsewhere).unwrap();
    symlink(&elsewhere, &key).unwrap();
    let error = open(folder.path(), KeyFile::in_folder(keys.path())).read(|_| ()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Configuration, Some(&*key)), "{error}");
}

/// A disk with the key that is not mounted: the key is missing, and nothing is put in its place.
#[test]
fn p4_a_folder_that_is_gone_is_a_missing_key_and_is_not_made_again() {
    let (folder, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = place.path().join("keys");
    let fresh = || open(folder.path(), KeyFile::in_folder(&keys));
    add(&fresh(), 1).unwrap();
    fs::rename(&keys, place.path().join("not mounted")).unwrap();
    assert_eq!(kind(fresh().read(|_| ())), ErrorKind::KeyMissing);
    assert_eq!(kind(add(&fresh(), 2)), ErrorKind::KeyMissing);
    assert!(!keys.exists());
    fs::rename(place.path().join("not mounted"), &keys).unwrap();
    assert_eq!(numbers(&fresh()), [1]);
}

#[test]
fn p4_a_key_that_is_no_key_is_never_overwritten() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    add(&open(folder.path(), KeyFile::in_folder(keys.path())), 1).unwrap();
    let key = key(keys.path());
    for text in ["", "something else", "sealed-cache-key-2:AAAA", "sealed-cache-key-1:AAAA"] {
        fs::write(&key, text).unwrap();
        let builder = unprotected(folder.path()).protector(KeyFile::in_folder(keys.path()));
        let cache: Cache = builder.on_unreadable(OnUnreadable::Fail).open().unwrap();
        assert_eq!(kind(cache.read(|_| ())), ErrorKind::WrongKey, "{text}");
        assert_eq!(kind(add(&cache, 2)), ErrorKind::WrongKey, "{text}");
        assert_eq!(kind(cache.rekey()), ErrorKind::WrongKey, "{text}");
        // A new cache of this name does not take its place either: a later version may have written it.
        let start = unprotected(folder.path()).protector(KeyFile::in_folder(keys.path()));
        let start: Cache = start.on_unreadable(OnUnreadable::StartEmpty).open().unwrap();
        assert!(start.read(|numbers| numbers.is_empty()).unwrap());
        assert_eq!(kind(add(&start, 3)), ErrorKind::WrongKey, "{text}");
        assert_eq!(fs::read_to_string(&key).unwrap(), text);
        fs::rename(&start.recoveries()[0].kept, folder.path().join("tokens.sealed")).unwrap();
    }
}
