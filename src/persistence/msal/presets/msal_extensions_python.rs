//! What msal-extensions for Python makes without further names.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::{
    super::{KeychainItem, Layout, SecretServiceItem},
    Machine,
};
use crate::{Error, ErrorKind, Result};

impl Layout {
    /// What `build_encrypted_persistence(location)` of `msal-extensions` for Python makes, as in
    /// `"~/.todo/token_cache.bin"`.
    ///
    /// | | Windows | macOS | Linux |
    /// |---|---|---|---|
    /// | file | `location` | `location`, signal only | `location`, signal only |
    /// | place | DPAPI, no entropy | Keychain, service `msal-extensions`, account: the hash | Secret Service, schema: the hash, no attributes, no label, raw text |
    ///
    /// The hash is the SHA-256 of the location, in lower-case hexadecimal. The lock is the path with `.lockfile` behind
    /// it.
    ///
    /// - **Who shares it**: Python programs that were given the same *spelling* of the location. The hash is made of the
    ///   text as it is passed, before a leading `~` is replaced by the home folder: `~/cache` and `/home/a/cache` are
    ///   one file and one lock, but two items.
    /// - **Python does not always read before it writes**, but only if the file changed after its own last look, by the
    ///   clock: it may write over what another program has saved at that moment.
    /// - **Python gives the item no label**, so that keyring programs show nothing. If we make it first, it is called
    ///   `MSALCache`; nobody looks for that.
    /// - **A program that names schema, service or account itself** is met by
    ///   [`secret_service_item`](Self::secret_service_item) and [`keychain_item`](Self::keychain_item).
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) on a system without any of these keychains, if the user has no
    /// home folder, or if the location begins with the home folder of somebody else (`~name/`).
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::msal::Layout;
    /// let layout = Layout::msal_extensions_python("~/.todo/token_cache.bin")?;
    /// assert!(layout.file().is_absolute());
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn msal_extensions_python(location: &str) -> Result<Self> {
        built(&Machine::this()?, location)
    }
}

pub(super) fn built(machine: &Machine, location: &str) -> Result<Layout> {
    let hash = hash(location);
    machine.layout(
        expanded(machine, location)?,
        KeychainItem::new("msal-extensions", &hash),
        SecretServiceItem::new(&hash),
    )
}

fn hash(location: &str) -> String {
    Sha256::digest(location).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// With the home folder for a leading `~`.
fn expanded(machine: &Machine, location: &str) -> Result<PathBuf> {
    let separators: &[char] = if machine.is_windows() { &['/', '\\'] } else { &['/'] };
    match location.strip_prefix('~') {
        None => Ok(location.into()),
        Some("") => Ok(machine.home.clone()),
        Some(rest) if rest.starts_with(separators) => {
            Ok(machine.home.join(rest.trim_start_matches(separators)))
        }
        Some(_) => {
            Err(Error::new(ErrorKind::Configuration, "the location begins with `~` and the name of a user")
                .with_path(location)
                .with_remedy("a cache is for one user: begin it with `~/`, or with the whole path"))
        }
    }
}
