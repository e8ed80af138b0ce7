//! Letting other processes have the lock, too.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How long a process has the lock again and again before it lets others go first.
const SPELL: Duration = Duration::from_millis(10);
/// Longer than it takes the system to wake who waits.
const PAUSE: Duration = Duration::from_micros(100);
/// Who takes the lock again within this time leaves the others no chance.
const AT_ONCE: Duration = Duration::from_millis(1);
/// For how long after a wait of its own a process takes it that there are others.
const MEMORY: Duration = Duration::from_secs(1);

/// Keeps a process that gives the lock back and takes it again at once, over and over, from shutting the others out:
/// the system only wakes them, and then they come too late.
#[derive(Debug, Default)]
pub(super) struct Courtesy(Mutex<Option<Times>>);

#[derive(Clone, Copy, Debug)]
struct Times {
    waited: Instant,
    spell: Instant,
    released: Instant,
}

impl Courtesy {
    /// To be called before an attempt to take the lock.
    pub(super) fn before(&self) {
        let Some(times) = *self.times() else { return };
        let is_due = times.waited.elapsed() < MEMORY
            && times.released.elapsed() < AT_ONCE
            && times.spell.elapsed() > SPELL;
        if is_due {
            thread::sleep(PAUSE);
        }
        if is_due || times.released.elapsed() >= AT_ONCE {
            self.times().iter_mut().for_each(|times| times.spell = Instant::now());
        }
    }

    /// This process had to wait for the lock, and has it.
    pub(super) fn waited(&self) {
        let now = Instant::now();
        *self.times() = Some(Times { waited: now, spell: now, released: now });
    }

    /// This process gave the lock back.
    pub(super) fn released(&self) {
        self.times().iter_mut().for_each(|times| times.released = Instant::now());
    }

    fn times(&self) -> MutexGuard<'_, Option<Times>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
