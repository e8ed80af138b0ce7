//! [`Remembered`]: refusals of an issuer, so that it is not asked the same again at once.

use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::{super::Etag, RefreshFailure, flights::FlightKey};

const KEPT: u64 = 10_000;
/// How long an `invalid_grant` is not asked for again.
const INVALID_GRANT: Duration = Duration::from_secs(120);
/// No issuer keeps us waiting for longer.
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(super) struct Remembered(Cache<FlightKey, Refusal>);

#[derive(Clone, Debug)]
struct Refusal {
    failure: RefreshFailure,
    until: Instant,
    /// On which state of the partition.
    etag: Option<Etag>,
}

impl Remembered {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(KEPT).time_to_live(LONGEST).build())
    }

    /// Remember a failure that was the answer to what this state of the partition holds.
    pub(super) fn add(&self, key: &FlightKey, failure: &RefreshFailure, etag: Option<Etag>) {
        let wait = match failure.retry_after() {
            Some(wait) => wait.min(LONGEST),
            None if failure.is_invalid_grant() => INVALID_GRANT,
            None => return,
        };
        let refusal = Refusal { failure: failure.clone(), until: Instant::now() + wait, etag };
        self.0.insert(key.clone(), refusal);
    }

    /// What is remembered, if it still holds: a pause that the issuer asked for does for everybody; a refused refresh
    /// token, while there is no other.
    pub(super) fn get(&self, key: &FlightKey, etag: Option<Etag>) -> Option<RefreshFailure> {
        let refusal = self.0.get(key)?;
        let mut failure = refusal.failure;
        let left = refusal.until.checked_duration_since(Instant::now())?;
        if failure.retry_after().is_some() {
            failure = failure.with_retry_after(left);
        } else if refusal.etag != etag {
            return None;
        }
        Some(failure)
    }
}
