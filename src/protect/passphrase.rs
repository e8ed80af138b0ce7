//! [`Passphrase`]: the key is derived from a passphrase with Argon2id.

use std::{fmt, sync::Arc};

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::{KeyLifetime, KeyRequest, NewKey, Protector};
use crate::{Error, ErrorKind, Result, random, seal::DataKey};

/// Memory in KiB, iterations, lanes for new caches: the second recommended option of RFC 9106, section 4.
const MEMORY: u32 = 64 * 1024;
const ITERATIONS: u32 = 3;
const LANES: u32 = 4;

/// The most that a header may ask for, so that an altered one cannot exhaust the machine: 1 GiB, 64, 64.
const MOST: (u32, u32, u32) = (1024 * 1024, 64, 64);

const SALT: usize = 16;

/// Derives the data key from a passphrase: Argon2id v1.3 ([RFC 9106](https://www.rfc-editor.org/rfc/rfc9106)), 64 MiB,
/// 3 iterations, 4 lanes. Salt and parameters are in the header of the sealed file.
///
/// The derivation takes about a tenth of a second, once for each handle.
///
/// # Security
///
/// The cache is as strong as the passphrase. It is wiped when the protector is dropped.
///
/// # Examples
///
/// ```no_run
/// use sealed_cache::{Json, Passphrase, PersistedCache};
///
/// let passphrase = std::env::var("CONTOSO_CACHE_PASSPHRASE").expect("CONTOSO_CACHE_PASSPHRASE is set");
/// let cache = PersistedCache::<Json<Vec<String>>>::builder("com.contoso.todo")
///     .protector(Passphrase::new(passphrase))
///     .open()?;
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone)]
pub struct Passphrase(Source);

type Closure = dyn Fn() -> Result<Zeroizing<String>> + Send + Sync;

#[derive(Clone)]
enum Source {
    Text(Arc<Zeroizing<String>>),
    Closure(Arc<Closure>),
}

impl Passphrase {
    /// This passphrase, UTF-8, taken byte for byte.
    #[must_use]
    pub fn new(passphrase: impl Into<String>) -> Self {
        Self(Source::Text(Arc::new(Zeroizing::new(passphrase.into()))))
    }

    /// The passphrase that this closure returns, for example after asking a person. It is called once for each
    /// handle, on a thread of its own, and abandoned at the keychain time-out.
    pub fn from_fn(ask: impl Fn() -> Result<Zeroizing<String>> + Send + Sync + 'static) -> Self {
        Self(Source::Closure(Arc::new(ask)))
    }

    /// What a header would say of a key with this salt and the parameters of new caches.
    #[cfg(feature = "server")]
    pub(crate) fn data_with_salt(salt: [u8; 16]) -> Vec<u8> {
        Parameters { salt, memory: MEMORY, iterations: ITERATIONS, lanes: LANES }.encode()
    }

    fn derive(&self, header: &Parameters) -> Result<DataKey> {
        let params =
            Params::new(header.memory, header.iterations, header.lanes, Some(32)).map_err(|_| damaged())?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = Zeroizing::new([0; 32]);
        let passphrase = match &self.0 {
            Source::Text(text) => Arc::clone(text),
            Source::Closure(ask) => Arc::new(ask()?),
        };
        if passphrase.is_empty() {
            return Err(Error::new(ErrorKind::Configuration, "the passphrase is empty")
                .with_remedy("give one that is hard to guess, or choose another protector"));
        }
        argon2.hash_password_into(passphrase.as_bytes(), &header.salt, &mut *key).map_err(|error| {
            Error::new(ErrorKind::Configuration, format!("Argon2id: {error}"))
                .with_remedy("the passphrase is at most 4 GiB long")
        })?;
        Ok(DataKey::from_bytes(&key))
    }

    fn new_key(&self) -> Result<NewKey> {
        let salt = random::array()?;
        let header = Parameters { salt, memory: MEMORY, iterations: ITERATIONS, lanes: LANES };
        Ok(NewKey { key: self.derive(&header)?, data: header.encode() })
    }
}

impl Protector for Passphrase {
    fn name(&self) -> &'static str {
        "passphrase"
    }

    fn summary(&self) -> String {
        "key derived from a passphrase (Argon2id)".into()
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    fn probe(&self, _request: &KeyRequest) -> Result<()> {
        Ok(())
    }

    fn create(&self, _request: &KeyRequest) -> Result<NewKey> {
        self.new_key()
    }

    fn fetch(&self, _request: &KeyRequest, data: &[u8]) -> Result<Vec<DataKey>> {
        Ok(vec![self.derive(&Parameters::decode(data)?)?])
    }

    /// The same passphrase with a new salt is a new key.
    fn rotate(&self, _request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<NewKey> {
        self.new_key()
    }

    fn settle(&self, _request: &KeyRequest, _data: &[u8], _current: &DataKey) -> Result<()> {
        Ok(())
    }

    fn forget(&self, _request: &KeyRequest, _data: &[u8]) -> Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passphrase").finish_non_exhaustive()
    }
}

/// The protector's part of the header: salt, then three big-endian `u32` (`docs/format.md`, "Protectors").
struct Parameters {
    salt: [u8; SALT],
    memory: u32,
    iterations: u32,
    lanes: u32,
}

impl Parameters {
    fn encode(&self) -> Vec<u8> {
        let mut data = self.salt.to_vec();
        for number in [self.memory, self.iterations, self.lanes] {
            data.extend_from_slice(&number.to_be_bytes());
        }
        data
    }

    fn decode(data: &[u8]) -> Result<Self> {
        let (salt, numbers) = data.split_first_chunk::<SALT>().ok_or_else(damaged)?;
        let (numbers, rest) = numbers.as_chunks::<4>();
        let [memory, iterations, lanes] = numbers else { return Err(damaged()) };
        let [memory, iterations, lanes] =
            [memory, iterations, lanes].map(|number| u32::from_be_bytes(*number));
        if !rest.is_empty() || memory > MOST.0 || iterations > MOST.1 || lanes > MOST.2 {
            return Err(damaged());
        }
        Ok(Self { salt: *salt, memory, iterations, lanes })
    }
}

fn damaged() -> Error {
    crate::seal::damaged("the parameters of the passphrase in its header make no sense")
}
