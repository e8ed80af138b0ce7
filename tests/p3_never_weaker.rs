//! P3, never silently weaker: what keeps the key is chosen once, recorded in the file and reported. Only a keychain that
//! does not exist leads to the next choice, and a cache is never opened or replaced by another one.

#[path = "common/invented_keychain.rs"]
mod invented_keychain;
#[path = "common/kinds.rs"]
mod kinds;
#[path = "common/place.rs"]
mod place;

use std::{fs, path::Path};

use invented_keychain::{InventedKeychain, Mood};
use kinds::EVERY_KIND;
use place::{Cache, Numbers, names, unprotected};
use sealed_cache::{
    Builder, CallerKey, DataKey, Error, ErrorKind, KernelKeyring, KeyFile, OnUnreadable, Passphrase, Result,
    SystemdCredential, protect::Protector,
};
use tempfile::TempDir;

type Offer = Box<dyn Fn(Builder<Numbers>) -> Builder<Numbers>>;

/// One of each kind, none of which needs anything of this machine.
struct Protectors {
    folder: TempDir,
    keychain: InventedKeychain,
}

impl Protectors {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("credential"), [7; 32]).unwrap();
        Self { folder, keychain: InventedKeychain::new("invented") }
    }

    fn each(&self) -> Vec<Offer> {
        let keys = self.folder.path().join("keys");
        let credential = SystemdCredential::new("credential").in_folder(self.folder.path());
        vec![
            offer(self.keychain.clone()),
            offer(KeyFile::in_folder(keys)),
            offer(CallerKey::new(DataKey::from_bytes(&[7; 32]))),
            offer(credential),
            offer(Passphrase::new("correct horse")),
            offer(KernelKeyring::new()),
        ]
    }
}

fn offer(protector: impl Protector + Clone) -> Offer {
    Box::new(move |builder| builder.protector(protector.clone()))
}

/// The protector that the header names: `docs/format.md`, "Header".
fn in_header(folder: &Path) -> String {
    let bytes = fs::read(folder.join("tokens.sealed")).unwrap();
    let mut names = &bytes[108..];
    let mut next = || {
        let (name, rest) = names[1..].split_at(names[0].into());
        names = rest;
        String::from_utf8(name.to_vec()).unwrap()
    };
    assert_eq!((next().as_str(), next().as_str()), ("com.example.proofs", "tokens"));
    next()
}

fn add(cache: &Cache, number: u32) -> Result<()> {
    cache.update(|numbers| numbers.push(number))
}

/// Everything that could open or replace the cache, and what came of it.
fn every_attempt(cache: &Cache) -> Vec<Error> {
    let other = CallerKey::new(DataKey::from_bytes(&[8; 32]));
    vec![
        cache.read(|_| ()).unwrap_err(),
        add(cache, 2).unwrap_err(),
        cache.lock().unwrap_err(),
        cache.try_lock().unwrap_err(),
        cache.rekey().unwrap_err(),
        cache.rekey_to(other).unwrap_err(),
        cache.protection().unwrap_err(),
        cache.plugin().before_access(&mut Numbers::default()).unwrap_err(),
    ]
}

#[test]
fn p3_a_cache_of_one_protector_is_neither_opened_nor_replaced_by_another() {
    let protectors = Protectors::new();
    let each = protectors.each();
    // All that can seal here and now; the kernel keyring is only offered.
    for (number, sealer) in each[..5].iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = sealer(unprotected(folder.path())).open().unwrap();
        add(&sealed, 1).unwrap();
        let before = fs::read(folder.path().join("tokens.sealed")).unwrap();
        protectors.keychain.state().calls.clear();
        for (_, other) in each.iter().enumerate().filter(|(other, _)| *other != number) {
            for policy in [OnUnreadable::Fail, OnUnreadable::StartEmpty] {
                let cache = other(unprotected(folder.path())).on_unreadable(policy).open().unwrap();
                for error in every_attempt(&cache) {
                    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
                    assert!(error.what().contains(&format!("`{}`", in_header(folder.path()))), "{error}");
                    assert!(error.path().is_some() && !error.remedy().is_empty(), "{error}");
                }
                assert!(cache.diagnose().protection.is_err());
                assert!(cache.recoveries().is_empty());
            }
        }
        assert_eq!(fs::read(folder.path().join("tokens.sealed")).unwrap(), before);
        assert_eq!(names(folder.path()), ["tokens.lock", "tokens.sealed"]);
        for what in ["read", "write", "remove"] {
            assert_eq!(protectors.keychain.was_asked(what), 0);
        }
        assert_eq!(sealed.read(|numbers| numbers.to_vec()).unwrap(), [1]);
    }
}

#[test]
fn p3_only_a_keychain_that_does_not_exist_leads_to_the_fallback() {
    for kind in EVERY_KIND {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (InventedKeychain::new("first"), InventedKeychain::new("second"));
        let cache = unprotected(folder.path()).protector(first.clone()).fallback(second.clone()).open();
        let cache: Cache = cache.unwrap();
        first.set(Mood::Fails(kind));
        let outcome = [
            cache.verify().map(|()| "second".to_owned()),
            cache.protection().map(|protection| protection.protector),
            add(&cache, 1).map(|()| in_header(folder.path())),
        ];
        for outcome in outcome {
            match outcome {
                Ok(chosen) => {
                    assert_eq!((kind, chosen.as_str()), (ErrorKind::KeychainUnavailable, "second"));
                }
                Err(error) => assert_eq!(error.kind(), kind, "{error}"),
            }
        }
        if kind != ErrorKind::KeychainUnavailable {
            assert!(!folder.path().join("tokens.sealed").exists(), "{kind:?}");
            let asked = second.state().calls.iter().any(|call| !call.starts_with("remove verify-"));
            assert!(!asked && second.kept() == 0, "{kind:?}: {second:?}");
        }
    }
}

