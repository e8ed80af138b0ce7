//! The cache of Azure CLI.

use std::path::PathBuf;

use super::{
    super::{KeychainItem, Layout, SecretServiceItem, layout::Place},
    Machine,
};
use crate::Result;

impl Layout {
    /// The encrypted cache of Azure CLI (`az`).
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `~\.azure\msal_token_cache.bin` | the same, signal only | the same, signal only |
    /// | place | DPAPI, no entropy | Keychain, service `my_service_name`, account `my_account_name` | Secret Service, schema `my_schema_name`, attributes `my_attr1`=`foo` and `my_attr2`=`bar`, no label, raw text |
    ///
    /// The folder is `$AZURE_CONFIG_DIR` instead, where that is set. The lock is `msal_token_cache.bin.lockfile` beside
    /// the file.
    ///
    /// - **Who shares it**: Azure CLI itself, where it encrypts: by default on Windows only, elsewhere if
    ///   `core.encrypt_token_cache` is switched on. The default on macOS and Linux is the plain file of
    ///   [`dangerous::azure_cli`](crate::persistence::msal::dangerous::azure_cli), and neither reads the other.
    /// - **The names are literally those**: they stem from a sample of the extension library, and other programs that
    ///   copied it may use the same item. A change to names of its own is being discussed in Azure CLI.
    /// - **Azure CLI gives the item no label**, so that keyring programs show nothing. If we make it first, it is called
    ///   `MSALCache`; nobody looks for that.
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
    /// assert!(Layout::azure_cli()?.file().ends_with("msal_token_cache.bin"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn azure_cli() -> Result<Self> {
        encrypted(&Machine::this()?)
    }
}

pub(super) fn encrypted(machine: &Machine) -> Result<Layout> {
    let secret_service_item =
        SecretServiceItem::new("my_schema_name").attribute("my_attr1", "foo").attribute("my_attr2", "bar");
    machine.layout(
        file(machine, "bin"),
        KeychainItem::new("my_service_name", "my_account_name"),
        secret_service_item,
    )
}

pub(in crate::persistence::msal) fn plain(machine: &Machine) -> Layout {
    Layout::new(file(machine, "json"), Place::PlainFile)
}

fn file(machine: &Machine, extension: &str) -> PathBuf {
    let folder =
        machine.variable("AZURE_CONFIG_DIR").map_or_else(|| machine.home.join(".azure"), PathBuf::from);
    folder.join("msal_token_cache").with_extension(extension)
}
