//! Unix: `SIGINT` and `SIGTERM`.

use std::{mem, ptr, sync::atomic::Ordering};

use super::INTERRUPTED;

extern "C" fn note(_signal: libc::c_int) {
    // A store is all that is done here, and that is safe in a handler.
    INTERRUPTED.store(true, Ordering::Release);
}

pub(super) fn listen() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the structure is plain data, for which zeros are valid.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        action.sa_sigaction = note as *const () as libc::sighandler_t;
        // Once: the next one does what it does by default. Calls that were interrupted go on.
        action.sa_flags = libc::SA_RESETHAND | libc::SA_RESTART;
        // SAFETY: the structure is complete, and the handler does nothing that is not allowed in one.
        unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    }
}
