//! [`CallerKey`]: the program has the key, or knows how to get it.

use std::{fmt, sync::Arc};

use super::{KeyLifetime, KeyRequest, NewKey, Protector};
use crate::{Error, ErrorKind, Result, seal::DataKey};

/// A data key that the program brings itself: 32 bytes, or a closure that gets them, for example from a vault.
///
/// # Security
///
/// The key must be 32 bytes of full entropy, not a passphrase: for that there is [`Passphrase`](super::Passphrase).
///
/// # Examples
///
/// ```
/// use sealed_cache::{CallerKey, DataKey, Json, PersistedCache};
///
/// # let folder = tempfile::tempdir().unwrap();
/// let key = DataKey::generate()?; // in real life: from where the program keeps it
/// let cache = PersistedCache::<Json<Vec<String>>>::builder("com.contoso.todo")
/// #   .folder(folder.path())
///     .protector(CallerKey::new(key))
///     .open()?;
/// cache.update(|list| list.push("milk".into()))?;
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone)]
pub struct CallerKey(Source);

type Closure = dyn Fn(&KeyRequest) -> Result<DataKey> + Send + Sync;

#[derive(Clone)]
enum Source {
    Key(DataKey),
    Closure(Arc<Closure>),
}

impl CallerKey {
    /// This key.
    #[must_use]
    pub const fn new(key: DataKey) -> Self {
        Self(Source::Key(key))
    }

    /// The key that this closure returns. It is called once for each handle, on a thread of its own, and abandoned
    /// at the keychain time-out.
    ///
    /// If it fails, its error is the program's: use [`KeyMissing`](ErrorKind::KeyMissing),
    /// [`KeychainUnavailable`](ErrorKind::KeychainUnavailable) or [`AccessDenied`](ErrorKind::AccessDenied).
    pub fn from_fn(get: impl Fn(&KeyRequest) -> Result<DataKey> + Send + Sync + 'static) -> Self {
        Self(Source::Closure(Arc::new(get)))
    }

    fn get(&self, request: &KeyRequest) -> Result<DataKey> {
        match &self.0 {
            Source::Key(key) => Ok(key.clone()),
            Source::Closure(get) => get(request),
        }
    }
}

impl Protector for CallerKey {
    fn name(&self) -> &'static str {
        "caller-key"
    }

    fn summary(&self) -> String {
        "key brought by the program".into()
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, _request: &KeyRequest) -> Result<()> {
        Ok(())
    }

    fn create(&self, request: &KeyRequest) -> Result<NewKey> {
        Ok(NewKey { key: self.get(request)?, data: Vec::new() })
    }

    fn fetch(&self, request: &KeyRequest, _data: &[u8]) -> Result<Vec<DataKey>> {
        Ok(vec![self.get(request)?])
    }

    fn rotate(&self, request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<NewKey> {
        Err(not_ours_to_change(request, "the program brings its own key"))
    }

    fn settle(&self, _request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<()> {
        Ok(())
    }

    fn forget(&self, _request: &KeyRequest, _data: &[u8]) -> Result<()> {
        Ok(())
    }
}

impl fmt::Debug for CallerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerKey").finish_non_exhaustive()
    }
}

/// The error of a rotation where only the caller can bring another key.
pub(super) fn not_ours_to_change(request: &KeyRequest, why: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("cannot make a new key for cache {}: {why}", request.id))
        .with_remedy("call `rekey_to` with a protector that has the new key")
}
