//! Why a lock could not be had, and what that is to be called when the wait is over.

use std::path::Path;

use super::{
    super::errors::{OWN_GUARD, waited},
    sight::{Holder, Sight},
};
use crate::{Deadline, Error};

/// What stood in the way of an attempt.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// A lock file of somebody who may still have it.
    Seen(Sight),
    /// A lock file of somebody who has ended, and yet somebody has it locked.
    Locked(Sight),
    /// Somebody has it open, or it changes faster than we can look.
    Busy,
    /// The system refuses to create or to open it: perhaps it is just being deleted. Should it stay so, this is why.
    Unclear(Error),
    /// It must not be taken over. Somebody may remove it yet; should nobody do so, this is why.
    Refused(Error),
}

impl Obstacle {
    /// The error when this is still in the way at the deadline.
    pub(super) fn at(self, deadline: &Deadline, path: &Path) -> Error {
        match self {
            Self::Refused(error) | Self::Unclear(error) if !deadline.is_cancelled() => error,
            obstacle => {
                let (held, remedy) = obstacle.told();
                waited(deadline, &held, remedy).with_path(path)
            }
        }
    }

    fn told(&self) -> (String, &'static str) {
        match self {
            Self::Seen(sight) => told(&sight.holder),
            Self::Locked(sight) => (
                format!("{}, but somebody still has the file locked", told(&sight.holder).0),
                "a process of another container may hold it: wait for that or end it",
            ),
            _ => (", which some process has open".into(), "wait for that program or end it"),
        }
    }
}

/// The rest of the sentence "waited 1.0 s for the lock", and the remedy.
fn told(holder: &Holder) -> (String, &'static str) {
    match holder {
        Holder::Running(record) if record.is_this_process() => {
            (format!(", held by this very process: {record}"), OWN_GUARD)
        }
        Holder::Running(record) => (
            format!(", held by {record}, which runs"),
            "wait for that program or end it; should it have nothing to do with this cache, its process id was used again \
             and the lock file can be deleted",
        ),
        Holder::Ended(record) => (
            format!(", left behind by {record}, which does not run here any more"),
            "it will be taken over when it is 5 s old: try again",
        ),
        Holder::Elsewhere(record) => (
            format!(", held by pid {} on the machine {}", record.process, record.name),
            "wait for that program or end it; the lock will be taken over when it is 60 s old",
        ),
        Holder::Unknown => (
            ", whose file does not say who holds it".into(),
            "it will be taken over when it is 60 s old: try again",
        ),
    }
}

/// Another thread of this process has the turn.
pub(super) fn no_turn(deadline: &Deadline, path: &Path) -> Error {
    let held = ", which another part of this very process holds or waits for";
    waited(deadline, held, OWN_GUARD).with_path(path)
}
