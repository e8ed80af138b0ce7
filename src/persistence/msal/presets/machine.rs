//! [`Machine`]: what the SDKs look at to find their caches.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use directories::BaseDirs;
use sealed_cache_platform::{KEYCHAIN, Keychain};

use super::super::{KeychainItem, Layout, SecretServiceItem};
use crate::{Error, ErrorKind, Result};

/// The environment variables that one of the SDKs reads itself.
const VARIABLES: [&str; 4] = ["APPDATA", "AZURE_CONFIG_DIR", "LOCALAPPDATA", "XDG_CACHE_HOME"];

/// The system, and the folders of this user.
#[derive(Clone, Debug)]
pub(in crate::persistence::msal) struct Machine {
    pub(super) keychain: Keychain,
    /// `~`
    pub(super) home: PathBuf,
    /// `LocalApplicationData` of .NET since version 8, and the known folder of that name on Windows.
    pub(super) local_data: PathBuf,
    /// Those of [`VARIABLES`] that are set, to more than nothing.
    pub(super) variables: BTreeMap<&'static str, OsString>,
}

impl Machine {
    /// The one we run on.
    pub(in crate::persistence::msal) fn this() -> Result<Self> {
        let folders = BaseDirs::new().ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "this user has no home folder, where the SDKs keep their caches",
            )
            .with_remedy("set HOME, or give the path of the cache: the constructors of `Layout` take one")
        })?;
        let set = VARIABLES.into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
        Ok(Self {
            keychain: KEYCHAIN,
            home: folders.home_dir().to_path_buf(),
            local_data: folders.data_local_dir().to_path_buf(),
            variables: set.filter(|(_, value)| !value.is_empty()).collect(),
        })
    }

    /// Where that keychain protects files, the file; otherwise the item, and the file as its signal.
    pub(super) fn layout(
        &self,
        file: impl Into<PathBuf>,
        keychain_item: KeychainItem,
        secret_service_item: SecretServiceItem,
    ) -> Result<Layout> {
        match self.keychain {
            Keychain::Dpapi => Ok(Layout::dpapi_file(file)),
            Keychain::MacKeychain => Ok(Layout::keychain_item(file, keychain_item)),
            Keychain::SecretService => Ok(Layout::secret_service_item(file, secret_service_item)),
            _ => Err(self.no_keychain()),
        }
    }

    pub(super) fn is_windows(&self) -> bool {
        self.keychain == Keychain::Dpapi
    }

    pub(super) fn is_linux(&self) -> bool {
        self.keychain == Keychain::SecretService
    }

    pub(super) fn variable(&self, name: &'static str) -> Option<&Path> {
        self.variables.get(name).map(Path::new)
    }

    /// The folder in this variable, without which the SDK does not work here either.
    pub(super) fn needed_variable(&self, name: &'static str) -> Result<&Path> {
        self.variable(name).ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("the environment variable {name} is not set"))
                .with_remedy(
                    "set it as Windows does, to the folder where this user's applications keep their data",
                )
        })
    }

    pub(super) fn no_keychain(&self) -> Error {
        Error::new(
            ErrorKind::Configuration,
            "this system has none of the keychains in which the SDKs protect their caches (Windows DPAPI, the \
             Keychain of macOS, the Secret Service of Linux)",
        )
        .with_remedy("use a sealed cache of your own: `PersistedCache::builder`")
    }
}
