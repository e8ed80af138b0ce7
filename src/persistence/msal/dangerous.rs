//! Layouts without encryption, named as what they are.
//!
//! # Security
//!
//! The refresh tokens in such a file are as good as a password, and everybody who can read the file has them: every
//! program of this user, whoever gets a backup or the disk, and root. We give the file mode 0600; what its other users do
//! when they make it, we cannot say. Share such a file only if a program that you must share with has no other.

use std::path::PathBuf;

use super::{
    layout::{Layout, Place},
    presets::{Machine, azure_cli_plain},
};
use crate::Result;

/// A plain file with the JSON of the cache, whose lock is beside it, as every SDK knows it.
///
/// # Security
///
/// Whoever can read the file has the tokens: see the [module](self).
///
/// # Examples
///
/// ```
/// use sealed_cache::persistence::msal::dangerous;
/// assert!(dangerous::plain_file("/home/a/tokens.json").file().ends_with("tokens.json"));
/// ```
pub fn plain_file(file: impl Into<PathBuf>) -> Layout {
    Layout::new(file, Place::PlainFile)
}

/// The plain cache of Azure CLI, which is its default on macOS and Linux: `~/.azure/msal_token_cache.json`, or the same in
/// `$AZURE_CONFIG_DIR`. Its lock is `msal_token_cache.json.lockfile`.
///
/// On Windows it is only used if `core.encrypt_token_cache` is switched off. The encrypted one is
/// [`Layout::azure_cli`].
///
/// # Errors
///
/// [`Configuration`](crate::ErrorKind::Configuration) if the user has no home folder.
///
/// # Security
///
/// Whoever can read the file has the tokens: see the [module](self).
///
/// # Examples
///
/// ```
/// use sealed_cache::persistence::msal::dangerous;
/// assert!(dangerous::azure_cli()?.file().ends_with("msal_token_cache.json"));
/// # Ok::<(), sealed_cache::Error>(())
/// ```
pub fn azure_cli() -> Result<Layout> {
    Ok(azure_cli_plain(&Machine::this()?))
}

/// The same layout, but on Linux as plain text in the file that otherwise only signals changes. Elsewhere it stays as it
/// is.
///
/// This is where the SDKs keep a cache if unencrypted storage was allowed and the keyring does not work:
/// `allow_unencrypted_storage` of `azure-identity` for Python, `UnsafeAllowUnencryptedStorage` of `Azure.Identity`,
/// `setUnencryptedStorageAllowed` for Java, `unsafeAllowUnencryptedStorage` and `usePlaintextFileOnLinux` for Node,
/// `WithLinuxUnprotectedFile` of MSAL.NET Extensions. **They choose anew in each process**: as soon as the keyring works,
/// they write over the file, and what was in it is lost.
///
/// # Security
///
/// Whoever can read the file has the tokens: see the [module](self).
///
/// # Examples
///
/// ```
/// use sealed_cache::persistence::msal::{Cae, Layout, dangerous};
/// let layout = dangerous::unencrypted_on_linux(Layout::azure_identity_python(None, Cae::Disabled)?);
/// assert!(layout.file().ends_with(".IdentityService/msal.cache.nocae"));
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[must_use]
pub fn unencrypted_on_linux(mut layout: Layout) -> Layout {
    if matches!(layout.place, Place::SecretService(_)) {
        layout.place = Place::PlainFile;
    }
    layout
}
