//! [`KeyOrigin`]: where a key of a ring comes from.

use std::{fmt, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use tokio::{task, time};

use crate::{
    CacheId, DataKey, Deadline, Error, ErrorKind, Passphrase, Prompt, Result,
    protect::{KeyRequest, Protector},
};

/// Where a key of a [`KeyRing`](super::KeyRing) comes from.
///
/// # Examples
///
/// ```
/// use sealed_cache::{DataKey, partition::KeyOrigin};
///
/// let key = KeyOrigin::from(DataKey::generate()?); // 32 bytes that the program has from its vault
/// // A passphrase, and a salt that was made once: 16 random bytes, not secret, the same on every node.
/// let same_everywhere = KeyOrigin::passphrase("correct horse battery staple", *b"0123456789abcdef");
/// # let _ = (key, same_everywhere);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone)]
pub struct KeyOrigin(Origin);

#[derive(Clone)]
enum Origin {
    Key(DataKey),
    Protector { protector: Arc<dyn Protector>, id: CacheId, data: Vec<u8> },
    Source(Arc<dyn KeySource>),
}

/// Gets keys from elsewhere, for example from a key management service that unwraps them.
///
/// ```
/// use async_trait::async_trait;
/// use sealed_cache::{DataKey, Deadline, Result, partition::KeySource};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// #[async_trait]
/// impl KeySource for Vault {
///     async fn key(&self, id: &str, _deadline: &Deadline) -> Result<DataKey> {
///         // Ask the vault for the key of this id.
/// #       let _ = id;
///         Ok(DataKey::from_bytes(&[7; 32]))
///     }
/// }
/// ```
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// The key of this id: always the same one, on every node. It is asked once, when the caches are opened.
    ///
    /// # Errors
    ///
    /// Why it cannot be had.
    async fn key(&self, id: &str, deadline: &Deadline) -> Result<DataKey>;
}

impl KeyOrigin {
    /// The key that Argon2id makes of this passphrase and this salt, as [`Passphrase`] does. The salt is 16 random bytes,
    /// made once, the same on every node, and no secret.
    pub fn passphrase(passphrase: impl Into<String>, salt: [u8; 16]) -> Self {
        let id = CacheId::new("partitions", "passphrase").expect("a good id");
        Self::protector(Passphrase::new(passphrase), id, Passphrase::data_with_salt(salt))
    }

    /// The key that a protector of this crate keeps, under this id. The data are what it said when
    /// [`created`](Self::create) the key; a protector that stores items takes the name of the item.
    pub fn protector(protector: impl Protector, id: CacheId, data: impl Into<Vec<u8>>) -> Self {
        Self(Origin::Protector { protector: Arc::new(protector), id, data: data.into() })
    }

    /// Have a protector make and keep a new key under this id: once, not at every start. What it returns belongs into the
    /// configuration, and is no secret. It may block, for example to ask a person.
    ///
    /// # Errors
    ///
    /// Why the protector cannot.
    pub fn create(protector: &dyn Protector, id: &CacheId, deadline: &Deadline) -> Result<Vec<u8>> {
        Ok(protector.create(&request(id, deadline.clone()))?.data)
    }

    /// The key that this source has under the id of the key.
    pub fn source(source: impl KeySource) -> Self {
        Self(Origin::Source(Arc::new(source)))
    }

    pub(super) async fn key(&self, id: &str, deadline: &Deadline) -> Result<DataKey> {
        match &self.0 {
            Origin::Key(key) => Ok(key.clone()),
            Origin::Source(source) => time::timeout(deadline.remaining(), source.key(id, deadline))
                .await
                .unwrap_or_else(|_| Err(late())),
            Origin::Protector { protector, id, data } => {
                let (protector, data) = (Arc::clone(protector), data.clone());
                let request = request(id, deadline.clone());
                let fetched = task::spawn_blocking(move || protector.fetch(&request, &data));
                match time::timeout(deadline.remaining(), fetched).await {
                    Ok(Ok(keys)) => keys?.into_iter().next().ok_or_else(missing),
                    Ok(Err(failed)) => Err(Error::new(ErrorKind::Cancelled, "the protector did not end")
                        .with_remedy("open the caches before the runtime is shut down")
                        .with_source(failed)),
                    Err(_) => Err(late()),
                }
            }
        }
    }
}

impl From<DataKey> for KeyOrigin {
    fn from(key: DataKey) -> Self {
        Self(Origin::Key(key))
    }
}

fn request(id: &CacheId, deadline: Deadline) -> KeyRequest {
    KeyRequest::new(id.clone(), id.name(), PathBuf::new(), deadline, Prompt::Never)
}

fn missing() -> Error {
    Error::new(ErrorKind::KeyMissing, "the protector has no key for the key ring")
        .with_remedy("make it once with `KeyOrigin::create`")
}

fn late() -> Error {
    Error::new(ErrorKind::KeychainTimeout, "the keys of the key ring did not come in time")
        .with_remedy("look whether what keeps the keys is overloaded or stopped")
}

impl fmt::Debug for KeyOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Origin::Key(_) => "KeyOrigin(key)",
            Origin::Protector { .. } => "KeyOrigin(protector)",
            Origin::Source(_) => "KeyOrigin(source)",
        })
    }
}
