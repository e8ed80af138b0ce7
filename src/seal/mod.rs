//! The sealed format: header, key derivation, AES-256-GCM. `docs/format.md` is its specification.
//!
//! Bytes in, bytes out: nothing here knows of files, keychains or caches.

mod data_key;
mod derive;
mod header;
mod sealed;

pub use data_key::DataKey;
pub(crate) use header::{Facts, Header, Lineage};
pub(crate) use sealed::Sealed;

#[cfg(test)]
mod tests;

use crate::{Error, ErrorKind};

/// The file is not what was written. All the ways of being damaged are one kind, so that an error is no oracle.
pub(crate) fn damaged(how: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Damaged, format!("the sealed file is damaged: {how}"))
        .with_remedy("restore it from a backup, or let the program start over (`OnUnreadable::StartEmpty`)")
}
