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
