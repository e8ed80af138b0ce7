//! The presets: associated functions of [`Layout`](super::Layout), each of which fixes path, item and lock as one SDK
//! does. One file for each group; all that depends on the machine comes in as a [`Machine`], so that every preset can be
//! checked for every system on any of them.

mod azidentity_go;
mod azure_cli;
mod azure_identity;
mod git_credential_manager;
mod machine;
mod msal_dotnet;
mod msal_extensions_python;
mod msal_node;
#[cfg(test)]
mod tests;

pub(super) use azure_cli::plain as azure_cli_plain;
pub(super) use machine::Machine;
pub use msal_dotnet::DotnetStorage;

use crate::{Error, ErrorKind, Result};

/// Which of the two caches of an Azure SDK: it keeps tokens that are valid under continuous access evaluation (CAE),
/// and so live longer, apart from all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cae {
    /// The cache of credentials that do not ask for such tokens, which is the default of the SDKs.
    #[default]
    Disabled,
    /// The cache of credentials that do: `enable_cae` in Python, `IsCaeEnabled` in .NET, `setCaeEnabled` in Java,
    /// `enableCae` in Node, `EnableCAE` in Go.
    Enabled,
}

impl Cae {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Disabled => ".nocae",
            Self::Enabled => ".cae",
        }
    }
}

/// What most of the developer tools share: the folder, and names of items.
const FOLDER: &str = ".IdentityService";
const DEVELOPER_SERVICE: &str = "Microsoft.Developer.IdentityService";
const ACCOUNT: &str = "MSALCache";
const DEFAULT_NAME: &str = "msal.cache";
/// The attributes of its item in the Secret Service: not all of the tools write the second.
const CLIENT: (&str, &str) = ("MsalClientID", DEVELOPER_SERVICE);
const VERSION: (&str, &str) = (DEVELOPER_SERVICE, "1.0.0.0");

/// The name, if it is that of a file: an SDK would let it lead out of the folder.
fn checked(name: &str) -> Result<&str> {
    let is_file_name = !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', ':', '\0']);
    if is_file_name {
        return Ok(name);
    }
    Err(Error::new(ErrorKind::Configuration, format!("{name:?} cannot be the name of a cache"))
        .with_remedy("give it the name of a file, without a folder"))
}
