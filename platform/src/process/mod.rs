//! Other processes of this machine: whether one runs, and since when, as far as the system tells.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
#[cfg(not(any(unix, windows)))]
#[path = "unsupported.rs"]
mod system;

use std::time::Duration;

/// Whether a process of this id runs here. Where the system does not tell, it does.
///
/// Processes of another machine, or of a container with process ids of its own, are not found.
#[must_use]
pub fn is_running(id: u32) -> bool {
    system::is_running(id)
}

/// How long the process of this id has been running, by a clock that nobody sets. `None` where the system does not tell.
#[must_use]
pub fn running_for(id: u32) -> Option<Duration> {
    system::running_for(id)
}

/// The name of this machine. `None` where the system does not tell.
#[must_use]
pub fn host_name() -> Option<String> {
    system::host_name()
}

/// Whether this program was linked statically, so that it cannot open a library at run time.
#[must_use]
pub const fn is_static() -> bool {
    cfg!(all(target_feature = "crt-static", target_os = "linux"))
}
