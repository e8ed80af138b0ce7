//! A passphrase. Argon2id takes its time: few derivations, and one place for them all.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use sealed_cache::{Error, ErrorKind, OnUnreadable, Passphrase};

use super::{add, kind, names, numbers, open, place::Cache, protector_data, refused, unprotected};

#[test]
fn only_the_right_passphrase_opens_and_the_header_has_the_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let cache = open(
        folder.path(),
        Passphrase::from_fn(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok("correct horse".to_owned().into())
        }),
    );
    for number in [1, 2] {
        add(&cache, number).unwrap();
        assert_eq!(cache.lock().unwrap().len(), number as usize);
    }
    cache.protection().unwrap();
    assert!(cache.diagnose().protection.is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 1, "it is asked once for each handle");

    let file = fs::read(cache.location().unwrap()).unwrap();
    let data = protector_data(&file);
    assert_eq!(data.len(), 28);
    assert_eq!(data[16..], [0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4], "64 MiB, 3 iterations, 4 lanes");

    let error = open(folder.path(), Passphrase::new("Correct horse")).read(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongKey);
    assert!(error.remedy().contains("passphrase"), "{error}");
    assert_eq!(numbers(&open(folder.path(), Passphrase::new("correct horse"))), [1, 2]);
    assert_eq!(fs::read(cache.location().unwrap()).unwrap(), file);
}

#[test]
fn an_empty_passphrase_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refused(folder.path(), Passphrase::new("")).kind(), ErrorKind::Configuration);
}

#[test]
fn a_closure_that_fails_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let ask =
        || Err(Error::new(ErrorKind::AccessDenied, "nobody is at the keyboard").with_remedy("sit down"));
    let error = refused(folder.path(), Passphrase::from_fn(ask));
    assert_eq!((error.kind(), error.what()), (ErrorKind::AccessDenied, "nobody is at the keyboard"));
}

/// A header that asks for more than a machine has is refused before anybody is asked, and before a derivation begins.
#[test]
fn p4_forged_parameters_are_damage_and_cost_nothing() {
    let over = ["memory_over_limit", "iterations_over_limit", "lanes_over_limit"];
    let under = ["memory_zero", "iterations_zero", "lanes_zero", "data_cut", "data_too_long"];
    for what in over.into_iter().chain(under) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.sealed");
        fs::copy(fixture(&format!("passphrase_{what}_forged")), &file).unwrap();
        let before = fs::read(&file).unwrap();
        let ask = || panic!("somebody is asked for a passphrase in vain");
        let builder = Cache::builder("com.contoso.todo").name("tokens").folder(folder.path());
        let cache = builder.protector(Passphrase::from_fn(ask)).open().unwrap();
        assert_eq!(kind(cache.read(|_| ())), ErrorKind::Damaged, "{what}");
        assert_eq!(kind(add(&cache, 1)), ErrorKind::Damaged, "{what}");
        assert_eq!(fs::read(&file).unwrap(), before, "{what}");
    }
}

/// A frozen file, for which nothing has to be derived.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v1/{name}.sealed"))
}

/// Somebody who mistypes gets an empty cache, as asked for, and the old one is kept.
#[test]
fn a_wrong_passphrase_with_start_empty_sets_a_good_cache_aside() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = || -> Cache {
        let builder = unprotected(folder.path()).protector(Passphrase::new("wrong"));
        builder.on_unreadable(OnUnreadable::StartEmpty).open().unwrap()
    };
    // Of another application, which is no matter of the key: nothing is set aside.
    fs::copy(fixture("good_passphrase"), folder.path().join("tokens.sealed")).unwrap();
    assert_eq!(kind(wrong().read(|_| ())), ErrorKind::OtherOwner);
    fs::remove_file(folder.path().join("tokens.sealed")).unwrap();
    add(&open(folder.path(), Passphrase::new("right")), 1).unwrap();
    let cache = wrong();
    assert!(cache.read(|numbers| numbers.is_empty()).unwrap());
    let kept = cache.recoveries()[0].kept.clone();
    assert_eq!(names(folder.path()).len(), 2);
    fs::rename(kept, folder.path().join("tokens.sealed")).unwrap();
    assert_eq!(numbers(&open(folder.path(), Passphrase::new("right"))), [1]);
}
