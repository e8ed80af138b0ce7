//! [`SystemdCredential`]: the key comes with the service, from systemd.

use std::path::PathBuf;

use hkdf::Hkdf;
use sealed_cache_platform::file;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{KeyLifetime, KeyRequest, NewKey, Protector, caller_key::not_ours_to_change};
use crate::{Error, ErrorKind, Result, SecretBytes, seal::DataKey};

/// What makes the derived key one of ours (`docs/format.md`, "Protectors").
const INFO: &[u8] = b"sealed-cache v1 systemd credential";
/// A credential shorter than this cannot hold a key.
const SHORTEST: usize = 16;
/// systemd's own limit for one credential, in bytes.
const LONGEST: usize = 1024 * 1024;

/// Derives the data key from a [systemd credential](https://systemd.io/CREDENTIALS/): a secret that systemd decrypts
/// (with the machine's TPM, if there is one) and shows to one service only, in `$CREDENTIALS_DIRECTORY`.
///
/// In the unit file: `LoadCredentialEncrypted=todo-cache-key:/etc/credstore.encrypted/todo-cache-key`. The
/// credential may hold any 16 bytes or more of full entropy; `head -c 32 /dev/urandom | systemd-creds encrypt - FILE`
/// makes one.
///
/// # Security
///
/// The key is HKDF-SHA256 of the credential. The credential must be random, not a passphrase.
#[derive(Clone, Debug)]
pub struct SystemdCredential {
    name: String,
    folder: Option<PathBuf>,
}

impl SystemdCredential {
    /// The credential of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), folder: None }
    }

    /// Look in this folder instead of `$CREDENTIALS_DIRECTORY`.
    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    fn path(&self) -> Result<PathBuf> {
        let folder =
            self.folder.clone().or_else(|| std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from));
        let folder = folder.ok_or_else(|| {
            Error::new(ErrorKind::KeychainUnavailable, "systemd gave this program no credentials")
                .with_remedy(format!(
                    "add `LoadCredentialEncrypted={}:..` to its unit, and start it as a service",
                    self.name
                ))
        })?;
        Ok(folder.join(&self.name))
    }

    fn derive(&self) -> Result<DataKey> {
        let path = self.path()?;
        let Some(mut opened) = file::open_to_read(&path)
            .map_err(|error| Error::io("cannot read the systemd credential", error).with_path(&path))?
        else {
            return Err(Error::new(
                ErrorKind::KeyMissing,
                format!("there is no systemd credential `{}`", self.name),
            )
            .with_path(&path)
            .with_remedy("check the unit's `LoadCredential` lines"));
        };
        let length = usize::try_from(opened.stamp().size()).map_or(LONGEST, |length| length.min(LONGEST));
        let mut content = SecretBytes::new();
        content
            .append_from(&mut opened, length)
            .map_err(|error| Error::io("cannot read the systemd credential", error).with_path(&path))?;
        if content.len() < SHORTEST {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the systemd credential is too short for a key",
            )
            .with_path(&path)
            .with_remedy("make it of 32 random bytes: head -c 32 /dev/urandom"));
        }
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, &content).expand(INFO, &mut *key).expect("32 bytes are few for HKDF");
        Ok(DataKey::from_bytes(&key))
    }
}

impl Protector for SystemdCredential {
    fn name(&self) -> &'static str {
        "systemd-credential"
    }

    fn summary(&self) -> String {
        format!("key from the systemd credential `{}`", self.name)
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, _request: &KeyRequest) -> Result<()> {
        self.path().map(drop)
    }

    fn create(&self, _request: &KeyRequest) -> Result<NewKey> {
        Ok(NewKey { key: self.derive()?, data: self.name.clone().into_bytes() })
    }

    fn fetch(&self, _request: &KeyRequest, _data: &[u8]) -> Result<Vec<DataKey>> {
        Ok(vec![self.derive()?])
    }

    fn rotate(&self, request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<NewKey> {
        Err(not_ours_to_change(request, "its key comes from a systemd credential"))
    }

    fn settle(&self, _request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<()> {
        Ok(())
    }

    fn forget(&self, _request: &KeyRequest, _data: &[u8]) -> Result<()> {
        Ok(())
    }
}
