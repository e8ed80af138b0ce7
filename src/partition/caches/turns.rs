//! [`Turns`]: one at a time for each partition, in this process, in the order of arrival.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Mutex as Queue, OwnedMutexGuard},
    time,
};

use super::super::PartitionName;
use crate::Deadline;

type Queues = Arc<Mutex<HashMap<PartitionName, Arc<Queue<()>>>>>;

/// Without it, tasks of one process would mostly run into each other's writes. Between nodes there is compare-and-set.
#[derive(Debug, Default)]
pub(in super::super) struct Turns(Queues);

/// Held while it is one's turn.
#[derive(Debug)]
pub(in super::super) struct Turn {
    // Given back before the place in the queue is.
    _guard: OwnedMutexGuard<()>,
    _place: Place,
}

#[derive(Debug)]
struct Place {
    queues: Queues,
    name: PartitionName,
    /// There until it is dropped.
    queue: Option<Arc<Queue<()>>>,
}

impl Turns {
    /// Wait for the turn; `None` if it does not come before the deadline.
    pub(in super::super) async fn take(&self, name: &PartitionName, deadline: &Deadline) -> Option<Turn> {
        let (place, queue) = self.place(name);
        let waiting = queue.lock_owned();
        let guard = time::timeout(deadline.remaining(), waiting).await.ok()?;
        Some(Turn { _guard: guard, _place: place })
    }

    fn place(&self, name: &PartitionName) -> (Place, Arc<Queue<()>>) {
        let queue = Arc::clone(lock(&self.0).entry(name.clone()).or_default());
        let place =
            Place { queues: Arc::clone(&self.0), name: name.clone(), queue: Some(Arc::clone(&queue)) };
        (place, queue)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = lock(&self.queues);
        // Given back while the map is locked: of two that go at the same time, one is the last to look.
        drop(self.queue.take());
        // Only the map's: nobody else waits. A guard holds one as well, but it is gone before its place is.
        if queues.get(&self.name).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.name);
        }
    }
}

fn lock(queues: &Queues) -> MutexGuard<'_, HashMap<PartitionName, Arc<Queue<()>>>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn nothing_is_left_of_turns_that_are_over() {
        let (turns, name) = (Turns::default(), PartitionName::from_engine("a:account:b".into()));
        let turn = turns.take(&name, &Deadline::after(Duration::from_secs(5))).await;
        assert!(turn.is_some());
        assert!(
            turns.take(&name, &Deadline::after(Duration::from_millis(10))).await.is_none(),
            "it is taken"
        );
        assert_eq!(lock(&turns.0).len(), 1);
        drop(turn);
        assert_eq!(lock(&turns.0).len(), 0);
        drop(turns.take(&name, &Deadline::after(Duration::from_secs(5))).await.unwrap());
        assert_eq!(lock(&turns.0).len(), 0);
    }
    #[test]
    fn nothing_is_left_when_two_go_at_the_same_moment() {
        let (turns, name) = (Turns::default(), PartitionName::from_engine("a:account:b".into()));
        for round in 0..20_000 {
            let [one, other] = [turns.place(&name).0, turns.place(&name).0];
            let meet = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    meet.wait();
                    drop(one);
                });
                meet.wait();
                drop(other);
            });
            assert_eq!(lock(&turns.0).len(), 0, "round {round}");
        }
    }
}
