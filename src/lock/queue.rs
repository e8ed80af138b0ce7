//! The fair queue inside one process: threads that want the same lock file get it in the order in which they came.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
};

use super::waiter::Waiter;
use crate::Deadline;

/// All the queues of this process, by the canonical path of the lock file.
static QUEUES: Mutex<BTreeMap<PathBuf, Weak<Queue>>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Waits for other processes, for whoever has the turn.
    waiter: Arc<Waiter>,
}

#[derive(Debug, Default)]
struct State {
    /// Somebody has the turn, or it was granted to somebody who has yet to wake.
    taken: bool,
    granted: Option<u64>,
    next_ticket: u64,
    waiting: VecDeque<(u64, Arc<Condvar>)>,
}

/// The right to use the lock file in this process. Dropped: the next in the queue has it.
#[derive(Debug)]
pub(super) struct Turn(Arc<Queue>);

impl Queue {
    /// The queue of this lock file; the same one for every handle in the process.
    pub(super) fn of(path: &Path) -> Arc<Self> {
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(path).and_then(Weak::upgrade) {
            return queue;
        }
        queues.retain(|_, queue| queue.strong_count() > 0);
        let queue = Arc::new(Self::default());
        queues.insert(path.to_path_buf(), Arc::downgrade(&queue));
        queue
    }

    /// Wait for the turn, behind everybody who came before. `None` when the deadline passed first.
    pub(super) fn enter(self: &Arc<Self>, deadline: &Deadline) -> Option<Turn> {
        let mut state = self.state();
        if !state.taken {
            state.taken = true;
            return Some(Turn(Arc::clone(self)));
        }
        let ticket = state.next_ticket;
        let bell = Arc::new(Condvar::new());
        state.next_ticket += 1;
        state.waiting.push_back((ticket, Arc::clone(&bell)));
        loop {
            if state.granted == Some(ticket) {
                state.granted = None;
                return Some(Turn(Arc::clone(self)));
            }
            if deadline.has_passed() {
                state.waiting.retain(|(waiting, _)| *waiting != ticket);
                return None;
            }
            state = bell.wait_timeout(state, deadline.nap()).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) const fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn leave(&self) {
        let mut state = self.state();
        if let Some((ticket, bell)) = state.waiting.pop_front() {
            state.granted = Some(ticket);
            bell.notify_one();
        } else {
            state.taken = false;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that could panic runs while it is held, so a poisoned state is still a true one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Whether it is a turn of this queue.
    pub(super) fn is_of(&self, queue: &Arc<Queue>) -> bool {
        Arc::ptr_eq(&self.0, queue)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(20))
    }

    fn waiting(queue: &Queue) -> usize {
        queue.state().waiting.len()
    }

    #[test]
    fn threads_get_the_turn_in_the_order_in_which_they_came() {
        let queue = Arc::new(Queue::default());
        let first = queue.enter(&soon()).expect("nobody else");
        let (sender, order) = mpsc::channel();
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let (queue, sender) = (Arc::clone(&queue), sender.clone());
                let before = waiting(&queue);
                let thread = {
                    let queue = Arc::clone(&queue);
                    thread::spawn(move || {
                        let _turn = queue.enter(&soon()).expect("in time");
                        sender.send(number).expect("the test listens");
                    })
                };
                while waiting(&queue) == before {
                    thread::yield_now();
                }
                thread
            })
            .collect();
        drop(first);
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(order.try_iter().collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn who_gives_up_leaves_the_queue() {
        let queue = Arc::new(Queue::default());
        let turn = queue.enter(&soon());
        assert!(queue.enter(&Deadline::after(Duration::from_millis(5))).is_none());
        assert_eq!(waiting(&queue), 0);
        drop(turn);
        assert!(queue.enter(&Deadline::after(Duration::ZERO)).is_some());
    }

    #[test]
    fn one_queue_a_path() {
        let path = Path::new("/nowhere/one_queue_a_path.lock");
        let queue = Queue::of(path);
        assert!(Arc::ptr_eq(&queue, &Queue::of(path)));
        assert!(!Arc::ptr_eq(&queue, &Queue::of(Path::new("/nowhere/another.lock"))));
    }
}
