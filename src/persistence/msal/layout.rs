//! [`Layout`]: where one cache of the family lies, as what, and under which lock. Data only; nothing is opened.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{KeychainItem, SecretServiceItem};
use crate::{FamilyLock, Result};

/// Where a cache of the MSAL family lies, in what form, and which lock its users take.
///
/// A preset (`Layout::azure_cli()` and the like) fixes all of it as one SDK does; the other constructors are the free
/// form. Two programs share a cache only if all of it is equal.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) file: PathBuf,
    pub(super) place: Place,
    pub(super) folder_lock: bool,
}

/// In what form the cache lies.
#[derive(Clone)]
pub(super) enum Place {
    /// In the file itself, as JSON text.
    PlainFile,
    /// In the file itself, protected by DPAPI with this entropy.
    DpapiFile { entropy: Vec<u8> },
    /// In the Keychain of macOS; the file only signals changes.
    Keychain(KeychainItem),
    /// In the Secret Service; the file only signals changes.
    SecretService(SecretServiceItem),
    /// In the file itself, encrypted by Go's azidentity with the key that the kernel has under this name. To be read only.
    AzidentityFile { name: String },
}

impl Layout {
    pub(super) fn new(file: impl Into<PathBuf>, place: Place) -> Self {
        Self { file: file.into(), place, folder_lock: false }
    }

    /// A file protected by Windows DPAPI for this user, as all SDKs have it on Windows.
    pub fn dpapi_file(file: impl Into<PathBuf>) -> Self {
        Self::new(file, Place::DpapiFile { entropy: Vec::new() })
    }

    /// The same with this entropy: UTF-8 bytes that whoever opens the file has to know.
    #[must_use]
    pub fn with_entropy(mut self, secret: impl AsRef<[u8]>) -> Self {
        if let Place::DpapiFile { entropy } = &mut self.place {
            *entropy = secret.as_ref().to_vec();
        }
        self
    }

    /// An item in the Keychain of macOS; this file signals changes, and its lock is beside it.
    pub fn keychain_item(signal: impl Into<PathBuf>, item: KeychainItem) -> Self {
        Self::new(signal, Place::Keychain(item))
    }

    /// An item in the Secret Service of Linux; this file signals changes, and its lock is beside it.
    pub fn secret_service_item(signal: impl Into<PathBuf>, item: SecretServiceItem) -> Self {
        Self::new(signal, Place::SecretService(item))
    }

    /// Take Java's lock as well, the file `.lockfile` in the same folder: MSAL4J knows no other.
    #[must_use]
    pub const fn with_folder_lock(mut self) -> Self {
        self.folder_lock = true;
        self
    }

    /// The file: of the cache itself, or the one that signals its changes.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The lock that the users of this cache take: for the cache file `X` the lock file `X.lockfile`. The folder must
    /// exist.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::{LockState, persistence::msal::dangerous};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// let layout = dangerous::plain_file(folder.path().join("msal_token_cache.json"));
    /// assert!(matches!(layout.lock()?.states()?[0].1, LockState::Free));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`FamilyLock::new`].
    pub fn lock(&self) -> Result<FamilyLock> {
        let mut name = self.file.as_os_str().to_owned();
        name.push(".lockfile");
        let lock = FamilyLock::new(PathBuf::from(name))?;
        Ok(if self.folder_lock { lock.with_folder_lock() } else { lock })
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainFile => f.write_str("PlainFile"),
            Self::DpapiFile { .. } => f.write_str("DpapiFile"),
            Self::Keychain(item) => item.fmt(f),
            Self::SecretService(item) => item.fmt(f),
            Self::AzidentityFile { name } => f.debug_struct("AzidentityFile").field("name", name).finish(),
        }
    }
}
