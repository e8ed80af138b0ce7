//! A Unix that does not tell more in files of `/proc`.

use std::time::Duration;

pub(super) const fn has_ended(_id: libc::pid_t) -> bool {
    false
}

pub(super) const fn running_for(_id: u32) -> Option<Duration> {
    None
}
