//! Unix: `kill` with no signal, and what Linux tells in `/proc`.

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), path = "no_proc.rs")]
mod proc;

use std::{ffi::CStr, io, time::Duration};

pub(super) fn is_running(id: u32) -> bool {
    let Some(id) = libc::pid_t::try_from(id).ok().filter(|id| *id > 0) else { return false };
    // SAFETY: signal 0 is none; the call only looks whether it could be sent.
    let found = unsafe { libc::kill(id, 0) } == 0;
    // Any error but this one means that there is a process, which is not ours to signal.
    let exists = found || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH);
    exists && !proc::has_ended(id)
}

pub(super) fn running_for(id: u32) -> Option<Duration> {
    proc::running_for(id)
}

pub(super) fn host_name() -> Option<String> {
    let mut name = [0_u8; 256];
    // SAFETY: the buffer is ours and of this size. Its last byte is not given away, so that the name ends with a zero.
    if unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) } != 0 {
        return None;
    }
    let name = CStr::from_bytes_until_nul(&name).ok()?.to_str().ok()?;
    (!name.is_empty()).then(|| name.to_owned())
}
