//! WHO keeps the key: the [`Protector`] trait and one file for each protector.
//!
//! A sealed cache is encrypted with a *data key* of 32 bytes. A protector makes that key, keeps it (in a keychain, a
//! file, a person's head) and hands it out again. Which one was chosen is recorded in the header of the sealed file.

mod bounded;
mod caller_key;
pub(crate) mod dpapi;
pub(crate) mod kernel_keyring;
mod key_file;
mod key_holder;
mod key_item;
#[cfg(feature = "keyring")]
mod keyring_entry;
pub(crate) mod mac_keychain;
mod passphrase;
pub(crate) mod secret_service;
mod systemd_credential;

use std::{fmt, path::PathBuf};

pub(crate) use bounded::BoundedCalls;
pub use caller_key::CallerKey;
pub use dpapi::Dpapi;
pub use kernel_keyring::KernelKeyring;
pub use key_file::KeyFile;
pub(crate) use key_holder::{Considered, Kept, KeyHolder, KeyReference};
pub use key_item::KeyItem;
#[cfg(feature = "keyring")]
pub use keyring_entry::KeyringEntry;
pub use mac_keychain::MacKeychain;
pub use passphrase::Passphrase;
pub use secret_service::SecretService;
pub use systemd_credential::SystemdCredential;

pub use crate::seal::DataKey;
use crate::{CacheId, Deadline, Result};

/// Makes, keeps and hands out the data key of a cache.
///
/// Every call is made on a thread of its own and abandoned at its deadline, so an implementation may block, but
/// should see to its deadline itself where it can. Most keepers of keys only store a text: for these it is enough to
/// implement [`KeyItem`], from which this trait follows.
///
/// # Security
///
/// Errors and `Debug` must never hold a key or a passphrase.
///
/// # Examples
///
/// A program that has its key from elsewhere needs no implementation of its own: see [`CallerKey`].
pub trait Protector: fmt::Debug + Send + Sync + 'static {
    /// The name recorded in the header of the sealed file, never changed: 1 to 64 bytes of lower-case ASCII letters,
    /// digits, `.`, `_` and `-`.
    fn name(&self) -> &'static str;

    /// Where the key is, for people: `key in the Secret Service`.
    fn summary(&self) -> String;

    /// How long the key is kept.
    fn lifetime(&self) -> KeyLifetime;

    /// Whether it could make a key here and now, without asking a person.
    ///
    /// # Errors
    ///
    /// [`KeychainUnavailable`](crate::ErrorKind::KeychainUnavailable) where it does not exist: the next fallback is
    /// considered. Any other kind (locked, timed out, denied) is not an invitation to use something weaker, and is
    /// reported to the program.
    fn probe(&self, request: &KeyRequest) -> Result<()>;

    /// Make the key of a new cache, and make sure that it can be fetched again.
    ///
    /// # Errors
    ///
    /// Anything that keeps the key from being kept.
    fn create(&self, request: &KeyRequest) -> Result<NewKey>;

    /// The keys that may open the cache whose header has this data: one, or two in the middle of a rotation.
    ///
    /// # Errors
    ///
    /// [`KeyMissing`](crate::ErrorKind::KeyMissing) if it does not have the key (any more); otherwise why it cannot
    /// tell.
    fn fetch(&self, request: &KeyRequest, data: &[u8]) -> Result<Vec<DataKey>>;

    /// Make a new key beside the current one of the cache whose header has this data. Until [`settle`](Self::settle), both can be fetched.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if the key is not the protector's to change.
    fn rotate(&self, request: &KeyRequest, data: &[u8], current: &DataKey) -> Result<NewKey>;

    /// The cache is sealed with the current key now, and its header has this data: forget the key before.
    ///
    /// # Errors
    ///
    /// Why the previous key could not be removed. The cache opens all the same.
    fn settle(&self, request: &KeyRequest, data: &[u8], current: &DataKey) -> Result<()>;

    /// The cache whose header has this data is gone: forget its key.
    ///
    /// # Errors
    ///
    /// Why the key could not be removed. A key that was not there is no error.
    fn forget(&self, request: &KeyRequest, data: &[u8]) -> Result<()>;
}

