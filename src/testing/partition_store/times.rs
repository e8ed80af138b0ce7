//! How long partitions live.

use std::time::{Duration, Instant};

use super::{PATIENCE, create, gone, load, name, patience, put, remove, stored};
use crate::partition::{Condition, Etag, PartitionName, PartitionStore, Put};

const SHORT: Duration = Duration::from_millis(400);
/// By how much the clocks of an engine and of this process, and their units, may differ within a test.
const CLOCKS: Duration = Duration::from_millis(50);

/// A partition is there until its time is over, and not after.
pub async fn partitions_expire(store: &dyn PartitionStore) {
    let name = name();
    let (what, before) = (stored("short"), Instant::now());
    let outcome = store.put(&name, &what, Condition::Absent, SHORT, &patience()).await;
    assert_eq!(outcome.expect("a put"), Put::Stored);
    let ended = gone(store, &name).await;
    assert!(ended - before + CLOCKS >= SHORT, "it expired after {:?} of {SHORT:?}", ended - before);
}

/// What has expired can be created, and neither matched, touched nor removed.
pub async fn what_has_expired_is_absent(store: &dyn PartitionStore) {
    let name = name();
    let what = stored("short");
    let outcome = store.put(&name, &what, Condition::Absent, SHORT, &patience()).await;
    assert_eq!(outcome.expect("a put"), Put::Stored);
    gone(store, &name).await;
    let outcome = put(store, &name, &stored("late"), Condition::Matches(what.etag)).await;
    assert_eq!(outcome, Put::Conflict(None), "what has expired has no etag");
    assert!(!touch(store, &name, what.etag, PATIENCE).await, "it does not live again");
    assert!(!remove(store, &name).await, "there is nothing to remove");
    let anew = create(store, &name, "anew").await;
    assert_eq!(load(store, &name).await, Some(anew), "and lives its own time");
    assert!(remove(store, &name).await);
}

/// A touch of what somebody has replaced meanwhile changes nothing: what is there now has a time of its own.
pub async fn a_touch_of_an_older_state_does_nothing(store: &dyn PartitionStore) {
    let name = name();
    let (old, new) = (create(store, &name, "old").await, stored("new"));
    assert_eq!(put(store, &name, &new, Condition::Matches(old.etag)).await, Put::Stored);
    assert!(!touch(store, &name, old.etag, Duration::from_millis(1)).await, "the old state is gone");
    tokio::time::sleep(2 * CLOCKS).await;
    assert_eq!(load(store, &name).await, Some(new), "and the new one lives on");
    assert!(remove(store, &name).await);
}

async fn touch(store: &dyn PartitionStore, name: &PartitionName, etag: Etag, lives_for: Duration) -> bool {
    store.touch(name, etag, lives_for, &patience()).await.expect("a touch")
}

/// A touch lets a partition live longer, or shorter, and changes nothing else.
pub async fn a_touch_prolongs(store: &dyn PartitionStore) {
    let name = name();
    let what = stored("touched");
    assert!(!touch(store, &name, what.etag, PATIENCE).await, "there is nothing to touch");
    let outcome = store.put(&name, &what, Condition::Absent, PATIENCE, &patience()).await;
    assert_eq!(outcome.expect("a put"), Put::Stored);
    assert!(touch(store, &name, what.etag, 4 * PATIENCE).await);
    assert_eq!(load(store, &name).await, Some(what.clone()));
    let before = Instant::now();
    assert!(touch(store, &name, what.etag, SHORT).await);
    let ended = gone(store, &name).await;
    assert!(ended - before + CLOCKS >= SHORT, "it expired after {:?} of {SHORT:?}", ended - before);
}
