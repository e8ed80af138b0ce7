//! A desktop of one's own for a test: a session bus and a keyring daemon that nobody else sees, gone when the test is.
//!
//! libsecret and GLib take the address of the bus from the environment and keep it for the life of the process. So the
//! code under test runs in a child process ([`Program`]): the test binary itself, started once more.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod desktop;
pub(crate) mod folder;
pub(crate) mod invented_service;
pub(crate) mod peer;
pub(crate) mod program;

use std::{
    thread,
    time::{Duration, Instant},
};

/// Wait until it is so. Panics after ten seconds.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