/// For which cache a key is asked, until when, and whether a person may be asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyRequest {
    /// The cache.
    pub id: CacheId,
    /// The name under which a keychain that stores items keeps the key: ASCII letters, digits, `.`, `-`, `_`, `~`.
    pub item: String,
    /// The folder in which the cache lies, by its canonical path: no place for a key.
    pub folder: PathBuf,
    /// When the caller stops waiting.
    pub deadline: Deadline,
    /// Whether the keychain may show a dialog.
    pub prompt: Prompt,
}

impl KeyRequest {
    /// A request for the key of this cache.
    #[must_use]
    pub fn new(
        id: CacheId,
        item: impl Into<String>,
        folder: impl Into<PathBuf>,
        deadline: Deadline,
        prompt: Prompt,
    ) -> Self {
        Self { id, item: item.into(), folder: folder.into(), deadline, prompt }
    }
}

/// A key that was just made, and what the header has to say so that it can be found again.
#[derive(Debug)]
pub struct NewKey {
    /// The key.
    pub key: DataKey,
    /// The protector's own part of the header, at most 4,096 bytes, not secret: a salt, a wrapped key, a name.
    pub data: Vec<u8>,
}

/// Whether a keychain may ask the person at the screen, for example to unlock it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompt {
    /// It may: the call waits for the answer, up to the keychain time-out.
    #[default]
    Allowed,
    /// It may not: a locked keychain is an error at once. For services, cron jobs and remote shells.
    Never,
}

impl Prompt {
    /// The same, as the calls to a keychain take it.
    pub(crate) const fn for_platform(self) -> sealed_cache_platform::Prompt {
        match self {
            Self::Allowed => sealed_cache_platform::Prompt::Allowed,
            Self::Never => sealed_cache_platform::Prompt::Never,
        }
    }
}

/// How long a protector keeps a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLifetime {
    /// Until it is removed.
    UntilRemoved,
    /// Until the machine restarts, or the user's last session ends, or it was not used for some days. The cache then
    /// has *expired*: that is what was asked for, and no error.
    UntilRestart,
}

/// So that a protector can be shared between caches.
impl<P: Protector + ?Sized> Protector for std::sync::Arc<P> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn summary(&self) -> String {
        (**self).summary()
    }

    fn lifetime(&self) -> KeyLifetime {
        (**self).lifetime()
    }

    fn probe(&self, request: &KeyRequest) -> Result<()> {
        (**self).probe(request)
    }

    fn create(&self, request: &KeyRequest) -> Result<NewKey> {
        (**self).create(request)
    }

    fn fetch(&self, request: &KeyRequest, data: &[u8]) -> Result<Vec<DataKey>> {
        (**self).fetch(request, data)
    }

    fn rotate(&self, request: &KeyRequest, data: &[u8], current: &DataKey) -> Result<NewKey> {
        (**self).rotate(request, data, current)
    }

    fn settle(&self, request: &KeyRequest, data: &[u8], current: &DataKey) -> Result<()> {
        (**self).settle(request, data, current)
    }

    fn forget(&self, request: &KeyRequest, data: &[u8]) -> Result<()> {
        (**self).forget(request, data)
    }
}

/// The keychain of this operating system, if we know one.
pub(crate) fn of_this_system() -> Option<std::sync::Arc<dyn Protector>> {
    use sealed_cache_platform::{KEYCHAIN, Keychain};
    match KEYCHAIN {
        Keychain::SecretService => Some(std::sync::Arc::new(SecretService::new())),
        Keychain::Dpapi => Some(std::sync::Arc::new(Dpapi::new())),
        Keychain::MacKeychain => Some(std::sync::Arc::new(MacKeychain::new())),
        _ => None,
    }
}

/// What the operating system said of a keychain, as an error of ours, with what that keychain's user can do about it.
fn keychain_error(
    keychain: &str,
    error: sealed_cache_platform::KeychainError,
    remedy: fn(&sealed_cache_platform::KeychainError) -> &'static str,
) -> crate::Error {
    use sealed_cache_platform::KeychainError as Said;

    use crate::ErrorKind;
    let kind = match &error {
        Said::Unavailable(_) => ErrorKind::KeychainUnavailable,
        Said::Locked(_) => ErrorKind::KeychainLocked,
        Said::CannotOpen(_) => ErrorKind::WrongKey,
        Said::Denied(_) | Said::Dismissed(_) => ErrorKind::AccessDenied,
        Said::TimedOut(_) => ErrorKind::KeychainTimeout,
        _ => ErrorKind::Io,
    };
    crate::Error::new(kind, format!("{keychain}: {error}")).with_remedy(remedy(&error)).with_source(error)
}
