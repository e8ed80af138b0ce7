//! [`LevelOne`]: copies in this process of what the engine has, sealed as they are there.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{policy::EvictionPolicy, sync::Cache};

use super::{
    super::{PartitionName, Stored},
    random_fraction,
};

/// How many names share a count of changes.
const SHARDS: usize = 256;
/// How long a copy is kept for the case that the engine does not answer.
const KEPT: Duration = Duration::from_secs(90 * 60);

/// When a copy in this process may answer instead of the engine.
///
/// ```
/// use sealed_cache::partition::Coherence;
/// use std::time::Duration;
/// let for_one_node = Coherence::Bounded(Duration::from_secs(30));
/// assert_ne!(for_one_node, Coherence::Strict);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coherence {
    /// After the engine was asked whether it is still current: 16 bytes instead of the whole partition.
    Strict,
    /// While the engine tells of changes, and at most 60 seconds, without asking. When the subscription is lost, copies are
    /// as with [`Strict`](Self::Strict) until there is another. A node sees a change of another one as soon as it is told:
    /// within milliseconds, usually.
    Notified,
    /// For so long, without asking: what another node changes, also a sign-out, may be seen that much later.
    Bounded(Duration),
}

/// A copy of what is stored.
pub(super) struct LevelOne {
    copies: Cache<PartitionName, Arc<Copied>>,
    /// Counts the changes of the names of a shard: a copy that was loaded before a change is not kept after it.
    shards: Vec<Mutex<u64>>,
    hasher: RandomState,
    /// Counts the subscriptions: copies from before may have missed a change.
    epoch: AtomicU64,
    coherence: Coherence,
}

struct Copied {
    stored: Stored,
    fresh_until: Instant,
    epoch: u64,
}

/// How many changes there had been when a load began.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    changes: u64,
    epoch: u64,
}

/// What a copy is good for.
pub(super) enum Copy {
    None,
    Fresh(Stored),
    /// After asking the engine, or where that does not answer.
    ToBeConfirmed(Stored),
}

impl LevelOne {
    pub(super) fn new(bytes: u64, coherence: Coherence) -> Self {
        let copies = Cache::builder()
            .max_capacity(bytes)
            .weigher(|name: &PartitionName, copied: &Arc<Copied>| {
                u32::try_from(2 * name.as_str().len() + copied.stored.sealed.len() + 256).unwrap_or(u32::MAX)
            })
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(KEPT)
            .build();
        let shards = (0..SHARDS).map(|_| Mutex::new(0)).collect();
        // Nothing is fresh before the first subscription.
        let epoch = AtomicU64::new(0);
        Self { copies, shards, hasher: RandomState::new(), epoch, coherence }
    }

    pub(super) fn get(&self, name: &PartitionName) -> Copy {
        let Some(copied) = self.copies.get(name) else { return Copy::None };
        let is_current = match self.coherence {
            Coherence::Strict => false,
            Coherence::Notified => copied.epoch > 0 && copied.epoch == self.epoch.load(Ordering::Acquire),
            Coherence::Bounded(_) => true,
        };
        if is_current && Instant::now() < copied.fresh_until {
            return Copy::Fresh(copied.stored.clone());
        }
        Copy::ToBeConfirmed(copied.stored.clone())
    }

    /// To be taken before a load or a write whose outcome is to be kept.
    pub(super) fn moment(&self, name: &PartitionName) -> Moment {
        Moment { epoch: self.epoch.load(Ordering::Acquire), changes: *self.shard(name) }
    }

    /// Keep a copy of what was loaded, unless something may have changed since.
    pub(super) fn keep(&self, name: &PartitionName, stored: &Stored, lives_for: Duration, since: Moment) {
        let copied = self.copied(stored, lives_for, since);
        let changes = self.shard(name);
        if *changes == since.changes {
            self.copies.insert(name.clone(), copied);
        }
    }

    /// Keep a copy of what was written. It is a change itself: what was loaded before it is not kept after it.
    pub(super) fn keep_written(
        &self,
        name: &PartitionName,
        stored: &Stored,
        lives_for: Duration,
        since: Moment,
    ) {
        let copied = self.copied(stored, lives_for, since);
        let mut changes = self.shard(name);
        if *changes == since.changes {
            self.copies.insert(name.clone(), copied);
        } else {
            self.copies.invalidate(name);
        }
        *changes += 1;
    }

    fn copied(&self, stored: &Stored, lives_for: Duration, since: Moment) -> Arc<Copied> {
        let longest = match self.coherence {
            Coherence::Bounded(longest) => longest,
            Coherence::Notified | Coherence::Strict => Duration::from_secs(60),
        };
        // So that copies that were made together do not end together.
        let fresh = longest.min(lives_for).min(KEPT).mul_f64(1.0 - 0.1 * random_fraction());
        Arc::new(Copied { stored: stored.clone(), fresh_until: Instant::now() + fresh, epoch: since.epoch })
    }

    /// It was changed or removed.
    pub(super) fn forget(&self, name: &PartitionName) {
        let mut changes = self.shard(name);
        *changes += 1;
        self.copies.invalidate(name);
    }

    /// A subscription has begun: what is loaded from now on is told of.
    pub(super) fn begin_subscription(&self, number: u64) {
        self.epoch.store(number, Ordering::Release);
    }

    /// The subscription was lost: nothing is fresh. Copies are kept for the case that the engine is gone altogether.
    pub(super) fn lose_subscription(&self) {
        self.epoch.store(0, Ordering::Release);
    }

    fn shard(&self, name: &PartitionName) -> MutexGuard<'_, u64> {
        let number = self.hasher.hash_one(name) as usize % SHARDS;
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for LevelOne {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LevelOne").field("coherence", &self.coherence).finish_non_exhaustive()
    }
}
