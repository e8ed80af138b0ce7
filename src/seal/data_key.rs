//! [`DataKey`]: the key that a protector keeps.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use crate::{Result, random};

/// The data key of a cache: 32 bytes of full entropy, wiped when the last clone is dropped.
///
/// It encrypts nothing itself: each write derives a key of its own from it (`docs/format.md`, "Keys").
///
/// # Security
///
/// `Debug` shows nothing of it. Clones share one buffer, so that moving a key leaves no copy behind.
///
/// # Examples
///
/// ```
/// use sealed_cache::DataKey;
///
/// let key = DataKey::generate()?;
/// let same = DataKey::from_bytes(key.expose_bytes());
/// assert_eq!(key.expose_bytes(), same.expose_bytes());
/// assert_eq!(format!("{key:?}"), "DataKey(..)");
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone)]
pub struct DataKey(Arc<Zeroizing<[u8; 32]>>);

impl DataKey {
    /// The number of bytes in a key.
    pub const LENGTH: usize = 32;

    /// A new key from the operating system's random bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the system has no random bytes to give.
    pub fn generate() -> Result<Self> {
        Self::filled(|bytes| random::fill(bytes))
    }

    /// The key of these bytes. Wipe them afterwards.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Self {
        let filled: Result<Self> = Self::filled(|own| {
            own.copy_from_slice(bytes);
            Ok(())
        });
        filled.expect("copying does not fail")
    }

    /// The bytes, for whoever has to keep them.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Filled in place, so that no copy is left on the stack.
    fn filled(fill: impl FnOnce(&mut [u8; Self::LENGTH]) -> Result<()>) -> Result<Self> {
        let mut key = Arc::new(Zeroizing::new([0; Self::LENGTH]));
        fill(Arc::get_mut(&mut key).expect("nobody else has it yet"))?;
        Ok(Self(key))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}
