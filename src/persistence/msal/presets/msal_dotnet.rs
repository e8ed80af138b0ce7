//! [`DotnetStorage`]: what MSAL.NET Extensions are told about a cache.

use std::path::PathBuf;

use super::{
    super::{KeychainItem, Layout, SecretServiceItem, layout::Place},
    Machine, checked,
    git_credential_manager::dotnet_item,
};
use crate::{Error, ErrorKind, Result};

impl Layout {
    /// What `StorageCreationPropertiesBuilder(cacheFileName, cacheDirectory)` of MSAL.NET Extensions
    /// (`Microsoft.Identity.Client.Extensions.Msal`) describes. Give it what the .NET program gives, then take the
    /// [`layout`](DotnetStorage::layout).
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `cacheDirectory\cacheFileName` | the same, signal only | the same, signal only |
    /// | place | DPAPI, no entropy | Keychain, `WithMacKeyChain` | Secret Service, `WithLinuxKeyring`, Base64 |
    ///
    /// The lock is the path with `.lockfile` behind it.
    ///
    /// - **Who shares it**: on Linux also Java and Go, if they have the same schema and attributes; Python and Node
    ///   cannot, since they write plain text into the item. On Windows and macOS whoever has the same path and names.
    /// - **The name of the file does not tell items apart**: two caches with the same schema and attributes are one item
    ///   on Linux.
    /// - **The schema is not compared** when the item is looked for. Items with the same attributes under another schema
    ///   are found as well, whichever is newest.
    /// - **.NET counts characters where the Keychain counts bytes**: use ASCII for service and account.
    /// - **.NET refuses a symbolic link** in the place of the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::Layout;
    /// let layout = Layout::msal_dotnet("todo.cache", "/home/a/.local/share/Contoso")
    ///     .with_mac_keychain("com.contoso.todo", "tokens")
    ///     .with_linux_keyring(
    ///         "com.contoso.todo.cache",
    ///         "default",
    ///         "The tokens of Contoso Todo",
    ///         ("Version", "1"),
    ///         ("Product", "Todo"),
    ///     )
    ///     .layout()?;
    /// assert!(layout.file().ends_with("Contoso/todo.cache"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn msal_dotnet(cache_file_name: &str, cache_directory: impl Into<PathBuf>) -> DotnetStorage {
        DotnetStorage {
            file_name: cache_file_name.to_owned(),
            folder: cache_directory.into(),
            mac_keychain: None,
            linux: None,
        }
    }
}

/// What a program tells MSAL.NET Extensions about its cache, made by [`Layout::msal_dotnet`]. The methods have the names
/// and arguments of `StorageCreationPropertiesBuilder`.
#[derive(Clone, Debug)]
#[must_use = "it is only a description: take its `layout`"]
pub struct DotnetStorage {
    file_name: String,
    folder: PathBuf,
    mac_keychain: Option<KeychainItem>,
    linux: Option<Linux>,
}

#[derive(Clone, Debug)]
enum Linux {
    Keyring(SecretServiceItem),
    UnprotectedFile,
}

impl DotnetStorage {
    /// `WithMacKeyChain`: the item on macOS.
    pub fn with_mac_keychain(mut self, service: &str, account: &str) -> Self {
        self.mac_keychain = Some(KeychainItem::new(service, account));
        self
    }

    /// `WithLinuxKeyring`: the item on Linux, with both of the attributes that .NET asks for, each a name and a value.
    pub fn with_linux_keyring(
        mut self,
        schema: &str,
        collection: &str,
        label: &str,
        attribute1: (&str, &str),
        attribute2: (&str, &str),
    ) -> Self {
        let item = dotnet_item(schema, label, attribute1, attribute2).collection(collection);
        self.linux = Some(Linux::Keyring(item));
        self
    }

    /// `WithLinuxUnprotectedFile`: on Linux, plain text in the file. Windows and macOS stay protected.
    ///
    /// # Security
    ///
    /// As [`dangerous::plain_file`](crate::persistence::msal::dangerous::plain_file).
    pub fn with_dangerous_linux_unprotected_file(mut self) -> Self {
        self.linux = Some(Linux::UnprotectedFile);
        self
    }

    /// The layout on this system.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) if the file name is none, if nothing was said for the system that the
    /// program runs on, or if that system has none of the keychains.
    pub fn layout(self) -> Result<Layout> {
        self.layout_on(&Machine::this()?)
    }

    pub(super) fn layout_on(self, machine: &Machine) -> Result<Layout> {
        use sealed_cache_platform::Keychain;
        let file = self.folder.join(checked(&self.file_name)?);
        match (machine.keychain, self.mac_keychain, self.linux) {
            (Keychain::Dpapi, ..) => Ok(Layout::dpapi_file(file)),
            (Keychain::MacKeychain, Some(item), _) => Ok(Layout::keychain_item(file, item)),
            (Keychain::SecretService, _, Some(Linux::Keyring(item))) => {
                Ok(Layout::secret_service_item(file, item))
            }
            (Keychain::SecretService, _, Some(Linux::UnprotectedFile)) => {
                Ok(Layout::new(file, Place::PlainFile))
            }
            (Keychain::MacKeychain, None, _) => Err(unsaid("macOS", "with_mac_keychain")),
            (Keychain::SecretService, _, None) => Err(unsaid("Linux", "with_linux_keyring")),
            _ => Err(machine.no_keychain()),
        }
    }
}

fn unsaid(system: &str, method: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("nothing was said about the cache on {system}"))
        .with_remedy(format!("say it with `{method}`, as the .NET program does"))
}
