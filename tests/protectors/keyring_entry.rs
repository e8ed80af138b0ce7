//! An entry of a keyring store: of keyring-core's own mock, and of stores that this test makes up.

use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use keyring_core::{
    Credential, CredentialPersistence, CredentialStore, Entry, Error as KeyringError,
    api::{CredentialApi, CredentialStoreApi},
    mock,
};
use sealed_cache::{ErrorKind, KeyLifetime, KeyringEntry};

use super::{
    add, invented_keychain::InventedKeychain, kind, numbers, open, place::Cache, refused, unprotected,
};

type Secrets = Arc<Mutex<BTreeMap<(String, String), Vec<u8>>>>;

/// Keeps what it is given, or only says so.
#[derive(Clone)]
struct Store {
    secrets: Secrets,
    lies: bool,
    lasts: fn() -> CredentialPersistence,
}

struct InStore {
    store: Store,
    key: (String, String),
}

impl Store {
    fn new() -> Self {
        Self { secrets: Secrets::default(), lies: false, lasts: || CredentialPersistence::UntilDelete }
    }

    fn entry(&self) -> KeyringEntry {
        KeyringEntry::in_store(Arc::new(self.clone()) as Arc<CredentialStore>)
    }
}

impl CredentialStoreApi for Store {
    fn vendor(&self) -> String {
        "a test".into()
    }

    fn id(&self) -> String {
        "test".into()
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        _: Option<&HashMap<&str, &str>>,
    ) -> keyring_core::Result<Entry> {
        let key = (service.to_owned(), user.to_owned());
        Ok(Entry::new_with_credential(Arc::new(InStore { store: self.clone(), key })))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn persistence(&self) -> CredentialPersistence {
        (self.lasts)()
    }

    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl CredentialApi for InStore {
    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        if !self.store.lies {
            self.store.secrets.lock().unwrap().insert(self.key.clone(), secret.to_vec());
        }
        Ok(())
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        self.store.secrets.lock().unwrap().get(&self.key).cloned().ok_or(KeyringError::NoEntry)
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        self.store.secrets.lock().unwrap().remove(&self.key).map(drop).ok_or(KeyringError::NoEntry)
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<Credential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some(self.key.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn an_entry_of_a_store_that_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let cache = open(folder.path(), store.entry());
    add(&cache, 1).unwrap();
    cache.rekey().unwrap();
    cache.verify().unwrap();
    let protection = cache.protection().unwrap();
    assert_eq!(protection.to_string(), "AES-256-GCM file, key in a keyring store (a test)");
    assert_eq!(protection.lifetime, KeyLifetime::UntilRemoved);
    let keys: Vec<_> = store.secrets.lock().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(keys[0].0 == "com.example.proofs" && keys[0].1.starts_with("tokens~"), "{keys:?}");
    assert_eq!(numbers(&open(folder.path(), store.entry())), [1]);
    cache.clear().unwrap();
    assert!(store.secrets.lock().unwrap().is_empty());
    assert!(keyring_core::get_default_store().is_none(), "the default of the process is left alone");
}

#[test]
fn a_store_that_lasts_until_a_restart_expires() {
    for lasts in [|| CredentialPersistence::UntilReboot, || CredentialPersistence::UntilLogout] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store { lasts, ..Store::new() };
        add(&open(folder.path(), store.entry()), 1).unwrap();
        store.secrets.lock().unwrap().clear();
        let cache = open(folder.path(), store.entry());
        assert_eq!((numbers(&cache), cache.recoveries().len()), (vec![], 1));
    }
}

#[test]
fn a_store_that_forgets_with_the_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mock: Arc<CredentialStore> = mock::Store::new().unwrap();
    let entry_only = Store { lasts: || CredentialPersistence::EntryOnly, ..Store::new() };
    for entry in [KeyringEntry::in_store(mock), entry_only.entry()] {
        let error = refused(folder.path(), entry.clone());
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        // The program chose it: nothing else is taken in its place.
        let fallback = InventedKeychain::new("fallback");
        let builder = unprotected(folder.path()).protector(entry).fallback(fallback.clone());
        let cache: Cache = builder.open().unwrap();
        assert_eq!(kind(add(&cache, 1)), ErrorKind::Configuration);
        assert_eq!(fallback.kept(), 0);
    }
}

#[test]
fn p3_a_store_that_says_ok_and_keeps_nothing_is_noticed_before_anything_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path(), Store { lies: true, ..Store::new() }.entry());
    assert_eq!(error.kind(), ErrorKind::KeychainUnavailable);
    assert!(error.what().contains("does not give it back"), "{error}");
    let cache = open(folder.path(), Store { lies: true, ..Store::new() }.entry());
    assert_eq!(kind(cache.verify()), ErrorKind::KeychainUnavailable);
}

