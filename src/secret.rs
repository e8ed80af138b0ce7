//! [`SecretBytes`]: a byte buffer that leaves nothing behind, neither when it is dropped nor when it grows.

use std::{fmt, io, ops::Deref};

use zeroize::{Zeroize, Zeroizing};

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
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty buffer that takes so many bytes before it has to move.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
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
            let mut grown = Vec::with_capacity(needed.max(self.0.capacity() * 2).max(256));
            grown.extend_from_slice(&self.0);
            // The old buffer is wiped as it is dropped here.
            self.0 = Zeroizing::new(grown);
        }
    }

    /// The vector itself, for work in place. It must not be made to grow past its capacity while it holds secrets.
    pub(crate) fn as_mut_vec(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// Wipe the contents and keep the buffer.
    pub fn clear(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.truncate(0);
    }
}

/// Takes the vector over as it is, without a copy.
impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// Copies the bytes.
impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
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
