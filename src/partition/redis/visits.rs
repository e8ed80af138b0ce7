//! Visiting all names: where in its scan the engine was, since a name does not tell.
//!
//! Redis walks through its keys by a cursor of its own, in no order. It gives every key that exists throughout at least once;
//! a key may come twice. What was given last leads to the cursor that goes on from there.

use std::{
    cmp::Reverse,
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::super::PartitionName;

/// So many visits go on at a time. The oldest one begins again if there are more.
const KEPT: usize = 64;

/// Where a visit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Of Redis; 0 once it has gone round, and before.
    pub(super) cursor: u64,
    pub(super) has_begun: bool,
    /// Found, and not given yet.
    pub(super) found: VecDeque<PartitionName>,
    /// The connection that it was found on: another one may lead to another server, where the cursor means nothing.
    pub(super) connection: u64,
}

impl Position {
    pub(super) const fn start(connection: u64) -> Self {
        Self { cursor: 0, has_begun: false, found: VecDeque::new(), connection }
    }

    /// Whether Redis has nothing to add to what was found.
    pub(super) const fn is_round(&self) -> bool {
        self.has_begun && self.cursor == 0
    }

    /// How far it is: Redis counts its cursor up from the highest bit.
    fn progress(&self) -> (bool, u64, Reverse<usize>) {
        (self.is_round(), self.cursor.reverse_bits(), Reverse(self.found.len()))
    }
}

/// Where visits are, by the name that each gave last.
#[derive(Debug, Default)]
pub(super) struct Visits(Mutex<VecDeque<(PartitionName, Position)>>);

impl Visits {
    /// Where to go on after this name, on this connection: from the start if that is not known.
    pub(super) fn take(&self, name: Option<&PartitionName>, connection: u64) -> Position {
        let known = name.and_then(|name| remove(&mut self.kept(), name));
        known
            .filter(|position| position.connection == connection)
            .unwrap_or_else(|| Position::start(connection))
    }

    /// A visit has given this name last and is there now. If another one has given it as well, in another place, the place that
    /// leaves nothing out for either of them counts.
    pub(super) fn keep(&self, last: &PartitionName, position: Position) {
        let mut kept = self.kept();
        let other = remove(&mut kept, last).filter(|other| other.connection == position.connection);
        let position = other.filter(|other| other.progress() < position.progress()).unwrap_or(position);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((last.clone(), position));
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(PartitionName, Position)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(kept: &mut VecDeque<(PartitionName, Position)>, name: &PartitionName) -> Option<Position> {
    let index = kept.iter().position(|(last, _)| last == name)?;
    kept.remove(index).map(|(_, position)| position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PartitionName {
        PartitionName::from_engine(text.into())
    }

    fn at(cursor: u64) -> Position {
        Position { cursor, has_begun: true, ..Position::start(1) }
    }

    #[test]
    fn a_visit_goes_on_where_it_was() {
        let visits = Visits::default();
        visits.keep(&name("a"), at(5));
        assert_eq!(visits.take(Some(&name("a")), 1), at(5));
    }

    #[test]
    fn without_a_known_name_a_visit_begins() {
        let visits = Visits::default();
        visits.keep(&name("a"), at(5));
        assert_eq!(visits.take(None, 1), Position::start(1));
        assert_eq!(visits.take(Some(&name("b")), 1), Position::start(1));
        assert_eq!(visits.take(Some(&name("a")), 2), Position::start(2), "the cursor is of another server");
    }

    #[test]
    fn where_two_visits_gave_one_name_neither_leaves_anything_out() {
        // In the order of Redis, 4 comes before 2, and the end after all.
        for (one, other) in [(at(4), at(2)), (at(2), at(0))] {
            for (first, second) in [(&one, &other), (&other, &one)] {
                let visits = Visits::default();
                visits.keep(&name("a"), first.clone());
                visits.keep(&name("a"), second.clone());
                assert_eq!(visits.take(Some(&name("a")), 1), one);
            }
        }
    }

    #[test]
    fn visits_that_nobody_goes_on_with_are_forgotten() {
        let visits = Visits::default();
        (0..=KEPT).for_each(|number| visits.keep(&name(&number.to_string()), at(4)));
        assert_eq!(visits.take(Some(&name("0")), 1), Position::start(1));
        assert_eq!(visits.take(Some(&name("1")), 1), at(4));
    }
}
