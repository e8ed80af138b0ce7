//! A system that tells nothing of other processes.

use std::time::Duration;

pub(super) const fn is_running(_id: u32) -> bool {
    true
}

pub(super) const fn running_for(_id: u32) -> Option<Duration> {
    None
}

pub(super) const fn host_name() -> Option<String> {
    None
}
