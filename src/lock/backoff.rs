//! How often to look again while the system waits for a lock that another process has.

use std::time::Duration;

/// The first pause: longer than most saves take, so that few waits need a second look.
const FIRST: Duration = Duration::from_millis(8);
/// The longest pause: the bound on how late a free lock is noticed where the system does not wake who waits for it.
const LONGEST: Duration = Duration::from_millis(256);

/// Pauses that grow from 8 to 256 milliseconds.
///
/// Only a precaution, since a [`Waiter`](super::waiter::Waiter) is woken by the system. Measured
/// (`cargo bench --bench speed -- hand-over contention`): a waiter has the lock 0.2 ms after it is given back (0.05 ms is
/// what the system takes to wake a process), and behind a network call of 2 s wakes 6 times a second. Mere polling with
/// pauses of 0.5 to 8 ms took 3.5 ms, at 164 times a second, and of sixteen processes that paused up to 10 ms between
/// updates, one waited 220 ms where now it is 32 ms, and 22 ms at the floor.
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) const fn new() -> Self {
        Self(FIRST)
    }

    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        pause
    }
}
