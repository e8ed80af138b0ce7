//! [`Stamp`]: the state of a file by which a change is noticed.

use std::time::SystemTime;

/// The identity of a file, its size and its time of modification, as one `stat` tells them. Two equal stamps mean an
/// unchanged file, if every change moves the time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    pub(super) identity: (u64, u64),
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

impl Stamp {
    /// The size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The time of modification, as fine as the file system keeps it.
    #[must_use]
    pub const fn modified(&self) -> SystemTime {
        self.modified
    }

    /// Whether both are of the same file, whatever its state.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}
