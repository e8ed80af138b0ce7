//! [`Dpapi`]: the key lies in the header of the file, wrapped by Windows.

use sealed_cache_platform::{
    KeychainError,
    dpapi::{self, Scope},
};

use super::{KeyLifetime, KeyRequest, NewKey, Protector, keychain_error};
use crate::{Error, ErrorKind, Result, seal::DataKey};

/// What makes the entropy one of ours (`docs/format.md`, "Protectors").
const ENTROPY: &str = "sealed-cache:";

/// Wraps the data key with the [Data Protection API] of Windows. The default there.
///
/// The wrapped key is in the header of the sealed file, so there is nothing else to keep or to remove. Windows opens it
/// for the user who wrapped it, on this machine (with a roaming profile, wherever that user logs on). It never shows a
/// dialog.
///
/// After a change of the password the cache still opens. After an administrator has *reset* the password of a local
/// account, or the profile was lost, it does not: that is [`WrongKey`](ErrorKind::WrongKey), and the file is untouched.
///
/// # Security
///
/// The master key is encrypted with the log-on password. Every program of the same user can unwrap the key. That user is
/// the one of the process: a thread that impersonates another is not asked for.
///
/// [Data Protection API]: https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
#[derive(Clone, Debug)]
pub struct Dpapi(Scope);

impl Dpapi {
    /// For this user.
    #[must_use]
    pub const fn new() -> Self {
        Self(Scope::User)
    }

    /// For every user of this machine: for a service whose cache several accounts open.
    ///
    /// This is weaker: any program on the machine that can read the file can open it. So its name in the header is
    /// another one, and neither opens what the other has sealed.
    #[must_use]
    pub const fn for_every_user_of_this_machine() -> Self {
        Self(Scope::Machine)
    }

    /// Wrap the key, and prove that it unwraps before anything is sealed with it.
    fn wrap(&self, request: &KeyRequest, key: DataKey) -> Result<NewKey> {
        let data = dpapi::protect(key.expose_bytes(), &entropy(request), self.0).map_err(error)?;
        if unwrap(request, &data)?.expose_bytes() != key.expose_bytes() {
            return Err(Error::new(ErrorKind::Io, "Windows (DPAPI) returned another key than it was given")
                .with_remedy("look into the event log, source Crypto-DPAPI"));
        }
        Ok(NewKey { key, data })
    }
}

impl Default for Dpapi {
    fn default() -> Self {
        Self::new()
    }
}

impl Protector for Dpapi {
    fn name(&self) -> &'static str {
        match self.0 {
            Scope::User => "dpapi",
            Scope::Machine => "dpapi-machine",
        }
    }

    fn summary(&self) -> String {
        match self.0 {
            Scope::User => "key wrapped by Windows (DPAPI) for this user".into(),
            Scope::Machine => "key wrapped by Windows (DPAPI) for every user of this machine".into(),
        }
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, _request: &KeyRequest) -> Result<()> {
        dpapi::probe(self.0).map_err(error)
    }

    fn create(&self, request: &KeyRequest) -> Result<NewKey> {
        self.wrap(request, DataKey::generate()?)
    }

    fn fetch(&self, request: &KeyRequest, data: &[u8]) -> Result<Vec<DataKey>> {
        Ok(vec![unwrap(request, data)?])
    }

    fn rotate(&self, request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<NewKey> {
        self.create(request)
    }

    fn settle(&self, _request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<()> {
        Ok(())
    }

    fn forget(&self, _request: &KeyRequest, _data: &[u8]) -> Result<()> {
        Ok(())
    }
}

fn unwrap(request: &KeyRequest, data: &[u8]) -> Result<DataKey> {
    let secret = dpapi::unprotect(data, &entropy(request)).map_err(error)?;
    let key = <&[u8; DataKey::LENGTH]>::try_from(&secret[..]).map_err(|_| {
        Error::new(ErrorKind::WrongKey, "what Windows (DPAPI) unwrapped is not one of our keys")
            .with_remedy("restore the file from a backup, or move it away to start over")
    })?;
    Ok(DataKey::from_bytes(key))
}

/// So that what one application has wrapped does not serve in the file of another. It is no secret.
fn entropy(request: &KeyRequest) -> Vec<u8> {
    [ENTROPY, request.id.application()].concat().into_bytes()
}

/// What DPAPI said, as an error of ours.
pub(crate) fn error(error: KeychainError) -> Error {
    keychain_error("Windows (DPAPI)", error, remedy)
}

const fn remedy(error: &KeychainError) -> &'static str {
    match error {
        KeychainError::Unavailable(_) => {
            "load the profile of the user that the program runs as, and try again"
        }
        KeychainError::Locked(_) => {
            "log on with the user's password, or name another protector for this program"
        }
        KeychainError::CannotOpen(_) => {
            "open it as the user, and on the machine, that wrote it, or move the file away to start over"
        }
        _ => "look into the event log, source Crypto-DPAPI",
    }
}
