//! [`Doubt`]: what a copy is worth while a write is under way.

use super::{super::PartitionName, Shared};

/// Held while a write is under way. When it is dropped, the copy in this process is forgotten, unless the write was
/// answered: one that nobody waits for any more may be done all the same, and what was read beside it is older.
pub(super) struct Doubt<'a> {
    shared: &'a Shared,
    name: &'a PartitionName,
    is_settled: bool,
}

impl Shared {
    pub(super) const fn doubt<'a>(&'a self, name: &'a PartitionName) -> Doubt<'a> {
        Doubt { shared: self, name, is_settled: false }
    }
}

impl Doubt<'_> {
    /// What was written is known.
    pub(super) fn settle(mut self) {
        self.is_settled = true;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.shared.forget(self.name);
        }
    }
}
