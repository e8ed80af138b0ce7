//! Ctrl-C: a wait for a lock is given up, and what has begun is brought to a good end. The second Ctrl-C ends the process,
//! which leaves everything whole as well, only perhaps a lock file that the next program takes over.

use std::{sync::OnceLock, thread, time::Duration};

use sealed_cache::{Cancellation, Deadline};
use sealed_cache_platform::interrupt;

use crate::failure::Failure;

#[derive(Debug, Default)]
pub(crate) struct Interrupt(OnceLock<Cancellation>);

impl Interrupt {
    /// From now on: called once what may wait for a person, such as reading standard input, is done.
    fn cancellation(&self) -> &Cancellation {
        self.0.get_or_init(|| {
            let cancellation = Cancellation::new();
            interrupt::listen();
            let to_cancel = cancellation.clone();
            // The thread ends with the process.
            thread::spawn(move || {
                while !interrupt::is_interrupted() {
                    thread::sleep(Duration::from_millis(20));
                }
                to_cancel.cancel();
            });
            cancellation
        })
    }

    pub(crate) fn deadline(&self, wait: Duration) -> Deadline {
        Deadline::after(wait).with_cancellation(self.cancellation().clone())
    }

    /// Between two steps.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let _ = self.cancellation();
        if interrupt::is_interrupted() { Err(Failure::Interrupted) } else { Ok(()) }
    }
}
