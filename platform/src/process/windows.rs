//! Windows: handles of processes.

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
    time::Duration,
};

use windows_sys::Win32::{
    Foundation::{ERROR_INVALID_PARAMETER, FILETIME, STILL_ACTIVE},
    System::{
        SystemInformation::{ComputerNameDnsHostname, GetComputerNameExW, GetSystemTimeAsFileTime},
        Threading::{GetExitCodeProcess, GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION},
    },
};

pub(super) fn is_running(id: u32) -> bool {
    match open(id) {
        Ok(process) => has_no_exit_code(&process),
        // The only one that says that there is no such process.
        Err(error) => error.raw_os_error() != Some(ERROR_INVALID_PARAMETER.cast_signed()),
    }
}

/// By the clock of the wall, of which both times are.
pub(super) fn running_for(id: u32) -> Option<Duration> {
    // One that has ended can be opened as long as somebody has a handle.
    let process = open(id).ok().filter(has_no_exit_code)?;
    let [mut created, mut exited, mut kernel, mut user, mut now] = [FILETIME::default(); 5];
    // SAFETY: the handle is open, and the structures are ours.
    let done = unsafe {
        GetProcessTimes(
            process.as_raw_handle(),
            &raw mut created,
            &raw mut exited,
            &raw mut kernel,
            &raw mut user,
        )
    };
    // SAFETY: the structure is ours.
    unsafe { GetSystemTimeAsFileTime(&raw mut now) };
    let ticks = (done != 0).then(|| ticks(now).checked_sub(ticks(created)))??;
    Some(Duration::from_micros(ticks / 10))
}

pub(super) fn host_name() -> Option<String> {
    let mut name = [0_u16; 256];
    let mut length = u32::try_from(name.len()).ok()?;
    // SAFETY: the buffer is ours and of this length.
    let done = unsafe { GetComputerNameExW(ComputerNameDnsHostname, name.as_mut_ptr(), &raw mut length) };
    (done != 0).then(|| String::from_utf16_lossy(&name[..length as usize]))
}

fn open(id: u32) -> io::Result<OwnedHandle> {
    // SAFETY: it takes numbers only.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, id) };
    if ptr::eq(handle, ptr::null()) {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so this is an open handle, and nobody else has it.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn has_no_exit_code(process: &OwnedHandle) -> bool {
    let mut code = 0;
    // SAFETY: the handle is open, and the number is ours.
    let done = unsafe { GetExitCodeProcess(process.as_raw_handle(), &raw mut code) };
    done == 0 || code == STILL_ACTIVE.cast_unsigned()
}

fn ticks(time: FILETIME) -> u64 {
    u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)
}