fn platform(text: &str) -> Box<dyn std::error::Error + Send + Sync> {
    text.into()
}

const SECRET: &str = "a secret in an error";

/// What the mock is told to fail with, and what becomes of it. The store of the mock lasts as long as the process,
/// for which whoever passes an entry vouches.
#[test]
fn p4_the_errors_of_a_store_are_distinct_and_hold_no_secret() {
    let errors: [(fn() -> KeyringError, ErrorKind); 9] = [
        (|| KeyringError::NoStorageAccess(platform("it is locked")), ErrorKind::KeychainLocked),
        (|| KeyringError::PlatformFailure(platform("error -25293")), ErrorKind::Io),
        (|| KeyringError::NoDefaultStore, ErrorKind::KeychainUnavailable),
        (|| KeyringError::Ambiguous(Vec::new()), ErrorKind::Configuration),
        (|| KeyringError::BadEncoding(SECRET.into()), ErrorKind::WrongKey),
        (|| KeyringError::BadDataFormat(SECRET.into(), platform("no")), ErrorKind::WrongKey),
        (|| KeyringError::TooLong("user".into(), 10), ErrorKind::Configuration),
        (|| KeyringError::Invalid("user".into(), "it is odd".into()), ErrorKind::Configuration),
        (|| KeyringError::NotSupportedByStore("anything".into()), ErrorKind::Io),
    ];
    let folder = tempfile::tempdir().unwrap();
    let store = mock::Store::new().unwrap();
    let entry = || store.build("com.example.proofs", "tokens", None).unwrap();
    add(&open(folder.path(), KeyringEntry::new(entry())), 1).unwrap();
    for (error, expected) in errors {
        let cache = open(folder.path(), KeyringEntry::new(entry()));
        let fails = || {
            let entry = entry();
            entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error());
        };
        fails();
        let reported = cache.read(|_| ()).unwrap_err();
        assert_eq!(reported.kind(), expected, "{reported}");
        assert!(reported.path().is_some() && !reported.remedy().is_empty(), "{reported}");
        let secret = SECRET.as_bytes().iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        for shown in [reported.to_string(), format!("{reported:?}")] {
            assert!(!shown.contains(SECRET) && !shown.contains(&secret), "{shown}");
        }
        assert!(std::error::Error::source(&reported).is_none(), "{reported}");
        if !expected.is_unreadable() {
            fails();
            assert_eq!(kind(add(&cache, 2)), expected);
        }
        assert_eq!(numbers(&open(folder.path(), KeyringEntry::new(entry()))), [1]);
    }
    entry().delete_credential().unwrap();
    assert_eq!(kind(open(folder.path(), KeyringEntry::new(entry())).read(|_| ())), ErrorKind::KeyMissing);
}

/// "Locked" and "denied" of a platform that the store does not know are no invitation to something weaker.
#[test]
fn p3_no_error_of_a_store_leads_to_the_fallback() {
    let errors: [fn() -> KeyringError; 3] = [
        || KeyringError::NoStorageAccess(platform("it is locked")),
        || KeyringError::PlatformFailure(platform("error -25308")),
        || KeyringError::NotSupportedByStore("anything".into()),
    ];
    for error in errors {
        let folder = tempfile::tempdir().unwrap();
        let store = mock::Store::new().unwrap();
        let entry = store.build("com.example.proofs", "tokens", None).unwrap();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error());
        let fallback = InventedKeychain::new("fallback");
        let builder = unprotected(folder.path()).protector(KeyringEntry::new(entry));
        let cache: Cache = builder.fallback(fallback.clone()).open().unwrap();
        let failed = add(&cache, 1).unwrap_err();
        assert_ne!(failed.kind(), ErrorKind::KeychainUnavailable, "{failed}");
        assert_eq!(fallback.kept(), 0, "{failed}");
    }
}
