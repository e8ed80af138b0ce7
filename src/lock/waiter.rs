//! Waiting in the system for a lock that another process has, with a deadline that the system does not know.

use std::{
    fs::File,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// The thread that waits for a lock file: at most one in a process for each.
///
/// The system's blocking lock has no deadline, so a thread of its own waits in it and hands the locked file over. When
/// the deadline passes, it stays: it serves the next who wants the lock, and if there is none, gives the lock back as
/// soon as it has it.
#[derive(Debug, Default)]
pub(super) struct Waiter {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_waiting: bool,
    is_wanted: bool,
    arrived: Option<io::Result<File>>,
}

/// Somebody wants the lock file. Dropped: nobody does any more. There is one at a time, whose turn it is.
pub(super) struct Want<'a>(&'a Arc<Waiter>);

impl Waiter {
    pub(super) fn want(self: &Arc<Self>) -> Want<'_> {
        self.state().is_wanted = true;
        Want(self)
    }

    fn start(self: &Arc<Self>, file: File) -> io::Result<()> {
        let this = Arc::clone(self);
        thread::Builder::new()
            .name("sealed-cache-lock".into())
            .spawn(move || this.wait_and_hand_over(file))?;
        Ok(())
    }

    fn wait_and_hand_over(&self, file: File) {
        let locked = loop {
            match file.lock() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome.map(|()| file),
            }
        };
        let mut state = self.state();
        state.is_waiting = false;
        if state.is_wanted {
            state.arrived = Some(locked);
            self.arrived.notify_one();
        } else {
            give_back(locked);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that could panic runs while it is held, so a poisoned state is still a true one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Want<'_> {
    /// The locked file, if it arrives within this time. `file` is what to wait for, unless a thread waits already.
    ///
    /// Where no thread can be started, this is a mere pause.
    pub(super) fn wait(&self, file: File, at_most: Duration) -> Option<io::Result<File>> {
        let mut state = self.0.state();
        if !state.is_waiting && state.arrived.is_none() {
            state.is_waiting = self.0.start(file).is_ok();
        }
        let is_missing = |state: &mut State| state.arrived.is_none();
        let waited = self.0.arrived.wait_timeout_while(state, at_most, is_missing);
        waited.unwrap_or_else(PoisonError::into_inner).0.arrived.take()
    }
}

impl Drop for Want<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_wanted = false;
        if let Some(locked) = state.arrived.take() {
            give_back(locked);
        }
    }
}

fn give_back(locked: io::Result<File>) {
    // Closing would unlock it too, but not while a forked child still has the file open.
    let _ = locked.and_then(|file| file.unlock());
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Instant};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// To the system, every opened file is a holder of its own, as another process would be.
    fn opened(path: &Path) -> File {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .expect("a temporary file")
    }

    fn locked(path: &Path) -> File {
        let file = opened(path);
        file.lock().expect("nobody else has it");
        file
    }

    /// Until the file is free.
    fn is_soon_free(path: &Path) -> bool {
        let (file, start) = (opened(path), Instant::now());
        while file.try_lock().is_err() && start.elapsed() < LONG {
            thread::sleep(Duration::from_millis(1));
        }
        start.elapsed() < LONG
    }

    #[test]
    fn the_file_arrives_when_its_holder_gives_it_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("lock");
        let (waiter, holder) = (Arc::new(Waiter::default()), locked(&path));
        let want = waiter.want();
        assert!(want.wait(opened(&path), Duration::from_millis(20)).is_none());
        drop(holder);
        let arrived = want.wait(opened(&path), LONG).expect("it is free").expect("it can be locked");
        assert!(opened(&path).try_lock().is_err());
        drop(arrived);
    }

    #[test]
    fn one_thread_serves_one_want_after_the_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("lock");
        let (waiter, holder) = (Arc::new(Waiter::default()), locked(&path));
        for _ in 0..3 {
            assert!(waiter.want().wait(opened(&path), Duration::from_millis(2)).is_none());
            // The thread that waits, and this.
            assert_eq!(Arc::strong_count(&waiter), 2);
        }
        let want = waiter.want();
        drop(holder);
        want.wait(opened(&path), LONG).expect("it is free").expect("it can be locked");
    }

    #[test]
    fn a_lock_that_nobody_wants_any_more_is_given_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("lock");
        let (waiter, holder) = (Arc::new(Waiter::default()), locked(&path));
        assert!(waiter.want().wait(opened(&path), Duration::from_millis(2)).is_none());
        drop(holder);
        assert!(is_soon_free(&path));
    }

    #[test]
    fn a_lock_that_arrived_and_is_not_taken_is_given_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("lock");
        let (waiter, holder) = (Arc::new(Waiter::default()), locked(&path));
        let want = waiter.want();
        assert!(want.wait(opened(&path), Duration::from_millis(2)).is_none());
        drop(holder);
        while waiter.state().arrived.is_none() {
            thread::yield_now();
        }
        drop(want);
        assert!(is_soon_free(&path));
    }
}
