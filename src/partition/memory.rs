//! [`MemoryStore`]: partitions in the memory of this process.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use moka::{
    Expiry,
    future::Cache,
    ops::compute::{CompResult, Op},
    policy::EvictionPolicy,
};
use tokio::sync::broadcast;

use super::{
    Capabilities, Changes, Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put, StoreError,
    StoreErrorKind, Stored,
};
use crate::Deadline;

/// How many changes a subscriber may be behind before it is told that it missed some.
const CHANGES_KEPT: usize = 4096;
/// What an entry takes beside its contents and twice its name, about.
const OVERHEAD: usize = 256;
/// So many leases are kept before those that have ended are looked for.
const LEASES_KEPT: usize = 1024;

/// Partitions in the memory of this process: for tests, and for a service on one machine whose people may sign in again
/// after a restart.
///
/// It is bounded in bytes. When it is full, the partitions that were not used for longest make room: their people have to
/// sign in again. Contents are sealed here as they are on any other engine.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::{MemoryStore, PartitionStore};
///
/// let store = MemoryStore::new(64 * 1024 * 1024);
/// assert_eq!(store.capabilities().engine, "memory");
/// assert!(!store.capabilities().is_durable);
/// ```
pub struct MemoryStore {
    partitions: Cache<PartitionName, Kept>,
    leases: Mutex<HashMap<PartitionName, (LeaseHolder, Instant)>>,
    changes: broadcast::Sender<PartitionName>,
    bytes: u64,
}

/// A partition and until when it lives.
#[derive(Clone)]
struct Kept {
    stored: Stored,
    lives_for: Duration,
    until: Instant,
}

impl Kept {
    fn new(stored: Stored, lives_for: Duration) -> Self {
        Self { stored, lives_for, until: after(lives_for) }
    }

    fn is_alive(&self) -> bool {
        Instant::now() < self.until
    }
}

/// So long from now; for ever, if that is longer than the clock goes.
fn after(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now + Duration::from_secs(1_000_000_000))
}

/// Lets moka drop what has expired. Whether something has is for [`Kept::is_alive`] to say.
struct ByItsOwnTime;

impl Expiry<PartitionName, Kept> for ByItsOwnTime {
    fn expire_after_create(&self, _: &PartitionName, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.lives_for)
    }

    fn expire_after_update(
        &self,
        _: &PartitionName,
        kept: &Kept,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.lives_for)
    }
}

