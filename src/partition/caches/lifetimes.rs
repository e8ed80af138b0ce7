//! [`Lifetimes`]: how long partitions live.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::{sealing::Facts, whose::Kind};
use crate::{Error, ErrorKind, Result, TokenCache};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long partitions live. Every one has an end.
///
/// | partition | by default |
/// |---|---|
/// | account, web session | 14 days from its last use, and 90 days from its last sign-in or new refresh token |
/// | long-running, and on-behalf-of with a refresh token | 2 hours from its last use, and 72 hours from its creation |
/// | application, and on-behalf-of without a refresh token | until its last access token expires; not stored if that is in less than 5 minutes |
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::Lifetimes;
/// use std::time::Duration;
///
/// let day = Duration::from_secs(24 * 3600);
/// // The refresh tokens of single-page applications are good for a day.
/// let lifetimes = Lifetimes::default().account(day, day);
/// # let _ = lifetimes;
/// ```
#[derive(Clone, Debug)]
pub struct Lifetimes {
    account: (Duration, Duration),
    delegated: (Duration, Duration),
    least: Duration,
    longest_token: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            account: (14 * DAY, 90 * DAY),
            delegated: (2 * HOUR, 72 * HOUR),
            least: Duration::from_secs(300),
            longest_token: HOUR,
        }
    }
}

/// How long a partition lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// In Unix seconds.
    pub(super) ends: u64,
    /// From each use, in seconds; 0 if uses do not count.
    pub(super) window: u32,
}

impl Life {
    pub(super) const fn of(facts: &Facts) -> Self {
        Self { ends: facts.ends, window: facts.window }
    }

    /// From now.
    pub(super) fn remaining(self, now: u64) -> Duration {
        let remaining = self.ends.saturating_sub(now);
        Duration::from_secs(if self.window == 0 { remaining } else { remaining.min(self.window.into()) })
    }
}

impl Lifetimes {
    /// Of accounts and web sessions: from the last use, and from the last sign-in
    /// ([`create_or_update`](super::PartitionedCaches::create_or_update)) or new refresh token. That one is taken away, or
    /// comes once more, does not count.
    #[must_use]
    pub const fn account(mut self, unused: Duration, at_most: Duration) -> Self {
        self.account = (unused, at_most);
        self
    }

    /// Of what is held on behalf of somebody: from the last use, and from its creation.
    #[must_use]
    pub const fn delegated(mut self, unused: Duration, at_most: Duration) -> Self {
        self.delegated = (unused, at_most);
        self
    }

    /// What has only access tokens is not stored if they are good for less. Default: 5 minutes. Such a token
    /// [is stored](crate::partition::AcquiredToken::is_stored) as far as its caller is told: nothing failed.
    #[must_use]
    pub const fn least(mut self, least: Duration) -> Self {
        self.least = least;
        self
    }

    /// How long access tokens are good for at most, as far as you know. Default: 1 hour. A partition must outlive its
    /// access token by half an hour: opening the caches fails if the lifetimes above are too short for that.
    #[must_use]
    pub const fn longest_token(mut self, longest: Duration) -> Self {
        self.longest_token = longest;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let floor = self.longest_token.saturating_add(HOUR / 2);
        for (setter, lives) in [("account", self.account), ("delegated", self.delegated)] {
            if [lives.0, lives.1].into_iter().any(|life| life < floor || life.as_secs() > u32::MAX.into()) {
                let what = format!("`Lifetimes::{setter}` is too short or too long");
                return Err(Error::new(ErrorKind::Configuration, what).with_remedy(
                    "make both at least half an hour longer than `longest_token`, and at most 136 years",
                ));
            }
        }
        Ok(())
    }

    /// How long it lives, written now; `None` if it is not worth storing, or at its end.
    pub(super) fn of(
        &self,
        kind: Kind,
        cache: &TokenCache,
        before: Option<&Facts>,
        is_renewed: bool,
    ) -> Option<Life> {
        let now = unix_now();
        let sliding = |(unused, at_most): (Duration, Duration), begins_anew: bool| {
            let kept = before.filter(|_| !begins_anew).map(|facts| facts.ends);
            let window = u32::try_from(unused.as_secs()).unwrap_or(u32::MAX);
            Some(Life { ends: kept.unwrap_or(now + at_most.as_secs()), window })
        };
        let life = match kind {
            Kind::Account | Kind::WebSession => sliding(self.account, is_renewed),
            Kind::LongRunning => sliding(self.delegated, false),
            Kind::OnBehalfOf if cache.all_refresh_tokens().next().is_some() => {
                // It may have been one without a refresh token before.
                let was_sliding = before.is_some_and(|facts| facts.window > 0);
                sliding(self.delegated, !was_sliding)
            }
            Kind::OnBehalfOf | Kind::Application => {
                let last = cache.access_tokens().filter_map(|token| token.expires_on()).max()?;
                let ends = last.duration_since(UNIX_EPOCH).ok()?.as_secs();
                (ends >= now.saturating_add(self.least.as_secs())).then_some(Life { ends, window: 0 })
            }
        };
        life.filter(|life| life.ends > now)
    }
}

pub(in super::super) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
