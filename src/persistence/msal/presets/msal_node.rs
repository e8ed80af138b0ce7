//! What msal-node-extensions makes.

use std::path::PathBuf;

use super::{
    super::{KeychainItem, Layout, SecretServiceItem},
    Machine,
};
use crate::Result;

impl Layout {
    /// What `PersistenceCreator` of `@azure/msal-node-extensions` makes for this cache path, service name and account
    /// name.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `cachePath` | `cachePath`, signal only | `cachePath`, signal only |
    /// | place | DPAPI, no entropy | Keychain, this service and account | Secret Service, schema `org.freedesktop.Secret.Generic`, attributes `service` and `account`, label `service/account`, raw text |
    ///
    /// The lock is the path with `.lockfile` behind it.
    ///
    /// - **Who shares it**: on Linux, MSAL Python if it is given the same schema, attributes and label
    ///   (`LibsecretPersistence(path, "org.freedesktop.Secret.Generic", {"service": …, "account": …}, label=…)`); on
    ///   Windows and macOS whoever has the same path and names. .NET, Java and Go cannot, on Linux: they write Base64.
    /// - **Node deletes lock files that it does not own**, at the end of each of its accesses.
    /// - **`PersistenceCreator` passes no entropy on**; a program that makes a `FilePersistenceWithDataProtection` itself
    ///   may: see [`with_entropy`](Self::with_entropy).
    /// - **`usePlaintextFileOnLinux`** is
    ///   [`dangerous::unencrypted_on_linux`](crate::persistence::msal::dangerous::unencrypted_on_linux).
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) on a system without any of these keychains.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::Layout;
    /// let layout = Layout::msal_node("/home/a/.todo/cache.json", "com.contoso.todo", "tokens")?;
    /// assert!(layout.file().ends_with("cache.json"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn msal_node(cache_path: impl Into<PathBuf>, service: &str, account: &str) -> Result<Self> {
        created(&Machine::this()?, cache_path.into(), service, account)
    }
}

pub(super) fn created(machine: &Machine, file: PathBuf, service: &str, account: &str) -> Result<Layout> {
    machine.layout(file, KeychainItem::new(service, account), keytar_item(service, account))
}

/// As keytar, the library below Node's, keeps a password.
pub(super) fn keytar_item(service: &str, account: &str) -> SecretServiceItem {
    SecretServiceItem::new("org.freedesktop.Secret.Generic")
        .attribute("service", service)
        .attribute("account", account)
        .label(format!("{service}/{account}"))
}
