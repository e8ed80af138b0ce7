//! Reads the file in which Go's azidentity keeps a cache on Linux.
//!
//! It is a JWE in compact form ([RFC 7516](https://www.rfc-editor.org/rfc/rfc7516)): five texts of base64url between dots,
//! of which the second is empty. Header, initialization vector, contents and tag are encrypted and authenticated with
//! A128CBC-HS256 ([RFC 7518, 5.2](https://www.rfc-editor.org/rfc/rfc7518#section-5.2)), except that the associated data,
//! which should be the header, is empty. The key is in the kernel keyring, under the name of the cache.

#[cfg(test)]
mod tests;

use aes_gcm::aes::Aes128;
use base64ct::{Base64UrlUnpadded, Encoding};
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7},
};
use hmac::{Hmac, KeyInit, Mac};
use sealed_cache_platform::kernel_keyring;
use sha2::Sha256;

use crate::{Error, ErrorKind, Result, SecretBytes, protect::kernel_keyring::error, secret::wipe_stack};

/// In bytes: of the initialization vector, of the tag, and of each half of the key.
const BLOCK: usize = 16;

/// The contents of this file, which is the cache of that name. An empty file is none: Go takes it for no cache.
///
/// # Errors
///
/// - [`Damaged`](ErrorKind::Damaged) if it is no such file, or a part of one;
/// - [`UnsupportedVersion`](ErrorKind::UnsupportedVersion) if it is encrypted in another way;
/// - [`KeyMissing`](ErrorKind::KeyMissing) if the kernel does not have the key, as after a restart;
/// - [`WrongKey`](ErrorKind::WrongKey) if the key is another, or the file was altered: the tag tells no difference;
/// - [`KeychainUnavailable`](ErrorKind::KeychainUnavailable) if this process cannot ask the kernel.
pub(super) fn open(file: &[u8], name: &str) -> Result<SecretBytes> {
    let sealed = Jwe::parse(file)?;
    let key = kernel_keyring::read_from_any_keyring(name).map_err(error)?;
    sealed.open(&key.ok_or_else(|| key_missing(name))?)
}

/// The parts of a file that is in form.
struct Jwe {
    vector: [u8; BLOCK],
    contents: SecretBytes,
    tag: [u8; BLOCK],
}

impl Jwe {
    fn parse(file: &[u8]) -> Result<Self> {
        let parts: Vec<_> = file.splitn(6, |byte| *byte == b'.').collect();
        let &[header, b"", vector, contents, tag] = &parts[..] else {
            return Err(damaged("it is not five parts, with an empty second one"));
        };
        check_header(&decode(header, "header")?)?;
        let contents = SecretBytes::from(decode(contents, "contents")?);
        if contents.is_empty() || contents.len() % BLOCK != 0 {
            return Err(damaged("its contents are not whole blocks"));
        }
        Ok(Self { vector: block(vector, "initialization vector")?, contents, tag: block(tag, "tag")? })
    }

    /// Check the tag, then decrypt in place.
    fn open(mut self, key: &[u8]) -> Result<SecretBytes> {
        let (tag_key, cipher_key) = halves(key)?;
        let genuine = self.is_genuine(tag_key);
        let decrypted = genuine.and_then(|()| self.decrypt(cipher_key));
        wipe_stack();
        self.contents.as_mut_vec().truncate(decrypted?);
        Ok(self.contents)
    }

    /// The associated data is empty, and so is the length of it, in bits, at the end.
    fn is_genuine(&self, key: &[u8]) -> Result<()> {
        let tag = Hmac::<Sha256>::new_from_slice(key).map_err(|_| not_its_key())?;
        let tag =
            tag.chain_update(self.vector).chain_update(&self.contents).chain_update(0_u64.to_be_bytes());
        // Takes the same time for each wrong tag.
        tag.verify_truncated_left(&self.tag).map_err(|_| not_its_key())
    }

    /// How many bytes are left without the padding.
    fn decrypt(&mut self, key: &[u8]) -> Result<usize> {
        let cipher = Decryptor::<Aes128>::new_from_slices(key, &self.vector).map_err(|_| not_its_key())?;
        let contents = cipher.decrypt_padded::<Pkcs7>(self.contents.as_mut_vec());
        contents.map(<[u8]>::len).map_err(|_| damaged("its contents do not end in a padding"))
    }
}

/// The key of the tag and that of the cipher: half of the key each, which ends with a NUL in the kernel.
fn halves(key: &[u8]) -> Result<(&[u8], &[u8])> {
    match key.split_last() {
        Some((0, key)) if key.len() == 2 * BLOCK => Ok(key.split_at(BLOCK)),
        _ => Err(Error::new(ErrorKind::WrongKey, "the key in the kernel keyring is none of azidentity")
            .with_remedy(
                "look whose it is with `keyctl show`: another program has taken the name of the cache",
            )),
    }
}

fn check_header(header: &[u8]) -> Result<()> {
    let header: serde_json::Value =
        serde_json::from_slice(header).map_err(|_| damaged("its header is not JSON"))?;
    if header["alg"] == "dir" && header["enc"] == "A128CBC-HS256" {
        return Ok(());
    }
    // The values are not secret, but not ours either.
    Err(Error::new(
        ErrorKind::UnsupportedVersion,
        "the file of azidentity is not encrypted with A128CBC-HS256",
    )
    .with_remedy("a later version of this program may know how it is encrypted"))
}

fn decode(part: &[u8], what: &str) -> Result<Vec<u8>> {
    let mut decoded = part.to_vec();
    let length = Base64UrlUnpadded::decode_in_place(&mut decoded).map(<[u8]>::len);
    decoded.truncate(length.map_err(|_| damaged(&format!("its {what} is not base64url")))?);
    Ok(decoded)
}

fn block(part: &[u8], what: &str) -> Result<[u8; BLOCK]> {
    decode(part, what)?.try_into().map_err(|_| damaged(&format!("its {what} does not have {BLOCK} bytes")))
}

fn damaged(how: &str) -> Error {
    Error::new(ErrorKind::Damaged, format!("the file is not one of azidentity, or was altered: {how}"))
        .with_remedy("the Go program replaces it when it signs in the next time")
}

fn not_its_key() -> Error {
    Error::new(ErrorKind::WrongKey, "the file of azidentity was encrypted with another key, or was altered")
        .with_remedy("the Go program replaces it when it signs in the next time")
}

fn key_missing(name: &str) -> Error {
    Error::new(
        ErrorKind::KeyMissing,
        format!("the kernel does not have the key {name:?} of azidentity (any more)"),
    )
    .with_remedy("it is gone after a restart, by design: sign in with the Go program, which makes a new one")
}
