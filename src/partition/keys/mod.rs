//! [`KeyRing`]: the keys that partitions are sealed with.

mod origin;

use std::collections::HashMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use origin::{KeyOrigin, KeySource};

use super::{Namespace, Partition, PartitionName, canonical};
use crate::{DataKey, Deadline, Error, ErrorKind, Result};

const INFO_NAMES: &[u8] = b"sealed-cache partition v1 names";

/// The keys that partitions are sealed with: one seals, all open.
///
/// To change the key, first give every node the new one as [`readable`](Self::readable); then make it the primary one, and
/// the one before readable; then [`rewrap`](super::PartitionedCaches::rewrap), and take the old one out.
///
/// The names of partitions on the engine are made with a key of their own, which never changes: with another one, no
/// partition would be found again. It may be the same as the first key that seals.
///
/// # Examples
///
/// ```
/// use sealed_cache::{DataKey, partition::KeyRing};
///
/// # let (first, second) = (DataKey::generate()?, DataKey::generate()?);
/// let ring = KeyRing::new(first.clone(), "2026-11", first.clone());
/// // Half a year later:
/// let ring = KeyRing::new(first.clone(), "2027-05", second).readable("2026-11", first);
/// # let _ = ring;
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyRing {
    names: KeyOrigin,
    primary: (String, KeyOrigin),
    readable: Vec<(String, KeyOrigin)>,
}

impl KeyRing {
    /// The longest id of a key, in bytes.
    pub const LONGEST_ID: usize = 32;

    /// A ring with the key for the names, and the id and the key that seals. The id is recorded with each partition: 1 to
    /// 32 ASCII letters, digits, `-`, `_` and `.`.
    pub fn new(names: impl Into<KeyOrigin>, id: impl Into<String>, primary: impl Into<KeyOrigin>) -> Self {
        Self { names: names.into(), primary: (id.into(), primary.into()), readable: Vec::new() }
    }

    /// One more key that opens what was sealed with it.
    #[must_use]
    pub fn readable(mut self, id: impl Into<String>, key: impl Into<KeyOrigin>) -> Self {
        self.readable.push((id.into(), key.into()));
        self
    }

    /// Get all keys.
    pub(super) async fn load(&self, deadline: &Deadline) -> Result<Keys> {
        let names = self.names.key("names", deadline).await?;
        let mut keys = HashMap::new();
        for (id, origin) in std::iter::once(&self.primary).chain(&self.readable) {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if !(1..=Self::LONGEST_ID).contains(&id.len()) || !id.bytes().all(is_letter) {
                return Err(mistake("the id of a key is not 1 to 32 ASCII letters, digits, `-`, `_`, `.`"));
            }
            if keys.insert(id.clone(), origin.key(id, deadline).await?).is_some() {
                return Err(mistake("two keys of the key ring have the same id"));
            }
        }
        Ok(Keys::new(&names, self.primary.0.clone(), keys))
    }
}

fn mistake(what: &'static str) -> Error {
    Error::new(ErrorKind::Configuration, what).with_remedy("give each key of the `KeyRing` an id of its own")
}

/// The keys themselves.
pub(super) struct Keys {
    names: Zeroizing<[u8; 32]>,
    primary: String,
    keys: HashMap<String, DataKey>,
}

impl Keys {
    fn new(names: &DataKey, primary: String, keys: HashMap<String, DataKey>) -> Self {
        let mut index = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, names.expose_bytes())
            .expand(INFO_NAMES, &mut *index)
            .expect("32 bytes are few for HKDF");
        Self { names: index, primary, keys }
    }

    pub(super) fn primary(&self) -> (&str, &DataKey) {
        (&self.primary, &self.keys[&self.primary])
    }

    pub(super) fn get(&self, id: &str) -> Option<&DataKey> {
        self.keys.get(id)
    }

    /// `prefix:kind:base64url(HMAC-SHA256(index key, canonical))`.
    pub(super) fn name(&self, namespace: &Namespace, partition: &Partition) -> PartitionName {
        let kind = partition.kind().name();
        let fields = [&namespace.fields()[..], &[kind.as_bytes()], &partition.fields()].concat();
        PartitionName::new(namespace.prefix(), kind, &self.hash(&canonical::of(&fields)))
    }

    /// A keyed hash, as text.
    pub(super) fn hash(&self, bytes: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.names).expect("any length is a key of HMAC");
        mac.update(bytes);
        Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("primary", &self.primary).field("keys", &self.keys.len()).finish()
    }
}
