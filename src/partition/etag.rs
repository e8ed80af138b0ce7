//! [`Etag`]: which write a stored partition is.

use std::fmt;

use crate::{Result, random};

/// Which write a stored partition is: 128 random bits, chosen by the writer before the write.
///
/// A counter would not do: it begins again after a removal, and does not tell a writer whose write timed out whether it
/// was done.
///
/// ```
/// use sealed_cache::partition::Etag;
///
/// let etag = Etag::generate()?;
/// assert_eq!(Etag::from_bytes(*etag.as_bytes()), etag);
/// assert_ne!(Etag::generate()?, etag);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Etag([u8; Self::LENGTH]);

impl Etag {
    /// In bytes.
    pub const LENGTH: usize = 16;

    /// A new one.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::ErrorKind::Io) if the system has no randomness.
    pub fn generate() -> Result<Self> {
        random::array().map(Self)
    }

    /// The etag of these bytes, as an engine has kept it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The same as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Debug for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Etag({:032x})", u128::from_be_bytes(self.0))
    }
}
