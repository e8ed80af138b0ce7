//! The caches of Azure Identity, the credentials of the Azure SDKs: Python, .NET, Java and Node. Go's differs more, and
//! has a file of its own.

use std::path::PathBuf;

use super::{
    super::{Encoding, KeychainItem, Layout, SecretServiceItem},
    ACCOUNT, CLIENT, Cae, DEFAULT_NAME, DEVELOPER_SERVICE, FOLDER, Machine, VERSION, checked,
    git_credential_manager::dotnet_item,
    msal_node::keytar_item,
};
use crate::Result;

impl Layout {
    /// The cache of `azure-identity` for Python: `TokenCachePersistenceOptions(name=…)`.
    ///
    /// NAME is the name (`None`: `msal.cache`) and `.nocae` or `.cae`.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `%LOCALAPPDATA%\.IdentityService\NAME` | `~/.IdentityService/NAME`, signal only | the same, signal only |
    /// | place | DPAPI, no entropy | Keychain, service `Microsoft.Developer.IdentityService`, account `MSALCache` for `msal.cache.nocae`, else NAME | Secret Service, schema NAME, attribute `MsalClientID`=`Microsoft.Developer.IdentityService`, label `MSALCache`, raw text |
    ///
    /// The lock is `NAME.lockfile` beside the file.
    ///
    /// - **Who shares it**: on Windows, Azure Identity for .NET, Java and Node with the same name, and Go's with `.cae`.
    ///   On macOS, Java's and .NET's have the same item for some names and other folders; on Linux nobody else.
    /// - **Older releases used the account `MSALCache` for every name** on macOS: their caches of all names were one item.
    /// - **`allow_unencrypted_storage`** lets Python keep plain text in the file on Linux, if the keyring does not work:
    ///   [`dangerous::unencrypted_on_linux`](crate::persistence::msal::dangerous::unencrypted_on_linux).
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) on a system without any of these keychains, if the user has no
    /// home folder, or if the name is not that of a file.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::{Cae, Layout};
    /// let layout = Layout::azure_identity_python(None, Cae::Disabled)?;
    /// assert!(layout.file().ends_with(".IdentityService/msal.cache.nocae"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn azure_identity_python(name: Option<&str>, cae: Cae) -> Result<Self> {
        python(&Machine::this()?, name, cae)
    }

    /// The cache of `Azure.Identity` for .NET: `TokenCachePersistenceOptions { Name = … }`.
    ///
    /// NAME is the name (`None`: `msal.cache`) and `.nocae` or `.cae`.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `%LOCALAPPDATA%\.IdentityService\NAME` | `~/Library/Application Support/.IdentityService/NAME`, signal only | `$XDG_DATA_HOME/.IdentityService/NAME` or `~/.local/share/.IdentityService/NAME`, signal only |
    /// | place | DPAPI, no entropy | Keychain, service `Microsoft.Developer.IdentityService`, account NAME | Secret Service, schema `msal.cache`, attributes `MsalClientID`=`Microsoft.Developer.IdentityService` and `Microsoft.Developer.IdentityService`=`1.0.0.0`, collection `default`, label NAME, Base64 |
    ///
    /// The lock is `NAME.lockfile` beside the file.
    ///
    /// - **Who shares it**: on Windows, Azure Identity for Python, Java and Node with the same name.
    /// - **On Linux the name is in the label only**, which is not looked for: the caches with `.cae`, with `.nocae` and of
    ///   every other name are one item, under one lock file each. Which of them wrote last decides what all read.
    /// - **On Linux it is also the item of [`git_credential_manager`](Self::git_credential_manager)**, which has another
    ///   folder and so another lock: nothing excludes the two from each other.
    /// - **The folder on macOS is that of .NET 8 and later.** Before, it was `~/.local/share`: use
    ///   [`msal_dotnet`](Self::msal_dotnet) with it.
    /// - **The schema is not compared** when the item is looked for, as .NET does it.
    /// - **`UnsafeAllowUnencryptedStorage`** lets .NET keep plain text in the file on Linux, if the keyring does not work:
    ///   [`dangerous::unencrypted_on_linux`](crate::persistence::msal::dangerous::unencrypted_on_linux).
    ///
    /// # Errors
    ///
    /// As [`azure_identity_python`](Self::azure_identity_python).
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::{Cae, Layout};
    /// let layout = Layout::azure_identity_dotnet(Some("todo"), Cae::Enabled)?;
    /// assert!(layout.file().ends_with(".IdentityService/todo.cae"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn azure_identity_dotnet(name: Option<&str>, cae: Cae) -> Result<Self> {
        dotnet(&Machine::this()?, name, cae)
    }

    /// The cache of `azure-identity` for Java: `new TokenCachePersistenceOptions().setName(…)`.
    ///
    /// NAME is the name (`None`: `msal.cache`) and `.nocae` or `.cae`.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `~\AppData\Local\.IdentityService\NAME` | `~/.IdentityService/NAME`, signal only | the same, signal only |
    /// | place | DPAPI, no entropy | Keychain, service `Microsoft.Developer.IdentityService`, account NAME, or `MSALCache` and the suffix without a name | Secret Service, schema `msal.cache`, attribute `MsalClientID`=`Microsoft.Developer.IdentityService`, collection `default`, label as the account, Base64 |
    ///
    /// The lock is `.lockfile` in the same folder, one for all caches there, which this preset takes as well as the
    /// `NAME.lockfile` of everybody else.
    ///
    /// - **Who shares it**: on Windows, Azure Identity for Python, .NET and Node with the same name.
    /// - **Java's lock excludes nobody else**, and nobody else's excludes Java: it has another name, and locks records
    ///   instead of the file.
    /// - **On Linux the name is in the label only**, which is not looked for: the caches of all names are one item.
    /// - **On Linux a look for it also finds the item of [`azure_identity_dotnet`](Self::azure_identity_dotnet)**, which
    ///   has the same attribute and one more. Its lock is elsewhere.
    /// - **`setUnencryptedStorageAllowed`** lets Java keep plain text in the file on Linux, if the keyring does not work:
    ///   [`dangerous::unencrypted_on_linux`](crate::persistence::msal::dangerous::unencrypted_on_linux).
    ///
    /// # Errors
    ///
    /// As [`azure_identity_python`](Self::azure_identity_python).
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::{Cae, Layout};
    /// let layout = Layout::azure_identity_java(None, Cae::Disabled)?;
    /// assert!(layout.file().ends_with(".IdentityService/msal.cache.nocae"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn azure_identity_java(name: Option<&str>, cae: Cae) -> Result<Self> {
        java(&Machine::this()?, name, cae)
    }

    /// The cache of `@azure/identity-cache-persistence` for Node: `tokenCachePersistenceOptions: { name: … }`.
    ///
    /// NAME is the name (`None`: `msal.cache`) and `.nocae` or `.cae`.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `%APPDATA%\..\Local\.IdentityService\NAME` | `~/.IdentityService/NAME`, signal only | the same, signal only |
    /// | place | DPAPI, no entropy | Keychain, service `Microsoft.Developer.IdentityService`, account `MSALCache` | Secret Service, schema `org.freedesktop.Secret.Generic`, attributes `service`=`Microsoft.Developer.IdentityService` and `account`=`MSALCache`, label `service/account`, raw text |
    ///
    /// The lock is `NAME.lockfile` beside the file.
    ///
    /// - **Who shares it**: on Windows, Azure Identity for Python, .NET and Java with the same name. On macOS, that of
    ///   Python without a name and with [`Cae::Disabled`]: the same item, file and lock.
    /// - **On macOS and Linux the name is in the path only**: the caches of all names are one item, under one lock file
    ///   each. Which of them wrote last decides what all read.
    /// - **Node deletes lock files that it does not own**, at the end of each of its accesses.
    /// - **`unsafeAllowUnencryptedStorage`** lets Node keep plain text in the file, on Linux and macOS, if the keychain does
    ///   not work: [`dangerous::unencrypted_on_linux`](crate::persistence::msal::dangerous::unencrypted_on_linux), and
    ///   [`dangerous::plain_file`](crate::persistence::msal::dangerous::plain_file) on macOS.
    ///
    /// # Errors
    ///
    /// As [`azure_identity_python`](Self::azure_identity_python).
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::{Cae, Layout};
    /// let layout = Layout::azure_identity_node(Some("todo"), Cae::Disabled)?;
    /// assert!(layout.file().ends_with(".IdentityService/todo.nocae"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn azure_identity_node(name: Option<&str>, cae: Cae) -> Result<Self> {
        node(&Machine::this()?, name, cae)
    }
}

