//! [`KernelKeyring`]: the key is held by the Linux kernel, and gone when the machine restarts.

use sealed_cache_platform::{KeychainError, kernel_keyring};

use super::{KeyItem, KeyLifetime, KeyRequest, keychain_error};
use crate::{Error, Result, SecretBytes};

/// Keeps the data key in the user's keyring of the Linux kernel (`keyctl(2)`): the persistent keyring where the
/// kernel has one, else the user keyring.
///
/// The key is never on a disk. It is gone when the machine restarts, and, from the persistent keyring, when it was
/// not used for some days (three by default): the cache has then *expired*, and the program starts with an empty
/// one. That is by design, and reported by
/// [`PersistedCache::recoveries`](crate::PersistedCache::recoveries).
///
/// Default containers forbid the calls; it is then [unavailable](crate::ErrorKind::KeychainUnavailable).
///
/// # Security
///
/// Every program of the same user can read the key.
#[derive(Clone, Debug, Default)]
pub struct KernelKeyring(());

impl KernelKeyring {
    /// The keyring of this user.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl KeyItem for KernelKeyring {
    fn name(&self) -> &'static str {
        "kernel-keyring"
    }

    fn summary(&self) -> String {
        "key in the kernel keyring until the machine restarts".into()
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRestart
    }

    fn probe(&self, _request: &KeyRequest) -> Result<()> {
        kernel_keyring::probe().map_err(error)
    }

    fn read(&self, request: &KeyRequest) -> Result<Option<SecretBytes>> {
        let text = kernel_keyring::read(&description(request)).map_err(error)?;
        Ok(text.map(|text| SecretBytes::from(&text[..])))
    }

    fn write(&self, request: &KeyRequest, text: &str) -> Result<()> {
        kernel_keyring::write(&description(request), text.as_bytes()).map_err(error)
    }

    fn remove(&self, request: &KeyRequest) -> Result<()> {
        kernel_keyring::remove(&description(request)).map(drop).map_err(error)
    }
}

fn description(request: &KeyRequest) -> String {
    format!("sealed-cache:{}:{}", request.id.application(), request.item)
}

/// What the kernel keyring answered, as an error of ours.
pub(crate) fn error(error: KeychainError) -> Error {
    keychain_error("the kernel keyring", error, remedy)
}

const fn remedy(error: &KeychainError) -> &'static str {
    match error {
        KeychainError::Unavailable(_) => {
            "allow the system calls add_key, keyctl and request_key where this program runs"
        }
        KeychainError::Denied(_) => "run the program as the user whose cache it is",
        _ => "`keyctl show` and /proc/key-users show what the kernel keeps for this user",
    }
}
