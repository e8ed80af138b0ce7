//! Ctrl-C: told to the program instead of ending it, so that it can end at a moment of its own choice.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(any(unix, windows)), path = "unsupported.rs")]
mod system;

use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on, the first Ctrl-C (or the signal to end) only makes [`is_interrupted`] true. The second one ends the
/// process as ever.
pub fn listen() {
    system::listen();
}

/// Whether the program was asked to end since it [listens](listen).
#[must_use]
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Acquire)
}
