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
///
/// # Examples
///
/// ```
/// use sealed_cache::persistence::msal::{KeychainItem, Layout, SecretServiceItem};
///
/// let windows = Layout::dpapi_file("todo.cache").with_entropy("shared by all of Contoso");
/// let macos = Layout::keychain_item("todo.signal", KeychainItem::new("Contoso", "Todo"));
/// let linux = Layout::secret_service_item("todo.signal", SecretServiceItem::new("com.contoso.todo")).with_folder_lock();
/// assert!(macos.is_item() && linux.is_item() && !windows.is_item());
/// assert!(!macos.has_same_place(&linux));
/// assert!(linux.file().ends_with("todo.signal"));
/// ```
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) file: PathBuf,
    pub(super) place: Place,
    pub(super) folder_lock: bool,
}

/// In what form the cache lies.
#[derive(Clone, PartialEq, Eq)]
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

    /// The same with this entropy: UTF-8 bytes that whoever opens the file has to know. A layout that is no file protected by
    /// DPAPI stays as it is.
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

    /// Whether the cache is an item of a keychain, so that the file only signals changes.
    #[must_use]
    pub const fn is_item(&self) -> bool {
        matches!(self.place, Place::Keychain(_) | Place::SecretService(_))
    }

    /// Whether both keep a cache in the same form, in the same item if it is one, and under the same kind of lock. The files
    /// may be different ones, or the same one by different paths.
    #[must_use]
    pub fn has_same_place(&self, other: &Self) -> bool {
        self.place == other.place && self.folder_lock == other.folder_lock
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
