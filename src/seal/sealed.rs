//! [`Sealed`]: a header and an encrypted body, the only bytes that reach a store.

use std::io::Read;

use aes_gcm::{Nonce, aead::AeadInOut, aead::consts::U12};

use super::{
    DataKey, damaged,
    derive::Derived,
    header::{Facts, Header, LARGEST_BODY, TAG, fill},
};
use crate::{Error, ErrorKind, Result, SecretBytes, secret::wipe_stack};

/// The key of a write is never used again, so its nonce is a constant.
const NONCE: [u8; 12] = [0; 12];

/// A cache as it lies in a store: header, encrypted contents, tag.
#[derive(Debug)]
pub(crate) struct Sealed {
    header: Header,
    body: SecretBytes,
    tag: [u8; TAG],
}

impl Sealed {
    /// Encrypt the contents in place, under a key of their own.
    pub(crate) fn seal(contents: SecretBytes, key: &DataKey, facts: Facts) -> Result<Self> {
        let length = contents.len() as u64;
        if length > LARGEST_BODY {
            return Err(Error::new(
                ErrorKind::InvalidContents,
                format!("a cache of {length} bytes is too large"),
            )
            .with_remedy("at most 1 GiB can be sealed"));
        }
        Self::under(Header::new(facts, key, length)?, contents, key)
    }

    pub(super) fn under(header: Header, mut body: SecretBytes, key: &DataKey) -> Result<Self> {
        let tag = Derived::new(key, header.salt())
            .cipher()
            .encrypt_inout_detached(&nonce(), header.bytes(), body.as_mut_vec().as_mut_slice().into())
            .map_err(|_| Error::new(ErrorKind::InvalidContents, "the cache is too large for AES-GCM"))?;
        wipe_stack();
        Ok(Self { header, body, tag: tag.into() })
    }

    /// Read a sealed file of this length. Nothing is decrypted yet.
    pub(crate) fn read(mut reader: impl Read, file_length: u64) -> Result<Self> {
        let header = Header::read(&mut reader, file_length)?;
        let length =
            usize::try_from(header.body()).map_err(|_| damaged("it is too large for this machine"))?;
        let mut body = SecretBytes::from(vec![0; length]);
        fill(&mut reader, body.as_mut_vec())?;
        let mut tag = [0; TAG];
        fill(&mut reader, &mut tag)?;
        Ok(Self { header, body, tag })
    }

    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    /// Check and decrypt in place. The key must [match](Header::matches).
    pub(crate) fn open(mut self, key: &DataKey) -> Result<SecretBytes> {
        let body = self.body.as_mut_vec().as_mut_slice();
        Derived::new(key, self.header.salt())
            .cipher()
            .decrypt_inout_detached(&nonce(), self.header.bytes(), body.into(), &self.tag.into())
            .map_err(|_| damaged("its contents were altered"))?;
        wipe_stack();
        Ok(self.body)
    }

    /// The file, in the order in which it is written.
    pub(crate) fn parts(&self) -> [&[u8]; 3] {
        [self.header.bytes(), &self.body, &self.tag]
    }
}

fn nonce() -> Nonce<U12> {
    NONCE.into()
}
