//! One thread for the calls to a keychain or another protector, so that each has a deadline whatever that does.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use crate::{Deadline, Error, ErrorKind, Result};

/// How much longer than its deadline a call may take, so that the protector's own time-out, which knows more, is
/// heard first.
const GRACE: Duration = Duration::from_millis(100);

type Job = Box<dyn FnOnce() + Send>;

/// Runs calls one after the other on a thread that exists while there are any. A call that never returns costs this
/// one thread; those behind it time out.
#[derive(Clone, Default)]
pub(crate) struct BoundedCalls(Arc<Mutex<Calls>>);

#[derive(Default)]
struct Calls {
    running: bool,
    queue: VecDeque<Job>,
}

impl BoundedCalls {
    /// The result of the call, or [`ErrorKind::KeychainTimeout`] naming `whom` it waited for.
    pub(crate) fn call<R: Send + 'static>(
        &self,
        whom: &str,
        deadline: &Deadline,
        call: impl FnOnce() -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (sender, answer) = mpsc::sync_channel(1);
        let late = deadline.clone();
        self.submit(Box::new(move || {
            // Nobody waits for a call that was still queued at its deadline: do not ask a person in vain.
            if !late.has_passed() {
                let _ = sender.send(call());
            }
        }))?;
        loop {
            match answer.recv_timeout(deadline.nap() + GRACE) {
                Ok(result) => return result,
                Err(mpsc::RecvTimeoutError::Timeout) if !deadline.has_passed() => {}
                Err(mpsc::RecvTimeoutError::Timeout) => return Err(timeout(whom, deadline)),
                Err(mpsc::RecvTimeoutError::Disconnected) if deadline.has_passed() => {
                    return Err(timeout(whom, deadline));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(ErrorKind::Io, format!("{whom} panicked"))
                        .with_remedy("this is a bug of the protector"));
                }
            }
        }
    }

    fn submit(&self, job: Job) -> Result<()> {
        let mut calls = self.calls();
        calls.queue.push_back(job);
        if calls.running {
            return Ok(());
        }
        let this = self.clone();
        let thread = thread::Builder::new().name("sealed-cache-keychain".into());
        if let Err(error) = thread.spawn(move || this.run()) {
            // Reported as failed, it must not be done later.
            calls.queue.pop_back();
            return Err(Error::io("cannot start a thread for the keychain", error));
        }
        calls.running = true;
        Ok(())
    }

    fn run(&self) {
        loop {
            let mut calls = self.calls();
            let Some(job) = calls.queue.pop_front() else {
                calls.running = false;
                return;
            };
            drop(calls);
            // A panic of one call must not take the thread away from the others.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
        }
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for BoundedCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedCalls").finish_non_exhaustive()
    }
}

fn timeout(whom: &str, deadline: &Deadline) -> Error {
    if deadline.is_cancelled() {
        return Error::new(ErrorKind::Cancelled, format!("gave up waiting for {whom}, as the program asked"))
            .with_remedy("nothing was changed; try again");
    }
    Error::new(
        ErrorKind::KeychainTimeout,
        format!("{whom} did not answer within {:.1} s", deadline.waited().as_secs_f32()),
    )
    .with_remedy(
        "look for a question that waits for an answer; if there is none, it hangs. `.keychain_timeout(..)` sets how \
         long to wait",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_never_returns_is_a_timeout_for_it_and_for_those_behind_it() {
        let calls = BoundedCalls::default();
        let soon = || Deadline::after(Duration::from_millis(10));
        let (started, has_started) = mpsc::channel();
        // On a busy machine the first deadline may pass before the call is even made: then it is not made at all.
        while has_started.try_recv().is_err() {
            let started = started.clone();
            let stuck = calls.call::<()>("the test", &soon(), move || {
                let _ = started.send(());
                loop {
                    thread::park();
                }
            });
            assert_eq!(stuck.unwrap_err().kind(), ErrorKind::KeychainTimeout);
        }
        let behind = calls.call("the test", &soon(), || Ok(()));
        assert_eq!(behind.unwrap_err().kind(), ErrorKind::KeychainTimeout);
    }

    #[test]
    fn a_panic_is_an_error_and_the_next_call_works() {
        let calls = BoundedCalls::default();
        let deadline = Deadline::after(Duration::from_secs(20));
        let error = calls.call::<()>("the test", &deadline, || panic!("on purpose")).unwrap_err();
        assert_eq!(error.what(), "the test panicked");
        assert_eq!(calls.call("the test", &deadline, || Ok(7)).unwrap(), 7);
    }
}
