//! [`PartitionStore`]: what an engine has to do, and no more: sealed bytes under a name, changed by compare-and-set.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use super::{Etag, PartitionName, StoreError};
use crate::Deadline;

/// An engine that keeps sealed partitions: Redis, a database, memory.
///
/// It sees neither keys nor plain contents nor who a partition belongs to: names are keyed hashes, contents are sealed. All
/// that it has to get right is the condition of a [`put`](Self::put), at whatever number of nodes; the rest is above it.
///
/// Every call ends at its deadline, with [`StoreErrorKind::Timeout`](super::StoreErrorKind::Timeout) if the engine did not
/// answer. A future that is dropped must leave the connection usable for the next call.
///
/// `testing::partition_store` has the conformance suite; run it over an implementation of your own.
///
/// # Examples
///
/// A program does not call an engine itself; this is what is asked of one.
///
/// ```
/// use sealed_cache::{Deadline, partition::{Condition, Etag, LeaseHolder, MemoryStore, PartitionName, PartitionStore, Put, Stored}};
/// use std::time::Duration;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (store, deadline) = (MemoryStore::new(1 << 20), Deadline::after(Duration::from_secs(1)));
/// let (name, hour) = (PartitionName::from_engine("shop:account:hash".into()), Duration::from_secs(3600));
/// let first = Stored { etag: Etag::generate()?, sealed: b"sealed".to_vec() };
/// assert_eq!(store.put(&name, &first, Condition::Absent, hour, &deadline).await?, Put::Stored);
/// assert_eq!(store.probe(&name, &deadline).await?, Some(first.etag));
///
/// // Somebody who believes that nothing is there is told what is.
/// let second = Stored { etag: Etag::generate()?, sealed: b"late".to_vec() };
/// let put = store.put(&name, &second, Condition::Absent, hour, &deadline).await?;
/// assert_eq!(put, Put::Conflict(Some(first)));
///
/// let (one, other) = (LeaseHolder::generate()?, LeaseHolder::generate()?);
/// assert!(store.lease(&name, &one, hour, &deadline).await?);
/// assert!(!store.lease(&name, &other, hour, &deadline).await?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait PartitionStore: fmt::Debug + Send + Sync + 'static {
    /// What it can do, and its limits.
    fn capabilities(&self) -> Capabilities;

    /// The partition of this name; `None` if there is none, or if it has expired.
    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError>;

    /// The etag of the partition only: cheaper than a load where contents are large.
    async fn probe(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Etag>, StoreError>;

    /// Store the partition if the condition holds, atomically. It then expires after `lives_for`, by the engine's clock.
    async fn put(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError>;

    /// Remove the partition: whatever it holds, or only if it has this etag. Tells whether there was one to remove.
    async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError>;

    /// Let the partition live for so long from now on, if it has this etag. Tells whether it has: what somebody has written
    /// since then has a time of its own.
    async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError>;

    /// Take the lease of this name for a time, if nobody has it; its holder takes it again to renew it. Tells whether it is
    /// held now. Leases and partitions of the same name do not touch each other.
    async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError>;

    /// Give the lease back, if this holder has it.
    async fn release(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        deadline: &Deadline,
    ) -> Result<(), StoreError>;

    /// Remove what has expired, at most so many partitions, where the engine does not do that by itself. Tells how many.
    async fn purge(&self, at_most: u32, deadline: &Deadline) -> Result<u64, StoreError>;

    /// The names of up to so many partitions after this one, in the engine's order, for a job that visits all of them:
    /// empty at the end.
    ///
    /// None that is there from the first to the last of these calls is left out. An engine that has no order of its own may give
    /// a name twice, and begins anew when it does not know the place of a name any more: visit in a way that does no harm the
    /// second time.
    async fn names_after(
        &self,
        after: Option<&PartitionName>,
        at_most: u32,
        deadline: &Deadline,
    ) -> Result<Vec<PartitionName>, StoreError>;

    /// Subscribe to the changes that any node makes, or `None` if the engine does not tell. What was changed before this
    /// returns may or may not be told.
    async fn changes(&self, deadline: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError>;
}

/// The changes of an engine, as they happen.
///
/// ```
/// # use sealed_cache::partition::{Changes, StoreError};
/// # async fn example(mut changes: Box<dyn Changes>) -> Result<(), StoreError> {
/// loop {
///     let name = changes.next().await?; // an error: subscribe again
///     println!("{name:?} was changed or removed");
/// }
/// # }
/// ```
#[async_trait]
pub trait Changes: fmt::Debug + Send + 'static {
    /// The next change. A subscription that was lost is an error: changes may have been missed, and a new subscription is
    /// needed.
    async fn next(&mut self) -> Result<PartitionName, StoreError>;
}

/// What an engine can do.
///
/// ```
/// use sealed_cache::partition::Capabilities;
/// let mut can = Capabilities::new("redis", 512 << 20);
/// can.is_durable = true;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Its name, for metrics and messages: `redis`.
    pub engine: &'static str,
    /// The largest contents that it takes, in bytes.
    pub largest: usize,
    /// Whether what it stored survives its restart, as far as it can tell.
    pub is_durable: bool,
    /// Whether it can tell of [changes](PartitionStore::changes).
    pub tells_changes: bool,
}

impl Capabilities {
    /// An engine of this name that takes contents of so many bytes; neither durable nor telling changes, until that is set.
    #[must_use]
    pub const fn new(engine: &'static str, largest: usize) -> Self {
        Self { engine, largest, is_durable: false, tells_changes: false }
    }
}

/// A partition as an engine keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which write it is: random, chosen by the writer before it writes, so that it can recognise its own write after a
    /// time-out, and so that no write is ever taken for another.
    pub etag: Etag,
    /// The sealed contents.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored({:?}, {} bytes)", self.etag, self.sealed.len())
    }
}

/// When a [`put`](PartitionStore::put) may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is no such partition, or it has expired.
    Absent,
    /// The partition has this etag, and has not expired.
    Matches(Etag),
}

/// What became of a [`put`](PartitionStore::put).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is stored.
    Stored,
    /// The condition does not hold. This is what is there instead: `None` if nothing is.
    Conflict(Option<Stored>),
}

/// Who holds a lease: random, one for each attempt to get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaseHolder([u8; 16]);

impl LeaseHolder {
    /// A new one.
    ///
    /// # Errors
    ///
    /// [`Io`](crate::ErrorKind::Io) if the system has no randomness.
    pub fn generate() -> crate::Result<Self> {
        crate::random::array().map(Self)
    }

    /// The same as bytes, as an engine keeps it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}
