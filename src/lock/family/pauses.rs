//! How often to look again while another process has the lock.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Deadline, random};

/// The first pause: a lock is mostly held for some milliseconds.
const FIRST: Duration = Duration::from_millis(10);
/// The longest one. The others of the family look every 100 to 250 milliseconds: who looked much more often would always
/// be faster than they are, and Python gives up after 5 s.
const LONGEST: Duration = Duration::from_millis(100);

/// Pauses that grow from 10 to 100 milliseconds, each shortened by up to a quarter, so that those who wait together do not
/// look together.
#[derive(Debug)]
pub(super) struct Pauses(Duration);

impl Pauses {
    pub(super) const fn new() -> Self {
        Self(FIRST)
    }

    /// Pause, but not beyond the deadline.
    pub(super) fn pause(&mut self, deadline: &Deadline) {
        let until = Instant::now() + self.next();
        while let left = until.saturating_duration_since(Instant::now())
            && !left.is_zero()
            && !deadline.has_passed()
        {
            thread::sleep(left.min(deadline.nap()));
        }
    }

    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        // Without random bytes, there are waits that look together: no harm.
        let [random] = random::array().unwrap_or_default();
        pause - pause * u32::from(random) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancellation;

    #[test]
    fn they_grow_to_the_longest_and_stay_there() {
        let mut pauses = Pauses::new();
        let list: Vec<_> = (0..20).map(|_| pauses.next()).collect();
        assert!(list[0] <= FIRST && list[0] >= FIRST * 3 / 4, "{list:?}");
        assert!(list[10..].iter().all(|pause| *pause <= LONGEST && *pause >= LONGEST * 3 / 4), "{list:?}");
        assert!(list[10..].iter().any(|pause| *pause != list[10]), "no two may wait in step: {list:?}");
    }

    #[test]
    fn no_pause_goes_beyond_the_deadline() {
        let mut pauses = Pauses(Duration::from_secs(100));
        let started = Instant::now();
        pauses.pause(&Deadline::after(Duration::from_millis(5)));
        let cancellation = Cancellation::new();
        cancellation.cancel();
        pauses.pause(&Deadline::after(Duration::from_secs(100)).with_cancellation(cancellation));
        assert!(started.elapsed() < Duration::from_secs(50));
    }
}
