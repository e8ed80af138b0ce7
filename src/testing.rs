//! For tests of this crate and of yours (feature `testing`): watching file operations and making them fail, and opening a
//! sealed file from memory.

#[cfg(feature = "server")]
pub mod partition_store;

pub use crate::files::{FileObserver, FileStep};
use crate::{CacheId, DataKey, Error, ErrorKind, Result, SecretBytes, seal::Sealed};

/// The contents of a sealed file of this cache, under this key: what a load does, without a file and a protector. For
/// fuzzing the format (`docs/format.md`).
///
/// # Errors
///
/// [`Damaged`](ErrorKind::Damaged), [`UnsupportedVersion`](ErrorKind::UnsupportedVersion),
/// [`OtherOwner`](ErrorKind::OtherOwner) or [`WrongKey`](ErrorKind::WrongKey), as a load of the file.
pub fn open_sealed(file: &[u8], id: &CacheId, key: &DataKey) -> Result<SecretBytes> {
    let sealed = Sealed::read(file, file.len() as u64)?;
    sealed.header().check_owner(id)?;
    if !sealed.header().matches(key) {
        return Err(Error::new(ErrorKind::WrongKey, "the key does not open the sealed file"));
    }
    sealed.open(key)
}
