//! Leases: one holder at a time.

use std::time::{Duration, Instant};

use super::{LONG, PATIENCE, create, holder, load, name, patience, remove};
use crate::partition::{LeaseHolder, PartitionName, PartitionStore};

async fn lease(
    store: &dyn PartitionStore,
    name: &PartitionName,
    holder: &LeaseHolder,
    lasts: Duration,
) -> bool {
    store.lease(name, holder, lasts, &patience()).await.expect("a lease")
}

async fn release(store: &dyn PartitionStore, name: &PartitionName, holder: &LeaseHolder) {
    store.release(name, holder, &patience()).await.expect("a release");
}

/// One has it; another gets it only after it was given back by its holder.
pub async fn leases_are_exclusive(one: &dyn PartitionStore, other: &dyn PartitionStore) {
    let (name, ours, theirs) = (name(), holder(), holder());
    assert!(lease(one, &name, &ours, LONG).await);
    assert!(!lease(other, &name, &theirs, LONG).await, "it is taken");
    assert!(lease(other, &name, &ours, LONG).await, "its holder renews it, on whatever connection");
    release(other, &name, &theirs).await;
    assert!(!lease(other, &name, &theirs, LONG).await, "only its holder gives it back");
    release(one, &name, &ours).await;
    assert!(lease(other, &name, &theirs, LONG).await);
    release(one, &name, &ours).await;
    assert!(!lease(one, &name, &ours, LONG).await, "who gave it back does not have it");
    release(other, &name, &theirs).await;
    release(other, &name, &theirs).await;
}

/// A lease whose holder is gone ends by itself, and not before its time.
pub async fn leases_end(one: &dyn PartitionStore, other: &dyn PartitionStore) {
    let (name, ours, theirs, short) = (name(), holder(), holder(), Duration::from_millis(400));
    let before = Instant::now();
    assert!(lease(one, &name, &ours, short).await);
    while !lease(other, &name, &theirs, LONG).await {
        assert!(before.elapsed() < PATIENCE, "the lease never ends");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let lasted = before.elapsed();
    assert!(lasted + Duration::from_millis(50) >= short, "it lasted {lasted:?} of {short:?}");
    assert!(!lease(one, &name, &ours, LONG).await, "it is the other's now");
    release(other, &name, &theirs).await;
}

/// A lease and a partition of one name know nothing of each other.
pub async fn leases_leave_partitions_alone(store: &dyn PartitionStore) {
    let (name, ours) = (name(), holder());
    assert!(lease(store, &name, &ours, LONG).await);
    assert_eq!(load(store, &name).await, None, "a lease is no partition");
    let what = create(store, &name, "contents").await;
    assert!(!lease(store, &name, &holder(), LONG).await);
    release(store, &name, &ours).await;
    assert_eq!(load(store, &name).await, Some(what));
    assert!(lease(store, &name, &ours, LONG).await);
    assert!(remove(store, &name).await);
    assert!(!lease(store, &name, &holder(), LONG).await, "a removal does not end a lease");
    release(store, &name, &ours).await;
}
