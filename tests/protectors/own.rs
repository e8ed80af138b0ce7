//! A protector that somebody else writes, by the public API only.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sealed_cache::{
    DataKey, ErrorKind, KeyLifetime, Result,
    protect::{KeyRequest, NewKey, Protector},
};

use super::{
    add,
    invented_keychain::{InventedKeychain, Mood},
    kind, names, numbers, open,
};

/// Wraps the key with a key of its own, as a TPM would, and keeps the result in the header.
#[derive(Clone, Debug, Default)]
struct Wrapping {
    settled: Arc<AtomicUsize>,
    forgotten: Arc<AtomicUsize>,
}

fn wrapped(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ 0x5a).collect()
}

impl Protector for Wrapping {
    fn name(&self) -> &'static str {
        "wrapping"
    }

    fn summary(&self) -> String {
        "key wrapped in the header".into()
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, _: &KeyRequest) -> Result<()> {
        Ok(())
    }

    fn create(&self, _: &KeyRequest) -> Result<NewKey> {
        let key = DataKey::generate()?;
        Ok(NewKey { data: wrapped(key.expose_bytes()), key })
    }

    fn fetch(&self, _: &KeyRequest, data: &[u8]) -> Result<Vec<DataKey>> {
        let bytes = wrapped(data);
        Ok(vec![DataKey::from_bytes(bytes.as_slice().try_into().unwrap())])
    }

    fn rotate(&self, request: &KeyRequest, _: &[u8], _: &DataKey) -> Result<NewKey> {
        self.create(request)
    }

    fn settle(&self, _: &KeyRequest, data: &[u8], current: &DataKey) -> Result<()> {
        assert_eq!(wrapped(data), current.expose_bytes());
        self.settled.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn forget(&self, _: &KeyRequest, data: &[u8]) -> Result<()> {
        assert_eq!(data.len(), 32);
        self.forgotten.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn a_key_that_is_wrapped_in_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let wrapping = Wrapping::default();
    let cache = open(folder.path(), wrapping.clone());
    add(&cache, 1).unwrap();
    let before = std::fs::read(cache.location().unwrap()).unwrap();
    cache.rekey().unwrap();
    let after = std::fs::read(cache.location().unwrap()).unwrap();
    assert_ne!(super::protector_data(&before), super::protector_data(&after));
    assert_eq!(cache.protection().unwrap().to_string(), "AES-256-GCM file, key wrapped in the header");
    // Shared between caches, behind a pointer.
    let shared: Arc<dyn Protector> = Arc::new(wrapping.clone());
    assert_eq!(numbers(&open(folder.path(), shared)), [1]);
    cache.verify().unwrap();
    let forgotten = wrapping.forgotten.load(Ordering::Relaxed);
    cache.clear().unwrap();
    assert_eq!(wrapping.settled.load(Ordering::Relaxed), 1);
    assert_eq!(wrapping.forgotten.load(Ordering::Relaxed), forgotten + 1);
}

/// What does not fit into the header is told to whoever wrote the protector.
#[test]
fn a_name_that_does_not_fit_into_the_header_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "Upper", "sp ace", "dot\u{e9}"] {
        let error = super::refused(folder.path(), InventedKeychain::new(name));
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    }
}

#[test]
fn the_item_lives_and_dies_with_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache = open(folder.path(), keychain.clone());
    add(&cache, 1).unwrap();
    assert_eq!(keychain.kept(), 1);
    cache.verify().unwrap();
    assert_eq!(keychain.kept(), 1, "{:?}", keychain.state().items);
    let text = keychain.state().items.values().next().unwrap().clone();
    assert!(text.starts_with("sealed-cache-key-1:") && text.len() == 19 + 43, "{}", text.len());
    // The file is lost, the item not: the next cache takes it over, so that none is left.
    std::fs::remove_file(cache.location().unwrap()).unwrap();
    add(&open(folder.path(), keychain.clone()), 2).unwrap();
    assert_eq!(keychain.state().items.values().next(), Some(&text));
    cache.clear().unwrap();
    assert_eq!(keychain.kept(), 0);
}

/// One that fails in the middle of `verify` keeps nothing of it either.
#[test]
fn p10_verify_that_fails_leaves_no_item() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache = open(folder.path(), keychain.clone());
    for mood in [Mood::KeepsNothing, Mood::Fails(ErrorKind::Io)] {
        keychain.set(mood);
        cache.verify().unwrap_err();
        keychain.set(Mood::Works);
        assert_eq!(keychain.kept(), 0);
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

/// A key that is meant to last until a restart only, and is gone: the cache has expired, which is no error.
#[test]
fn a_volatile_key_that_is_gone_has_expired_with_its_cache() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::lasting("invented", KeyLifetime::UntilRestart);
    let fresh = || open(folder.path(), keychain.clone());
    for restart in 1..=3 {
        add(&fresh(), restart).unwrap();
        let warm = fresh();
        assert_eq!(numbers(&warm), [restart]);
        keychain.state().items.clear();
        assert_eq!(numbers(&warm), [restart], "what is in memory is in memory");
        let cache = fresh();
        assert_eq!(numbers(&cache), [0; 0]);
        let recoveries = cache.recoveries();
        assert_eq!(recoveries.len(), 1);
        assert!(recoveries[0].to_string().starts_with("the cache expired with its key"), "{}", recoveries[0]);
        assert_eq!(numbers(&fresh()), [0; 0]);
        assert!(fresh().recoveries().is_empty(), "reported once");
        assert_eq!(names(folder.path()), ["tokens.lock", "tokens.sealed.expired"], "and kept once");
    }
    // Locked, slow or not there is not gone.
    add(&fresh(), 4).unwrap();
    for mood in [ErrorKind::KeychainLocked, ErrorKind::KeychainUnavailable, ErrorKind::Io] {
        keychain.set(Mood::Fails(mood));
        assert_eq!(kind(fresh().read(|_| ())), mood);
    }
    keychain.set(Mood::Works);
    assert_eq!(numbers(&fresh()), [4]);
}
