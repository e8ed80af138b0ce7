//! The deadline of a call: a `GCancellable` that a thread cancels when the time has come.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Instant,
};

use super::{
    api::{Api, Gobject},
    failure::Failure,
    owned::Owned,
};

/// Cancels what was started with its cancellable at the deadline. When it is dropped its thread has ended.
pub(super) struct Timer {
    cancellable: Owned<Gobject>,
    thread: Option<(mpsc::Sender<()>, thread::JoinHandle<()>)>,
}

impl Timer {
    pub(super) fn start(api: &'static Api, deadline: Instant) -> Result<Self, Failure> {
        if deadline <= Instant::now() {
            return Err(Failure::late("the call"));
        }
        // SAFETY: it has no preconditions, and returns a new reference.
        let cancellable = unsafe { Owned::take_new(api, (api.g_cancellable_new)()) };
        let ours = Shared(cancellable.clone());
        let (ended, end) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("sealed-cache-timer".into())
            .spawn(move || cancel_at(deadline, &end, &ours))
            .map_err(|error| Failure::failed(format!("cannot start a thread for the deadline: {error}")))?;
        Ok(Self { cancellable, thread: Some((ended, thread)) })
    }

    /// To give to a GLib function, which then ends at the deadline.
    pub(super) const fn cancellable(&self) -> *mut Gobject {
        self.cancellable.as_ptr()
    }

    /// Whether the deadline has passed.
    pub(super) fn has_fired(&self) -> bool {
        // SAFETY: the cancellable is valid.
        unsafe { (self.cancellable.api.g_cancellable_is_cancelled)(self.cancellable.as_ptr()) != 0 }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((ended, thread)) = self.thread.take() {
            drop(ended); // wakes the thread
            let _ = thread.join();
        }
    }
}

/// A cancellable in the hands of the timer's thread.
struct Shared(Owned<Gobject>);

// SAFETY: references of a GObject are counted atomically, and GCancellable is documented as thread-safe: being
// cancelled from another thread is its purpose.
unsafe impl Send for Shared {}

fn cancel_at(deadline: Instant, end: &mpsc::Receiver<()>, cancellable: &Shared) {
    let left = deadline.saturating_duration_since(Instant::now());
    if end.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
        let object = &cancellable.0;
        // SAFETY: the cancellable is valid.
        unsafe { (object.api.g_cancellable_cancel)(object.as_ptr()) }
    }
}
