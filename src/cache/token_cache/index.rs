//! [`Index`]: from the fields of an entry to the entries that may have them, whatever their number.

use std::{collections::HashMap, hash::BuildHasher};

use foldhash::quality::RandomState;

use super::{document::EntryId, fields::Keys};

/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Chains of entries by a keyed hash of their fields: nobody who writes into a cache can make them collide. Entries
/// that were removed, or whose fields have changed, stay in their chains; who looks an entry up checks its fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    hasher: RandomState,
    heads: HashMap<u64, u32, RandomState>,
    links: Vec<(EntryId, u32)>,
}

impl Index {
    /// What makes the keys of this index.
    pub(super) fn keys(&self) -> Keys {
        Keys::new(self.hasher.build_hasher())
    }

    /// Once is enough: an entry that names a scope many times is not found many times.
    pub(super) fn add(&mut self, key: u64, entry: EntryId) {
        let head = self.heads.entry(key).or_insert(NONE);
        if self.links.get(*head as usize).is_some_and(|(last, _)| *last == entry) {
            return;
        }
        let number = u32::try_from(self.links.len()).expect("fewer links than bytes");
        self.links.push((entry, *head));
        *head = number;
    }

    /// The entries under this key, in order.
    pub(super) fn candidates(&self, key: u64) -> Vec<EntryId> {
        let mut next = self.heads.get(&key).copied().unwrap_or(NONE);
        let mut found: Vec<_> = std::iter::from_fn(|| {
            let (entry, after) = *self.links.get(next as usize)?;
            next = after;
            Some(entry)
        })
        .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
