//! Windows: the events of the console.

use std::sync::atomic::Ordering;

use windows_sys::{
    Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler},
    core::BOOL,
};

use super::INTERRUPTED;

/// Runs on a thread of its own. What it does not answer ends the process.
unsafe extern "system" fn note(event: u32) -> BOOL {
    let is_first =
        matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) && !INTERRUPTED.swap(true, Ordering::AcqRel);
    BOOL::from(is_first)
}

pub(super) fn listen() {
    // SAFETY: the handler may be called at any time, and uses nothing but one atomic.
    unsafe { SetConsoleCtrlHandler(Some(note), 1) };
}
