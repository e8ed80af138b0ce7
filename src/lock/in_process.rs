//! A lock between the threads of one process, for stores that no other process can reach.

use std::sync::Arc;

use super::queue::{Queue, Turn};
use crate::Deadline;

/// The fair queue without a file behind it.
#[derive(Debug, Default)]
pub(crate) struct InProcessLock(Arc<Queue>);

/// The proof that it is held.
#[derive(Debug)]
pub(crate) struct InProcessGuard(Turn);

impl InProcessLock {
    /// The guard, or `None` at the deadline.
    pub(crate) fn acquire(&self, deadline: &Deadline) -> Option<InProcessGuard> {
        self.0.enter(deadline).map(InProcessGuard)
    }

    /// Whether this guard is one of this lock.
    pub(crate) fn is_held_by(&self, guard: &InProcessGuard) -> bool {
        guard.0.is_of(&self.0)
    }
}
