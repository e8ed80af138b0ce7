//! The cache of Git Credential Manager.

use super::{
    super::{KeychainItem, Layout, SecretServiceItem},
    ACCOUNT, CLIENT, DEFAULT_NAME, DEVELOPER_SERVICE, FOLDER, Machine, VERSION,
};
use crate::Result;

impl Layout {
    /// The cache that Git Credential Manager shares with other developer tools.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `%LOCALAPPDATA%\.IdentityService\msal.cache` | `~/.local/.IdentityService/msal.cache`, signal only | the same, signal only |
    /// | place | DPAPI, no entropy | Keychain, service `Microsoft.Developer.IdentityService`, account `MSALCache` | Secret Service, schema `msal.cache`, attributes `MsalClientID`=`Microsoft.Developer.IdentityService` and `Microsoft.Developer.IdentityService`=`1.0.0.0`, collection `default`, label `MSALCache`, Base64 |
    ///
    /// The lock is `msal.cache.lockfile` beside the file.
    ///
    /// - **Who shares it**: Git Credential Manager and the older modules of Azure PowerShell. Newer releases of Git
    ///   Credential Manager use it only if told to share, and otherwise keep a cache of their own under `~/.gcm`:
    ///   [`msal_dotnet`](Self::msal_dotnet) can name that one.
    /// - **On Linux the item is that of [`azure_identity_dotnet`](Self::azure_identity_dotnet)** (same schema and
    ///   attributes), but the lock file is another: nothing excludes the two from each other, and each may
    ///   overwrite what the other has just written.
    /// - **The schema is not compared** when the item is looked for, as .NET does it.
    /// - **Where the keyring does not work**, Git Credential Manager keeps the cache as plain text in the file:
    ///   [`dangerous::unencrypted_on_linux`](crate::persistence::msal::dangerous::unencrypted_on_linux).
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) on a system without any of these keychains, or if the user
    /// has no home folder.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::Layout;
    /// assert!(Layout::git_credential_manager()?.file().ends_with(".IdentityService/msal.cache"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn git_credential_manager() -> Result<Self> {
        shared(&Machine::this()?)
    }
}

pub(super) fn shared(machine: &Machine) -> Result<Layout> {
    let folder = if machine.is_windows() { machine.local_data.clone() } else { machine.home.join(".local") };
    machine.layout(
        folder.join(FOLDER).join(DEFAULT_NAME),
        KeychainItem::new(DEVELOPER_SERVICE, ACCOUNT),
        dotnet_item(DEFAULT_NAME, ACCOUNT, CLIENT, VERSION),
    )
}

/// An item as the .NET library looks for it and writes it.
pub(super) fn dotnet_item(
    schema: &str,
    label: &str,
    attribute1: (&str, &str),
    attribute2: (&str, &str),
) -> SecretServiceItem {
    SecretServiceItem::new(schema)
        .attribute(attribute1.0, attribute1.1)
        .attribute(attribute2.0, attribute2.1)
        .label(label)
        .collection("default")
        .encoding(super::super::Encoding::Base64)
        .match_schema(false)
}
