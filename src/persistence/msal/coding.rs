//! [`Coding`]: how the text of a cache lies in a file.

use std::{fmt, sync::Arc};

use sealed_cache_platform::{
    KeychainError,
    dpapi::{self, Scope},
};

use super::{azidentity, item::ItemCall};
use crate::{
    Error, ErrorKind, Result, SecretBytes,
    protect::{BoundedCalls, dpapi::error},
};

/// How the text of a cache lies in a file.
#[derive(Clone)]
pub(super) enum Coding {
    /// As it is.
    Plain,
    /// Protected by DPAPI for this user, with this entropy.
    Dpapi { entropy: Arc<[u8]>, calls: BoundedCalls },
    /// Encrypted by Go's azidentity with the key that the kernel has under this name. To be read only.
    Azidentity { name: String },
}

impl Coding {
    pub(super) fn dpapi(entropy: Vec<u8>) -> Self {
        Self::Dpapi { entropy: entropy.into(), calls: BoundedCalls::default() }
    }

    /// The bytes of the file.
    pub(super) fn encode(&self, text: &SecretBytes, call: &ItemCall) -> Result<SecretBytes> {
        match self {
            Self::Plain => Ok(text.clone()),
            Self::Azidentity { .. } => Err(read_only()),
            Self::Dpapi { entropy, calls } => {
                let (text, entropy) = (text.clone(), Arc::clone(entropy));
                bounded(calls, call, move || {
                    dpapi::protect(&text, &entropy, Scope::User).map(SecretBytes::from)
                })
            }
        }
    }

    /// The text in these bytes. Nothing is nothing: several SDKs make an empty file first.
    pub(super) fn decode(&self, bytes: SecretBytes, call: &ItemCall) -> Result<SecretBytes> {
        match self {
            Self::Dpapi { entropy, calls } if !bytes.is_empty() => {
                let entropy = Arc::clone(entropy);
                bounded(calls, call, move || {
                    dpapi::unprotect(&bytes, &entropy).map(|text| SecretBytes::from(&text[..]))
                })
            }
            Self::Azidentity { name } if !bytes.is_empty() => azidentity::open(&bytes, name),
            _ => Ok(bytes),
        }
    }

    /// Whether a cache can be kept like this here and now.
    pub(super) fn probe(&self, call: &ItemCall) -> Result<()> {
        match self {
            Self::Plain | Self::Azidentity { .. } => Ok(()),
            Self::Dpapi { calls, .. } => bounded(calls, call, || dpapi::probe(Scope::User)),
        }
    }
}

fn read_only() -> Error {
    Error::new(ErrorKind::Configuration, "a cache of azidentity for Go can be read here, and not written")
        .with_remedy("import it into a cache of your own: `PersistedCache::import`")
}

fn bounded<R: Send + 'static>(
    calls: &BoundedCalls,
    call: &ItemCall,
    work: impl FnOnce() -> Result<R, KeychainError> + Send + 'static,
) -> Result<R> {
    calls.call("Windows (DPAPI)", &call.deadline, move || work().map_err(error))
}

impl fmt::Debug for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Dpapi { .. } => "Dpapi",
            Self::Azidentity { .. } => "Azidentity",
        })
    }
}
