//! What the processes of a run said, counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::process::OURS;

/// The sections of a run, by their names, and who overlapped with whom.
pub(crate) struct Tally {
    pub(crate) name: String,
    sections: BTreeMap<String, Section>,
    overlaps: BTreeSet<(String, String)>,
    gave_up: usize,
}

struct Section {
    /// At its end the lock file still was its own.
    held: bool,
    waited: u32,
}

pub(crate) const HEAD: &str = "\
| ours with | sections of ours | of peers | overlaps with ours | between peers | ours lost | peers lost | longest wait of ours | of peers | peers gave up |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

impl Tally {
    pub(crate) fn count(name: &str, lines: &[String]) -> Self {
        let mut tally =
            Self { name: name.into(), sections: BTreeMap::new(), overlaps: BTreeSet::new(), gave_up: 0 };
        lines.iter().for_each(|line| tally.add(line));
        tally
    }

    fn add(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["section", name, held, waited, ref met @ ..] => {
                for other in met {
                    let pair = if name < *other { (name, *other) } else { (*other, name) };
                    self.overlaps.insert((pair.0.into(), pair.1.into()));
                }
                let section = Section { held: held == "1", waited: waited.parse().unwrap() };
                self.sections.insert(name.into(), section);
            }
            ["failed", ..] => self.gave_up += 1,
            _ => panic!("{}: {line}", self.name),
        }
    }

    /// How many sections of ours there were, or of the peers.
    pub(crate) fn sections(&self, ours: bool) -> usize {
        self.of(ours).count()
    }

    fn of(&self, ours: bool) -> impl Iterator<Item = (&String, &Section)> {
        self.sections.iter().filter(move |(name, _)| is_ours(name) == ours)
    }

    /// How many of them had lost their lock file at their end.
    pub(crate) fn lost(&self, ours: bool) -> usize {
        self.of(ours).filter(|(_, section)| !section.held).count()
    }

    pub(crate) fn with_ours(&self) -> Vec<&(String, String)> {
        self.overlaps.iter().filter(|(one, other)| is_ours(one) || is_ours(other)).collect()
    }

    /// Overlaps with ours in which both had their lock file until the end.
    pub(crate) fn unexplained(&self) -> Vec<&(String, String)> {
        let held = |name: &String| self.sections.get(name).is_none_or(|section| section.held);
        self.with_ours().into_iter().filter(|(one, other)| held(one) && held(other)).collect()
    }

    /// In milliseconds.
    pub(crate) fn longest_of_peers(&self) -> u32 {
        self.longest(false)
    }

    fn longest(&self, ours: bool) -> u32 {
        self.of(ours).map(|(_, section)| section.waited).max().unwrap_or_default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_ours = self.with_ours().len();
        write!(
            f,
            "| {} | {} | {} | {with_ours} | {} | {} | {} | {} ms | {} ms | {} |",
            self.name,
            self.sections(true),
            self.sections(false),
            self.overlaps.len() - with_ours,
            self.lost(true),
            self.lost(false),
            self.longest(true),
            self.longest(false),
            self.gave_up
        )
    }
}

fn is_ours(name: &str) -> bool {
    name.split('.').next() == Some(OURS.name)
}