impl MemoryStore {
    /// A store that takes so many bytes of memory, about.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let partitions = Cache::builder()
            .max_capacity(bytes)
            .weigher(|name: &PartitionName, kept: &Kept| weight(name, &kept.stored))
            // Its default would turn newcomers away in favour of who comes often.
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(ByItsOwnTime)
            .build();
        let changes = broadcast::Sender::new(CHANGES_KEPT);
        Self { partitions, leases: Mutex::default(), changes, bytes }
    }

    /// Look at a partition and change it, while nobody else does.
    async fn compute(&self, name: &PartitionName, decide: impl FnOnce(Option<Kept>) -> Op<Kept>) -> bool {
        let entry = self.partitions.entry_by_ref(name);
        let done = entry
            .and_compute_with(|entry| {
                let alive = entry.map(moka::Entry::into_value).filter(Kept::is_alive);
                std::future::ready(decide(alive))
            })
            .await;
        !matches!(done, CompResult::Unchanged(_) | CompResult::StillNone(_))
    }

    fn tell(&self, name: &PartitionName) {
        // Nobody may be listening.
        let _ = self.changes.send(name.clone());
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<PartitionName, (LeaseHolder, Instant)>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(name: &PartitionName, stored: &Stored) -> u32 {
    u32::try_from(2 * name.as_str().len() + stored.sealed.len() + OVERHEAD).unwrap_or(u32::MAX)
}

fn in_time(deadline: &Deadline) -> Result<(), StoreError> {
    if deadline.has_passed() {
        return Err(StoreError::new(
            StoreErrorKind::Timeout,
            "the deadline had passed before memory was asked",
        ));
    }
    Ok(())
}

#[async_trait]
impl PartitionStore for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        let largest = usize::try_from(self.bytes).unwrap_or(usize::MAX).min(u32::MAX as usize);
        let largest = largest.saturating_sub(2 * PartitionName::LONGEST + OVERHEAD);
        Capabilities { tells_changes: true, ..Capabilities::new("memory", largest) }
    }

    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError> {
        in_time(deadline)?;
        let kept = self.partitions.get(name).await.filter(Kept::is_alive);
        Ok(kept.map(|kept| kept.stored))
    }

    async fn probe(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Etag>, StoreError> {
        Ok(self.load(name, deadline).await?.map(|stored| stored.etag))
    }

    async fn put(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError> {
        in_time(deadline)?;
        if partition.sealed.len() > self.capabilities().largest {
            return Err(StoreError::new(
                StoreErrorKind::TooLarge,
                "the partition is larger than the memory store",
            ));
        }
        let kept = Kept::new(partition.clone(), lives_for);
        let mut outcome = Put::Stored;
        self.compute(name, |there| {
            let etag = there.as_ref().map(|there| there.stored.etag);
            let holds = match condition {
                Condition::Absent => etag.is_none(),
                Condition::Matches(wanted) => etag == Some(wanted),
            };
            if holds {
                return Op::Put(kept);
            }
            outcome = Put::Conflict(there.map(|there| there.stored));
            Op::Nop
        })
        .await;
        if outcome == Put::Stored {
            self.tell(name);
        }
        Ok(outcome)
    }

    async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        in_time(deadline)?;
        let removed = self
            .compute(name, |there| match there {
                Some(there) if only.is_none_or(|only| only == there.stored.etag) => Op::Remove,
                _ => Op::Nop,
            })
            .await;
        if removed {
            self.tell(name);
        }
        Ok(removed)
    }

    async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        in_time(deadline)?;
        Ok(self
            .compute(name, |there| {
                let there = there.filter(|there| there.stored.etag == etag);
                there.map_or(Op::Nop, |there| Op::Put(Kept::new(there.stored, lives_for)))
            })
            .await)
    }

    async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        in_time(deadline)?;
        let (mut leases, now) = (self.leases(), Instant::now());
        if leases.len() >= LEASES_KEPT {
            leases.retain(|_, (_, until)| *until > now);
        }
        if leases.get(name).is_some_and(|(other, until)| other != holder && *until > now) {
            return Ok(false);
        }
        leases.insert(name.clone(), (*holder, after(lasts)));
        Ok(true)
    }

    async fn release(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        deadline: &Deadline,
    ) -> Result<(), StoreError> {
        in_time(deadline)?;
        let mut leases = self.leases();
        if leases.get(name).is_some_and(|(other, _)| other == holder) {
            leases.remove(name);
        }
        Ok(())
    }

    /// It does that by itself, a little later: this only hastens it, and counts nothing.
    async fn purge(&self, _at_most: u32, deadline: &Deadline) -> Result<u64, StoreError> {
        in_time(deadline)?;
        self.partitions.run_pending_tasks().await;
        Ok(0)
    }

    async fn names_after(
        &self,
        after: Option<&PartitionName>,
        at_most: u32,
        deadline: &Deadline,
    ) -> Result<Vec<PartitionName>, StoreError> {
        in_time(deadline)?;
        let mut first = BTreeSet::new();
        for (name, kept) in &self.partitions {
            if after.is_none_or(|after| *name > *after) && kept.is_alive() {
                first.insert((*name).clone());
            }
            if first.len() > at_most as usize {
                first.pop_last();
            }
        }
        Ok(first.into_iter().collect())
    }

    async fn changes(&self, deadline: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError> {
        in_time(deadline)?;
        Ok(Some(Box::new(Subscription(self.changes.subscribe()))))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

struct Subscription(broadcast::Receiver<PartitionName>);

#[async_trait]
impl Changes for Subscription {
    async fn next(&mut self) -> Result<PartitionName, StoreError> {
        self.0.recv().await.map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, "the subscription missed some changes")
                .with_source(error)
        })
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}
