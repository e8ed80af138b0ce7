//! [`KeyringEntry`]: the key is an entry of any store that speaks `keyring-core`.

use std::{fmt, sync::Arc};

use keyring_core::{CredentialPersistence, CredentialStore, Entry, Error as KeyringError};

use super::{KeyItem, KeyLifetime, KeyRequest};
use crate::{Error, ErrorKind, Result, SecretBytes};

/// Keeps the data key in a store of the keyring family, whichever the program has chosen.
///
/// keyring's process-wide default store is neither used nor changed.
///
/// # Security
///
/// A store that forgets everything when the process ends (keyring's mock and sample stores, for example) would lose
/// the cache: such a store is refused.
///
/// # Examples
///
/// ```no_run
/// use sealed_cache::{Json, KeyringEntry, PersistedCache};
///
/// // After the program has chosen a store with keyring_core::set_default_store(..):
/// let store = keyring_core::get_default_store().expect("a default store is set");
/// let cache = PersistedCache::<Json<Vec<String>>>::builder("com.contoso.todo")
///     .protector(KeyringEntry::in_store(store))
///     .open()?;
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone)]
pub struct KeyringEntry(Place);

#[derive(Clone)]
enum Place {
    Store(Arc<CredentialStore>),
    Entry(Arc<Entry>),
}

impl KeyringEntry {
    /// An entry in this store: its service is the application, its user the name of the item.
    #[must_use]
    pub const fn in_store(store: Arc<CredentialStore>) -> Self {
        Self(Place::Store(store))
    }

    /// This very entry. Give each cache an entry of its own. An entry does not tell how long its store keeps it: the
    /// caller vouches that it is kept.
    #[must_use]
    pub fn new(entry: Entry) -> Self {
        Self(Place::Entry(Arc::new(entry)))
    }

    fn with_entry<R>(
        &self,
        request: &KeyRequest,
        work: impl FnOnce(&Entry) -> Result<R, KeyringError>,
    ) -> Result<R, KeyringError> {
        match &self.0 {
            Place::Entry(entry) => work(entry),
            Place::Store(store) => work(&store.build(request.id.application(), &request.item, None)?),
        }
    }
}

impl KeyItem for KeyringEntry {
    fn name(&self) -> &'static str {
        "keyring-entry"
    }

    fn summary(&self) -> String {
        match &self.0 {
            Place::Store(store) => format!("key in a keyring store ({})", store.vendor()),
            Place::Entry(_) => "key in a keyring entry".into(),
        }
    }

    fn lifetime(&self) -> KeyLifetime {
        match &self.0 {
            Place::Store(store) => match store.persistence() {
                CredentialPersistence::UntilLogout | CredentialPersistence::UntilReboot => {
                    KeyLifetime::UntilRestart
                }
                _ => KeyLifetime::UntilRemoved,
            },
            Place::Entry(_) => KeyLifetime::UntilRemoved,
        }
    }

    fn probe(&self, request: &KeyRequest) -> Result<()> {
        if let Place::Store(store) = &self.0
            && matches!(
                store.persistence(),
                CredentialPersistence::ProcessOnly | CredentialPersistence::EntryOnly
            )
        {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("the keyring store `{}` forgets everything when the program ends", store.vendor()),
            )
            .with_remedy("give `KeyringEntry::in_store` a store that keeps them"));
        }
        self.read(request).map(drop)
    }

    fn read(&self, request: &KeyRequest) -> Result<Option<SecretBytes>> {
        match self.with_entry(request, Entry::get_secret) {
            Ok(text) => Ok(Some(SecretBytes::from(text))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(reported(error)),
        }
    }

    fn write(&self, request: &KeyRequest, text: &str) -> Result<()> {
        self.with_entry(request, |entry| entry.set_secret(text.as_bytes())).map_err(reported)
    }

    fn remove(&self, request: &KeyRequest) -> Result<()> {
        match self.with_entry(request, Entry::delete_credential) {
            Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
            Err(error) => Err(reported(error)),
        }
    }
}

impl fmt::Debug for KeyringEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyringEntry").field(&self.summary()).finish()
    }
}

/// keyring's error as ours. Some of its variants carry the secret: none becomes our source, and of none the `Debug`
/// text is used.
fn reported(error: KeyringError) -> Error {
    let (kind, what, remedy) = match error {
        KeyringError::NoStorageAccess(cause) => (
            ErrorKind::KeychainLocked,
            format!("the keyring store gives no access: {cause}"),
            "unlock it, or allow this program to use it, and try again",
        ),
        // Whatever the platform says: among it "locked" and "denied". It must not lead to something weaker.
        KeyringError::PlatformFailure(cause) => {
            (ErrorKind::Io, format!("the keyring store failed: {cause}"), "look into the log of that store")
        }
        KeyringError::NoDefaultStore => (
            ErrorKind::KeychainUnavailable,
            "no keyring store was chosen".to_owned(),
            "let the program call `keyring_core::set_default_store` when it starts",
        ),
        KeyringError::Ambiguous(entries) => (
            ErrorKind::Configuration,
            format!("{} entries of the keyring store match the one for the key", entries.len()),
            "remove all but the one that begins with `sealed-cache-key-1:`",
        ),
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => (
            ErrorKind::WrongKey,
            "the keyring entry holds something that is not our key".to_owned(),
            "another program wrote it. To start over, remove the entry and the file of the cache",
        ),
        KeyringError::TooLong(attribute, limit) => (
            ErrorKind::Configuration,
            format!("the keyring store takes at most {limit} for its {attribute}"),
            "give the application or the cache a shorter name, or choose another store",
        ),
        KeyringError::Invalid(attribute, reason) => (
            ErrorKind::Configuration,
            format!("the keyring store refuses the {attribute}: {reason}"),
            "give the application or the cache another name, or choose another store",
        ),
        other => (
            ErrorKind::Io,
            format!("the keyring store failed: {other}"),
            "look into the log of that store, or choose another one",
        ),
    };
    Error::new(kind, what).with_remedy(remedy)
}
