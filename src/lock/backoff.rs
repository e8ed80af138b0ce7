//! How often to look again while a thread waits for a lock that another process has.

use std::time::Duration;

/// The first pause: longer than a save takes, so that few waits need a second look.
const FIRST: Duration = Duration::from_millis(8);
/// The longest pause: the bound on how late a free lock is noticed where the system does not wake who waits for it.
const LONGEST: Duration = Duration::from_millis(256);

/// Pauses that grow from 8 to 256 milliseconds.
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