pub(super) fn python(machine: &Machine, name: Option<&str>, cae: Cae) -> Result<Layout> {
    let name = full_name(name, cae)?;
    let folder =
        if machine.is_windows() { machine.needed_variable("LOCALAPPDATA")? } else { machine.home.as_path() };
    let account = if name == "msal.cache.nocae" { ACCOUNT } else { &name };
    machine.layout(
        folder.join(FOLDER).join(&name),
        KeychainItem::new(DEVELOPER_SERVICE, account),
        SecretServiceItem::new(&name).attribute(CLIENT.0, CLIENT.1).label(ACCOUNT),
    )
}

pub(super) fn dotnet(machine: &Machine, name: Option<&str>, cae: Cae) -> Result<Layout> {
    let name = full_name(name, cae)?;
    machine.layout(
        machine.local_data.join(FOLDER).join(&name),
        KeychainItem::new(DEVELOPER_SERVICE, &name),
        dotnet_item(DEFAULT_NAME, &name, CLIENT, VERSION),
    )
}

pub(super) fn java(machine: &Machine, name: Option<&str>, cae: Cae) -> Result<Layout> {
    let account = format!("{}{}", name.unwrap_or(ACCOUNT), cae.suffix());
    let secret_service_item = SecretServiceItem::new(DEFAULT_NAME)
        .attribute(CLIENT.0, CLIENT.1)
        .label(&account)
        .collection("default")
        .encoding(Encoding::Base64);
    let folder =
        if machine.is_windows() { machine.home.join("AppData").join("Local") } else { machine.home.clone() };
    let file = folder.join(FOLDER).join(full_name(name, cae)?);
    let layout = machine.layout(file, KeychainItem::new(DEVELOPER_SERVICE, &account), secret_service_item)?;
    Ok(layout.with_folder_lock())
}

pub(super) fn node(machine: &Machine, name: Option<&str>, cae: Cae) -> Result<Layout> {
    let folder = if machine.is_windows() { local_beside_roaming(machine)? } else { machine.home.clone() };
    machine.layout(
        folder.join(FOLDER).join(full_name(name, cae)?),
        KeychainItem::new(DEVELOPER_SERVICE, ACCOUNT),
        keytar_item(DEVELOPER_SERVICE, ACCOUNT),
    )
}

/// `Local` in the place of a final `Roaming`, or else below.
fn local_beside_roaming(machine: &Machine) -> Result<PathBuf> {
    let roaming = machine.needed_variable("APPDATA")?;
    let folder = if roaming.ends_with("Roaming") { roaming.parent() } else { None };
    Ok(folder.unwrap_or(roaming).join("Local"))
}

fn full_name(name: Option<&str>, cae: Cae) -> Result<String> {
    Ok(format!("{}{}", checked(name.unwrap_or(DEFAULT_NAME))?, cae.suffix()))
}
