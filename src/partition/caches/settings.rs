//! [`Settings`]: what the verbs need of the builder, checked.

use std::time::Duration;

use super::Lifetimes;
use crate::{Error, ErrorKind, Result};

/// A lease is renewed three times while it lasts: shorter ones would keep the engine busy.
const SHORTEST_LEASE: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub(in super::super) struct Settings {
    pub(super) key_timeout: Duration,
    pub(super) operation_timeout: Duration,
    pub(super) update_timeout: Duration,
    pub(super) lifetimes: Lifetimes,
    pub(super) warn_bytes: usize,
    pub(super) most_bytes: usize,
    pub(super) most_tokens: usize,
    pub(super) most_tries: u32,
    pub(super) serves_stale: bool,
    pub(in super::super) lease: Duration,
    pub(in super::super) token_request_timeout: Duration,
    pub(in super::super) refresh_timeout: Duration,
    pub(in super::super) store_token_timeout: Duration,
}

impl Settings {
    pub(in super::super) const fn update_timeout(&self) -> Duration {
        self.update_timeout
    }

    /// How many bytes are stored under one name at most, and how often a change is tried.
    #[cfg(feature = "sessions")]
    pub(in super::super) const fn limits(&self) -> (usize, u32) {
        (self.most_bytes, self.most_tries)
    }

    /// Whether all of them can be.
    pub(super) fn check(&self) -> Result<()> {
        self.lifetimes.check()?;
        let times = [
            ("key_timeout", self.key_timeout),
            ("operation_timeout", self.operation_timeout),
            ("update_timeout", self.update_timeout),
            ("refresh_timeouts", self.token_request_timeout.min(self.refresh_timeout)),
            ("store_token_timeout", self.store_token_timeout),
        ];
        if let Some((setter, _)) = times.iter().find(|(_, time)| time.is_zero()) {
            return Err(cannot_be(setter, "no time at all", "give it more than zero"));
        }
        if self.lease < SHORTEST_LEASE {
            let remedy = "give it 100 milliseconds or more: it is renewed three times in that time";
            return Err(cannot_be("lease", "too short", remedy));
        }
        let numbers = [
            ("most_tries", u64::from(self.most_tries)),
            ("most_tokens", self.most_tokens as u64),
            ("sizes", self.most_bytes as u64),
        ];
        match numbers.iter().find(|(_, number)| *number == 0) {
            Some((setter, _)) => {
                Err(cannot_be(setter, "zero", "with that nothing could be stored: give it 1 or more"))
            }
            None => Ok(()),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_millis(250),
            update_timeout: Duration::from_secs(1),
            lifetimes: Lifetimes::default(),
            warn_bytes: 64 * 1024,
            most_bytes: 1024 * 1024,
            most_tokens: 200,
            most_tries: 20,
            serves_stale: true,
            lease: Duration::from_secs(15),
            token_request_timeout: Duration::from_secs(30),
            refresh_timeout: Duration::from_secs(40),
            store_token_timeout: Duration::from_secs(10),
        }
    }
}

fn cannot_be(setter: &str, what: &str, remedy: &'static str) -> Error {
    Error::new(ErrorKind::Configuration, format!("`{setter}` is {what}")).with_remedy(remedy)
}
