//! The cache of azidentity, the credentials of the Azure SDK for Go.

use std::path::PathBuf;

use super::{
    super::{KeychainItem, Layout, SecretServiceItem, layout::Place},
    ACCOUNT, Cae, DEFAULT_NAME, FOLDER, Machine, checked,
};
use crate::Result;

impl Layout {
    /// The cache of `azidentity/cache` for Go, since 0.4.0: `cache.New(&cache.Options{Name: …})`. **On Linux it can be
    /// read only.**
    ///
    /// NAME is the name (`None`: `msal.cache`), and `.cae` behind it with [`Cae::Enabled`]. Unlike in the other SDKs there
    /// is no `.nocae`.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `%LOCALAPPDATA%\.IdentityService\NAME` | `~/.IdentityService/NAME`, signal only | `$XDG_CACHE_HOME/.IdentityService/NAME` or `~/.cache/.IdentityService/NAME` |
    /// | place | DPAPI, no entropy | Keychain, service NAME, account `MSALCache` | the file, a JWE (A128CBC-HS256) whose key is in the kernel keyring under NAME |
    ///
    /// The lock is `NAME.lockfile` beside the file.
    ///
    /// - **Who shares it**: on Windows, Azure Identity of the other SDKs with the same name and [`Cae::Enabled`];
    ///   elsewhere nobody.
    /// - **On Linux the cache is lost at a restart**, by design: only the kernel has the key.
    /// - **Go writes without reading first**: what another program has saved meanwhile is lost, whatever lock it took.
    /// - **Releases before 0.4.0** had the file in `~/.IdentityService` on Linux, and older ones a `.nocae` at the end of
    ///   the name: see [`azidentity_file`](Self::azidentity_file).
    ///
    /// # Errors
    ///
    /// As [`azure_identity_python`](Self::azure_identity_python).
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::{Cae, Layout};
    /// let layout = Layout::azidentity_go(None, Cae::Disabled)?;
    /// assert!(layout.file().ends_with(".IdentityService/msal.cache"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn azidentity_go(name: Option<&str>, cae: Cae) -> Result<Self> {
        persistent(&Machine::this()?, name, cae)
    }

    /// The same on Linux in the free form: this file, whose key is in the kernel keyring under this name. **It can be read
    /// only.** For a cache of a release before 0.4.0, whose file is elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::Layout;
    /// let layout = Layout::azidentity_file("/home/a/.IdentityService/msal.cache.nocae", "msal.cache.nocae");
    /// assert!(layout.file().ends_with("msal.cache.nocae"));
    /// ```
    #[must_use]
    pub fn azidentity_file(file: impl Into<PathBuf>, key_name: &str) -> Self {
        Self::new(file, Place::AzidentityFile { name: key_name.to_owned() })
    }
}

pub(super) fn persistent(machine: &Machine, name: Option<&str>, cae: Cae) -> Result<Layout> {
    let mut name = checked(name.unwrap_or(DEFAULT_NAME))?.to_owned();
    if cae == Cae::Enabled {
        name.push_str(cae.suffix());
    }
    let file = folder(machine).join(FOLDER).join(&name);
    if machine.is_linux() {
        return Ok(Layout::azidentity_file(file, &name));
    }
    let never = SecretServiceItem::new(&name);
    machine.layout(file, KeychainItem::new(&name, ACCOUNT), never)
}

fn folder(machine: &Machine) -> PathBuf {
    if machine.is_windows() {
        return machine.local_data.clone();
    }
    if machine.is_linux() {
        return machine.variable("XDG_CACHE_HOME").map_or_else(|| machine.home.join(".cache"), PathBuf::from);
    }
    machine.home.clone()
}
