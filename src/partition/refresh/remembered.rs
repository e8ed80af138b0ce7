//! [`Remembered`]: refusals of an issuer, so that it is not asked the same again at once.

use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::{super::Etag, RefreshFailure};

const KEPT: u64 = 10_000;
/// How long an `invalid_grant` is not asked for again.
const INVALID_GRANT: Duration = Duration::from_secs(120);
/// Any other refusal is for those who wait for the same answer.
const REFUSED: Duration = Duration::from_secs(10);
/// No issuer keeps us waiting for longer.
const LONGEST: Duration = Duration::from_secs(3600);
/// Between early refreshes of one token that fail: the token that there is still does.
const EARLY: Duration = Duration::from_secs(60);

/// By what is wanted: an early refresh and an ordinary one ask for the same.
#[derive(Debug)]
pub(super) struct Remembered {
    refusals: Cache<String, Refusal>,
    /// After early refreshes that failed.
    pauses: Cache<String, ()>,
}

#[derive(Clone, Debug)]
struct Refusal {
    failure: RefreshFailure,
    until: Instant,
    /// On which state of the partition.
    etag: Option<Etag>,
}

impl Remembered {
    pub(super) fn new() -> Self {
        let refusals = Cache::builder().max_capacity(KEPT).time_to_live(LONGEST).build();
        let pauses = Cache::builder().max_capacity(KEPT).time_to_live(EARLY).build();
        Self { refusals, pauses }
    }

    /// Remember a failure that was the answer to what this state of the partition holds.
    pub(super) fn add(&self, key: &str, failure: &RefreshFailure, etag: Option<Etag>) {
        let wait = match failure.retry_after() {
            Some(wait) => wait.min(LONGEST),
            None if failure.is_invalid_grant() => INVALID_GRANT,
            None if failure.is_temporary() => return,
            None => REFUSED,
        };
        let refusal = Refusal { failure: failure.clone(), until: Instant::now() + wait, etag };
        self.refusals.insert(key.to_owned(), refusal);
    }

    /// What is remembered, if it still holds: that the issuer cannot now does for everybody; that it will not, while the
    /// partition is as it was then.
    pub(super) fn get(&self, key: &str, etag: Option<Etag>) -> Option<RefreshFailure> {
        let refusal = self.refusals.get(key)?;
        let left = refusal.until.checked_duration_since(Instant::now())?;
        if !refusal.failure.is_temporary() && refusal.etag != etag {
            return None;
        }
        let asked_to_wait = refusal.failure.retry_after().is_some();
        Some(if asked_to_wait { refusal.failure.with_retry_after(left) } else { refusal.failure })
    }

    /// No early refresh of this for a while.
    pub(super) fn pause(&self, key: &str) {
        self.pauses.insert(key.to_owned(), ());
    }

    pub(super) fn is_paused(&self, key: &str) -> bool {
        self.pauses.contains_key(key)
    }
}
