//! [`History`]: what a handle has seen of its file, so that an older one put back in its place is noticed.

use crate::{
    Error, ErrorKind, Result,
    seal::{Header, Lineage},
};

/// How many earlier caches of the same name are remembered.
const REMEMBERED: usize = 64;

/// The lineage (a cache, from its creation to its removal) and the generation (its count of saves) last seen.
#[derive(Debug, Default)]
pub(super) struct History {
    current: Option<Seen>,
    /// The header that was last opened with its contents, or written: what it says is authentic.
    authentic: Option<Header>,
    ended: Vec<Lineage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    lineage: Lineage,
    generation: u64,
}

impl History {
    /// What was seen last, to be compared with what is seen later.
    pub(super) const fn current(&self) -> Option<Seen> {
        self.current
    }

    /// A file with this header is there and opens: is that the one we know or a later one?
    pub(super) fn see(&mut self, header: &Header) -> Result<()> {
        let facts = header.facts();
        if let Some(current) = self.current
            && current.lineage == facts.lineage
            && facts.generation < current.generation
        {
            let (found, seen) = (facts.generation, current.generation);
            return Err(rolled_back(&format!("save number {found}, and {seen} was seen")));
        }
        if self.ended.contains(&facts.lineage) {
            return Err(rolled_back("a cache that was cleared"));
        }
        self.wrote(header);
        Ok(())
    }

    /// We wrote this ourselves.
    pub(super) fn wrote(&mut self, header: &Header) {
        let seen = Seen { lineage: header.facts().lineage, generation: header.facts().generation };
        if self.current.is_some_and(|current| current.lineage != seen.lineage) {
            self.nothing_is_there();
        }
        self.current = Some(seen);
        self.authentic = Some(header.clone());
    }

    /// Whether this header is the one that was last opened with its contents, or written.
    pub(super) fn is_authentic(&self, header: &Header) -> bool {
        self.authentic.as_ref() == Some(header)
    }

    /// There was no file, some time after this was seen last. Another thread may have made one meanwhile.
    pub(super) fn nothing_was_there(&mut self, since: Option<Seen>) {
        if self.current == since {
            self.nothing_is_there();
        }
    }

    /// The cache was cleared: what comes next is another one.
    pub(super) fn nothing_is_there(&mut self) {
        self.authentic = None;
        if let Some(current) = self.current.take() {
            if self.ended.len() == REMEMBERED {
                self.ended.remove(0);
            }
            self.ended.push(current.lineage);
        }
    }
}

fn rolled_back(which: &str) -> Error {
    Error::new(ErrorKind::RolledBack, format!("an older file was put in the place of the cache: {which}"))
        .with_remedy("if that was on purpose, restart the program; if not, somebody replaced the file")
}
