//! A fresh key for each write, and the commitment that tells a wrong key from a damaged file.

use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::DataKey;

/// Random for each write, so that no key is used twice, even where a restored backup makes the generations repeat.
pub(super) const SALT: usize = 32;
pub(super) const COMMITMENT: usize = 32;

const INFO_KEY: &[u8] = b"sealed-cache v1 key";
const INFO_COMMITMENT: &[u8] = b"sealed-cache v1 commitment";

/// `HKDF-SHA256(salt, data key)`, [RFC 5869](https://www.rfc-editor.org/rfc/rfc5869).
pub(super) struct Derived(Hkdf<Sha256>);

impl Derived {
    pub(super) fn new(key: &DataKey, salt: &[u8; SALT]) -> Self {
        Self(Hkdf::new(Some(salt), key.expose_bytes()))
    }

    /// Tells which data key was used, and nothing about it.
    pub(super) fn commitment(&self) -> [u8; COMMITMENT] {
        let mut commitment = [0; COMMITMENT];
        self.0.expand(INFO_COMMITMENT, &mut commitment).expect("32 bytes are few for HKDF");
        commitment
    }

    /// AES-256-GCM under the key of this write.
    pub(super) fn cipher(&self) -> Aes256Gcm {
        let mut key = Zeroizing::new([0; 32]);
        self.0.expand(INFO_KEY, &mut *key).expect("32 bytes are few for HKDF");
        Aes256Gcm::new((&*key).into())
    }
}
