//! What every engine of the server half has to get right, as tests over any [`PartitionStore`].
//!
//! [`everything`] runs all of them; each can be run alone. They panic where the engine is wrong. They use random names and
//! remove what they made, so that they may run beside each other and beside other users of the engine.
//!
//! ```
//! use sealed_cache::{partition::MemoryStore, testing::partition_store};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let store = MemoryStore::new(64 * 1024 * 1024);
//! // Two handles of one engine, as two nodes have them; here they are the same.
//! partition_store::everything(&store, &store).await;
//! # });
//! ```

mod cancelled;
mod conditions;
mod contents;
mod jobs;
mod leases;
mod times;

use std::time::{Duration, Instant};

pub use cancelled::{cancelled_calls_leave_old_or_new, late_calls_end};
pub use conditions::{
    a_removed_partition_is_absent, conflicts_hand_the_winner_back, one_of_many_creates, one_of_many_replaces,
    stale_etags_are_refused,
};
pub use contents::{every_byte_is_kept, large_contents_are_kept, names_are_apart};
pub use jobs::{changes_are_told, names_after_visits_all, purge_leaves_the_living};
pub use leases::{leases_are_exclusive, leases_end, leases_leave_partitions_alone};
pub use times::{
    a_touch_of_an_older_state_does_nothing, a_touch_prolongs, partitions_expire, what_has_expired_is_absent,
};

use crate::{
    Deadline,
    partition::{Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put, Stored},
    random,
};

/// Far more than an engine that works needs, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);
/// For partitions that are to outlive the test.
const LONG: Duration = Duration::from_secs(3600);

/// All of it. `one` and `other` are two handles of the same engine.
pub async fn everything(one: &dyn PartitionStore, other: &dyn PartitionStore) {
    conflicts_hand_the_winner_back(one).await;
    stale_etags_are_refused(one).await;
    a_removed_partition_is_absent(one).await;
    one_of_many_creates(one, other).await;
    one_of_many_replaces(one, other).await;
    every_byte_is_kept(one).await;
    large_contents_are_kept(one).await;
    names_are_apart(one).await;
    partitions_expire(one).await;
    what_has_expired_is_absent(one).await;
    a_touch_prolongs(one).await;
    a_touch_of_an_older_state_does_nothing(one).await;
    leases_are_exclusive(one, other).await;
    leases_end(one, other).await;
    leases_leave_partitions_alone(one).await;
    purge_leaves_the_living(one).await;
    names_after_visits_all(one).await;
    changes_are_told(one, other).await;
    cancelled_calls_leave_old_or_new(one).await;
    late_calls_end(one).await;
}

fn patience() -> Deadline {
    Deadline::after(PATIENCE)
}

/// A name that nobody else has.
fn name() -> PartitionName {
    let random: [u8; 16] = random::array().expect("random bytes");
    PartitionName::from_engine(format!("conformance:account:{:032x}", u128::from_be_bytes(random)))
}

fn stored(sealed: impl Into<Vec<u8>>) -> Stored {
    Stored { etag: Etag::generate().expect("random bytes"), sealed: sealed.into() }
}

fn holder() -> LeaseHolder {
    LeaseHolder::generate().expect("random bytes")
}

async fn put(store: &dyn PartitionStore, name: &PartitionName, what: &Stored, condition: Condition) -> Put {
    store.put(name, what, condition, LONG, &patience()).await.expect("a put")
}

/// A new partition that holds this.
async fn create(store: &dyn PartitionStore, name: &PartitionName, sealed: impl Into<Vec<u8>>) -> Stored {
    let what = stored(sealed);
    assert_eq!(put(store, name, &what, Condition::Absent).await, Put::Stored, "nothing is there yet");
    what
}

async fn load(store: &dyn PartitionStore, name: &PartitionName) -> Option<Stored> {
    let loaded = store.load(name, &patience()).await.expect("a load");
    let probed = store.probe(name, &patience()).await.expect("a probe");
    // Neither test changes it at this moment, but it may expire between the two.
    if let (Some(loaded), Some(probed)) = (&loaded, probed) {
        assert_eq!(loaded.etag, probed, "a probe tells the etag of what is there");
    }
    loaded
}

async fn remove(store: &dyn PartitionStore, name: &PartitionName) -> bool {
    store.remove(name, None, &patience()).await.expect("a removal")
}

/// Wait until it is gone, and tell when that was seen.
async fn gone(store: &dyn PartitionStore, name: &PartitionName) -> Instant {
    let start = Instant::now();
    while load(store, name).await.is_some() {
        assert!(start.elapsed() < PATIENCE, "it never expires");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Instant::now()
}
