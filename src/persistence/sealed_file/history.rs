//! [`History`]: what a handle has seen of its file, so that an older one put back in its place is noticed.

use crate::{Error, ErrorKind, Result, seal::Lineage};

/// How many earlier caches of the same name are remembered.
const REMEMBERED: usize = 64;

/// The lineage (a cache, from its creation to its removal) and the generation (its count of saves) last seen.
#[derive(Debug, Default)]
pub(super) struct History {
    current: Option<(Lineage, u64)>,
    ended: Vec<Lineage>,
}

impl History {
    /// A file of this lineage and generation is there and opens: is that the one we know or a later one?
    pub(super) fn see(&mut self, lineage: Lineage, generation: u64) -> Result<()> {
        if let Some((current, seen)) = self.current
            && current == lineage
            && generation < seen
        {
            return Err(rolled_back(&format!("save number {generation}, and {seen} was seen")));
        }
        if self.ended.contains(&lineage) {
            return Err(rolled_back("a cache that was cleared"));
        }
        self.wrote(lineage, generation);
        Ok(())
    }

    /// We wrote this ourselves.
    pub(super) fn wrote(&mut self, lineage: Lineage, generation: u64) {
        if self.current.is_some_and(|(current, _)| current != lineage) {
            self.nothing_is_there();
        }
        self.current = Some((lineage, generation));
    }

    /// The cache was cleared: what comes next is another one.
    pub(super) fn nothing_is_there(&mut self) {
        if let Some((lineage, _)) = self.current.take() {
            if self.ended.len() == REMEMBERED {
                self.ended.remove(0);
            }
            self.ended.push(lineage);
        }
    }
}

fn rolled_back(which: &str) -> Error {
    Error::new(ErrorKind::RolledBack, format!("an older file was put in the place of the cache: {which}"))
        .with_remedy("if that was on purpose, restart the program; if not, somebody replaced the file")
}
