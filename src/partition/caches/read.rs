//! Reading a partition.

use std::{sync::Arc, time::Duration};

use super::{
    super::{
        Etag, Partition, PartitionName, StoreError, Stored,
        sealing::{self, Facts},
    },
    Opened, PartitionedCaches, Shared, entries,
    level_one::{Copy, LevelOne, Moment},
    lifetimes::{Life, unix_now},
    random_fraction, span,
    update::may_try_again,
};
use crate::{Deadline, Result, TokenCache, event::event};

/// Where an answer may come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum From {
    /// A copy in this process, as the coherence allows.
    Anywhere,
    Engine,
}

impl PartitionedCaches {
    /// Look into a cache. `None` if there is none: nobody signed in, or signed out, or it has expired or does not open.
    ///
    /// # Errors
    ///
    /// Temporary ones ([`EngineTimeout`](crate::ErrorKind::EngineTimeout),
    /// [`EngineUnavailable`](crate::ErrorKind::EngineUnavailable)) say nothing of who is signed in: answer 503.
    ///
    /// # Examples
    ///
    /// See [`PartitionedCaches`].
    pub async fn read<R>(
        &self,
        partition: &Partition,
        look: impl FnOnce(&TokenCache) -> R,
    ) -> Result<Option<R>> {
        Ok(self.0.find(partition, From::Anywhere).await?.as_ref().map(look))
    }

    /// The same, past any copy in this process: for what must not be decided on an older state.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn read_current<R>(
        &self,
        partition: &Partition,
        look: impl FnOnce(&TokenCache) -> R,
    ) -> Result<Option<R>> {
        Ok(self.0.find(partition, From::Engine).await?.as_ref().map(look))
    }
}

type Looked = (Option<Stored>, bool);

impl Shared {
    pub(in super::super) async fn find(
        &self,
        partition: &Partition,
        from: From,
    ) -> Result<Option<TokenCache>> {
        span::of_partition("read", self.find_in_span(partition, from)).await
    }

    async fn find_in_span(&self, partition: &Partition, from: From) -> Result<Option<TokenCache>> {
        let name = self.name(partition);
        let since = self.moment(&name);
        let (found, copy) = self.look(&name, from).await;
        match found {
            Ok((stored, is_fresh)) => match self.open(partition, &name, stored.as_ref()) {
                Opened::Cache(opened) => {
                    if let Some(stored) = stored.filter(|_| !is_fresh) {
                        self.keep(&name, &stored, since);
                    }
                    self.used(&name, &opened.1, opened.2);
                    Ok(Some(opened.0))
                }
                Opened::Absent | Opened::Ended(_) | Opened::Unreadable(_) => {
                    self.engine.counters.misses.one();
                    Ok(None)
                }
            },
            Err(error) => self.stale(partition, &name, copy).map(Some).ok_or_else(|| {
                self.engine.counters.unavailable.one();
                error.into()
            }),
        }
    }

    /// What is stored, with whether it is a copy that needs no confirmation; and a copy for the case that this cannot be
    /// told.
    async fn look(&self, name: &PartitionName, from: From) -> (Result<Looked, StoreError>, Option<Stored>) {
        let (deadline, counters) = (Deadline::after(self.settings.update_timeout), &self.engine.counters);
        let copy = self.level_one.as_ref().filter(|_| from == From::Anywhere);
        let copy = match copy.map_or(Copy::None, |copies| copies.get(name)) {
            Copy::Fresh(stored) => {
                counters.level_one_hits.one();
                return (Ok((Some(stored), true)), None);
            }
            Copy::None => None,
            Copy::ToBeConfirmed(stored) => Some(stored),
        };
        if let Some(stored) = copy {
            match self.engine.probe(name, &deadline).await {
                Ok(Some(etag)) if etag == stored.etag => {
                    counters.level_one_hits.one();
                    return (Ok((Some(stored), false)), None);
                }
                Ok(_) => {}
                // An engine that refuses did answer: it is no time for older copies.
                Err(error) => {
                    let copy = may_try_again(&error).then_some(stored);
                    return (Err(error), copy);
                }
            }
        }
        let loaded = self.engine.load(name, &deadline).await;
        match &loaded {
            Ok(Some(_)) => counters.engine_hits.one(),
            Ok(None) => self.forget(name),
            Err(_) => {}
        }
        (loaded.map(|stored| (stored, false)), None)
    }

    /// An older copy, where the engine does not answer and an access token in it is still good.
    fn stale(&self, partition: &Partition, name: &PartitionName, copy: Option<Stored>) -> Option<TokenCache> {
        let copy = copy.filter(|_| self.settings.serves_stale)?;
        let Opened::Cache(opened) = self.open(partition, name, Some(&copy)) else { return None };
        let cache = Some(opened.0).filter(entries::has_valid_token)?;
        self.engine.counters.stale_served.one();
        event!(warn, "the engine does not answer: an older copy does");
        Some(cache)
    }

    /// Keep a copy of what was loaded.
    fn keep(&self, name: &PartitionName, stored: &Stored, since: Option<Moment>) {
        if let Some((copies, since, lives_for)) = self.copying(stored, since) {
            copies.keep(name, stored, lives_for, since);
        }
    }

    /// Keep a copy of what was written.
    pub(super) fn keep_written(&self, name: &PartitionName, stored: &Stored, since: Option<Moment>) {
        if let Some((copies, since, lives_for)) = self.copying(stored, since) {
            copies.keep_written(name, stored, lives_for, since);
        }
    }

    /// Where copies are kept, and how long this one is good for.
    fn copying(&self, stored: &Stored, since: Option<Moment>) -> Option<(&LevelOne, Moment, Duration)> {
        let (facts, _) = sealing::decode(&stored.sealed).ok()?;
        Some((self.level_one.as_ref()?, since?, Life::of(&facts).remaining(unix_now())))
    }

    pub(super) fn moment(&self, name: &PartitionName) -> Option<Moment> {
        self.level_one.as_ref().map(|copies| copies.moment(name))
    }

    pub(super) fn forget(&self, name: &PartitionName) {
        if let Some(copies) = &self.level_one {
            copies.forget(name);
        }
    }

    /// It was used: let it live longer, if half of its time since it was written is over. How often other nodes prolonged
    /// it since then is not known; each does so once in an eighth of its time at most.
    fn used(&self, name: &PartitionName, facts: &Facts, etag: Etag) {
        let now = unix_now();
        let age = now.saturating_sub(facts.written);
        let is_due = facts.window > 0 && age > u64::from(facts.window / 2);
        if !is_due || !self.refreshes.may_touch(name, facts.window) {
            return;
        }
        let (engine, name) = (Arc::clone(&self.engine), name.clone());
        let lives_for = Life::of(facts).remaining(now).mul_f64(1.0 - 0.05 * random_fraction());
        tokio::spawn(async move {
            // Not done: the next use tries again.
            let _ = engine.touch(&name, etag, lives_for).await;
        });
    }
}