#[test]
fn p3_a_keychain_that_fails_after_it_was_chosen_is_no_reason_to_fall_back() {
    for mood in [Mood::KeepsNothing, Mood::Fails(ErrorKind::KeychainUnavailable)] {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (InventedKeychain::new("first"), InventedKeychain::new("second"));
        let cache = unprotected(folder.path()).protector(first.clone()).fallback(second.clone()).open();
        let cache: Cache = cache.unwrap();
        let mut guard = cache.lock().unwrap();
        guard.push(1);
        first.set(mood);
        // It exists no more where it existed a moment ago: asked anew, the second one would be right.
        let saved = guard.save();
        if mood == Mood::KeepsNothing {
            assert_eq!(saved.unwrap_err().kind(), ErrorKind::KeychainUnavailable);
            assert_eq!(second.was_asked(""), 0);
            assert_eq!(
                names(folder.path()),
                ["tokens.lock"],
                "nothing was sealed with a key that is not kept"
            );
        } else {
            saved.unwrap();
            assert_eq!(in_header(folder.path()), "second");
        }
    }
}

#[test]
fn p3_the_choice_is_made_once_and_reported_as_the_header_says() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (InventedKeychain::new("first"), InventedKeychain::new("second"));
    let open = || -> Cache {
        let builder = unprotected(folder.path()).protector(first.clone()).fallback(second.clone());
        builder.open().unwrap()
    };
    let reported = |cache: &Cache| {
        let protection = cache.protection().unwrap();
        let chosen = cache.diagnose().candidates.into_iter().find(|candidate| candidate.chosen).unwrap();
        assert_eq!(chosen.protector, protection.protector);
        assert_eq!(protection.to_string(), format!("AES-256-GCM file, key in {}", protection.protector));
        assert!(protection.is_encrypted);
        protection.protector
    };
    first.set(Mood::Fails(ErrorKind::KeychainUnavailable));
    let old = open();
    assert_eq!((reported(&old).as_str(), old.protection().unwrap().exists), ("second", false));
    add(&old, 1).unwrap();
    first.set(Mood::Works);
    for cache in [old, open()] {
        add(&cache, 2).unwrap();
        cache.rekey().unwrap();
        assert_eq!((reported(&cache).as_str(), in_header(folder.path()).as_str()), ("second", "second"));
    }
    assert_eq!(first.kept(), 0);
    // It stays the choice also when it goes.
    second.set(Mood::Fails(ErrorKind::KeychainUnavailable));
    assert_eq!(open().read(|_| ()).unwrap_err().kind(), ErrorKind::KeychainUnavailable);
    assert_eq!(add(&open(), 3).unwrap_err().kind(), ErrorKind::KeychainUnavailable);
    assert_eq!(reported(&open()), "second");
    second.set(Mood::Works);
    // Something else is chosen where the program says so, and where the cache is a new one.
    open().rekey_to(first.clone()).unwrap();
    assert_eq!((reported(&open()).as_str(), in_header(folder.path()).as_str()), ("first", "first"));
    open().clear().unwrap();
    add(&open(), 4).unwrap();
    assert_eq!((reported(&open()).as_str(), in_header(folder.path()).as_str()), ("first", "first"));
    assert_eq!((first.kept(), second.kept()), (1, 0));
}

#[test]
fn p3_nothing_to_keep_the_key_is_an_error_and_no_plain_file() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (InventedKeychain::new("first"), InventedKeychain::new("second"));
    first.set(Mood::Fails(ErrorKind::KeychainUnavailable));
    second.set(Mood::Fails(ErrorKind::KeychainUnavailable));
    let cache = unprotected(folder.path()).protector(first).fallback(second).open();
    let cache: Cache = cache.unwrap();
    for error in [add(&cache, 1).unwrap_err(), cache.verify().unwrap_err(), cache.protection().unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::KeychainUnavailable);
        assert!(error.what().contains("first is in a mood; second is in a mood"), "{error}");
    }
    assert_eq!(names(folder.path()), [""; 0]);
    assert!(cache.read(|numbers| numbers.is_empty()).unwrap());
}

#[test]
fn p3_two_protectors_that_the_header_could_not_tell_apart_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let builder = unprotected::<Numbers>(folder.path()).protector(InventedKeychain::new("same"));
    let error = builder.fallback(InventedKeychain::new("same")).open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

/// Whoever only looks is asked for nothing, and nothing is chosen.
#[test]
fn p3_opening_and_reading_what_is_not_there_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("first");
    let cache: Cache = unprotected(folder.path()).protector(keychain.clone()).open().unwrap();
    assert!(cache.read(|numbers| numbers.is_empty()).unwrap());
    assert_eq!(keychain.was_asked(""), 0);
    assert_eq!(names(folder.path()), [""; 0]);
}
