//! [`SecretBytes`]: a byte buffer that leaves nothing behind, neither when it is dropped nor when it grows.
//!
//! It wipes itself, since `Zeroizing<Vec<u8>>` does so byte by byte, which took a tenth of loading a cache.

use std::{
    fmt, hint,
    io::{self, Read},
    ops::Deref,
};

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Overwrite the stack below the caller, where a function that has returned may have left a secret behind: ciphers keep
/// blocks of plain text there, and hashes parts of a key.
#[inline(never)]
pub(crate) fn wipe_stack() {
    // Deeper than any of these functions goes.
    hint::black_box(&mut [0_u8; 16 * 1024]);
}

/// The plain contents of a cache: bytes that are wiped when dropped, and when the buffer moves to grow.
///
/// It is what a [`SerializableCache`](crate::SerializableCache) serializes into and deserializes from. It implements
/// [`io::Write`], so a serializer can write straight into it without leaving copies behind as a plain `Vec` would.
///
/// # Security
///
/// `Debug` shows the length only. The bytes are not locked into memory: they live for milliseconds.
///
/// # Examples
///
/// ```
/// use sealed_cache::SecretBytes;
/// use std::io::Write;
///
/// let mut bytes = SecretBytes::new();
/// bytes.write_all(b"refresh token")?;
/// assert_eq!(&bytes[..], b"refresh token");
/// assert_eq!(format!("{bytes:?}"), "SecretBytes(13 bytes)");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty buffer that takes so many bytes before it has to move.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Append bytes. Where the buffer has to grow, the old one is wiped.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Make room for so many more bytes. Where the buffer has to move, the old one is wiped.
    pub fn reserve(&mut self, additional: usize) {
        let needed = self.0.len() + additional;
        if needed > self.0.capacity() {
            let mut grown = Self::with_capacity(needed.max(self.0.capacity() * 2).max(256));
            grown.0.extend_from_slice(&self.0);
            // The old buffer is wiped as it is dropped here.
            *self = grown;
        }
    }

    /// Append what this reader has, at most so many bytes: read straight into the buffer, since `std::io::copy` would
    /// leave a copy on the stack.
    pub(crate) fn append_from(
        &mut self,
        reader: &mut (impl Read + ?Sized),
        at_most: usize,
    ) -> io::Result<()> {
        self.reserve(at_most);
        let (mut end, limit) = (self.0.len(), self.0.len() + at_most);
        self.0.resize(limit, 0);
        let outcome = loop {
            match reader.read(&mut self.0[end..limit]) {
                Ok(0) => break Ok(()),
                Ok(more) => end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        // Behind the end there are zeros.
        self.0.truncate(end);
        outcome
    }

    /// The vector itself, for work in place. It must not be made to grow past its capacity while it holds secrets.
    pub(crate) fn as_mut_vec(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The same buffer as text, or as it was if it is not UTF-8; with where it stops to be.
    pub(crate) fn into_text(mut self) -> Result<SecretString, (Self, usize)> {
        match String::from_utf8(std::mem::take(&mut self.0)) {
            Ok(text) => Ok(SecretString(text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                Err((Self::from(error.into_bytes()), valid))
            }
        }
    }

    /// Wipe the contents and keep the buffer.
    pub fn clear(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.truncate(0);
    }
}

/// All of the buffer, also behind the end of the contents.
impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.spare_capacity_mut().zeroize();
    }
}

impl ZeroizeOnDrop for SecretBytes {}

/// Takes the vector over as it is, without a copy.
impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Copies the bytes.
impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Clone for SecretBytes {
    fn clone(&self) -> Self {
        Self::from(&self[..])
    }
}

impl Deref for SecretBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for SecretBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl io::Write for SecretBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.len())
    }
}

/// The same as text that stays as it is.
#[derive(Clone, Default)]
pub(crate) struct SecretString(String);

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Deref for SecretString {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for SecretString {
    fn drop(&mut self) {
        drop(SecretBytes(std::mem::take(&mut self.0).into_bytes()));
    }
}

impl ZeroizeOnDrop for SecretString {}
