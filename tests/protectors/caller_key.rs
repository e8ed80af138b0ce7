//! A key that the program brings.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sealed_cache::{CallerKey, DataKey, Error, ErrorKind};

use super::{add, kind, numbers, open, refused};

#[test]
fn the_closure_is_called_once_for_each_handle() {
    let folder = tempfile::tempdir().unwrap();
    let called = Arc::new(AtomicUsize::new(0));
    let key = || {
        let called = Arc::clone(&called);
        CallerKey::from_fn(move |request| {
            assert_eq!((request.id.name(), request.id.application()), ("tokens", "com.example.proofs"));
            called.fetch_add(1, Ordering::Relaxed);
            Ok(DataKey::from_bytes(&[7; 32]))
        })
    };
    for handles in 1..=3 {
        let cache = open(folder.path(), key());
        let clone = cache.clone();
        for cache in [&cache, &clone] {
            add(cache, 1).unwrap();
            drop(cache.lock().unwrap());
            numbers(cache);
            cache.protection().unwrap();
            assert!(cache.diagnose().protection.is_ok());
        }
        assert_eq!(called.load(Ordering::Relaxed), handles);
    }
    assert_eq!(numbers(&open(folder.path(), key())).len(), 6);
}

#[test]
fn the_error_of_the_closure_is_the_error() {
    for expected in [ErrorKind::KeyMissing, ErrorKind::KeychainUnavailable, ErrorKind::AccessDenied] {
        let folder = tempfile::tempdir().unwrap();
        let vault = || {
            CallerKey::from_fn(move |_| {
                Err(Error::new(expected, "the vault has moved").with_remedy("ask the janitor"))
            })
        };
        let error = refused(folder.path(), vault());
        assert_eq!((error.kind(), error.what()), (expected, "the vault has moved"));
        assert_eq!(error.remedy(), "ask the janitor");
        let sealed = open(folder.path(), CallerKey::new(DataKey::from_bytes(&[7; 32])));
        add(&sealed, 1).unwrap();
        for error in [
            open(folder.path(), vault()).read(|_| ()).unwrap_err(),
            add(&open(folder.path(), vault()), 2).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.what()), (expected, "the vault has moved"));
            assert_eq!(error.path(), sealed.location());
        }
        assert_eq!(numbers(&sealed), [1]);
    }
}

#[test]
fn a_closure_that_panics_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path(), CallerKey::from_fn(|_| panic!("on purpose")));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.what().contains("`caller-key` panicked"), "{error}");
}

#[test]
fn another_key_is_a_wrong_key() {
    let folder = tempfile::tempdir().unwrap();
    add(&open(folder.path(), CallerKey::new(DataKey::from_bytes(&[7; 32]))), 1).unwrap();
    let other = open(folder.path(), CallerKey::new(DataKey::from_bytes(&[8; 32])));
    assert_eq!(kind(other.read(|_| ())), ErrorKind::WrongKey);
    assert_eq!(kind(add(&other, 2)), ErrorKind::WrongKey);
    assert_eq!(kind(other.rekey_to(CallerKey::new(DataKey::from_bytes(&[9; 32])))), ErrorKind::WrongKey);
}
