//! What jobs need: purge, a walk over all partitions, changes.

use std::{collections::HashSet, time::Duration};

use super::{LONG, create, gone, holder, load, name, patience, put, remove, stored};
use crate::partition::{Changes, Condition, PartitionName, PartitionStore, Put};

/// A purge removes at most as many as it may, and none that lives.
pub async fn purge_leaves_the_living(store: &dyn PartitionStore) {
    let (living, ending) = (name(), [name(), name(), name()]);
    let what = create(store, &living, "living").await;
    for name in &ending {
        let lives_for = Duration::from_millis(50);
        let outcome = store.put(name, &stored("ending"), Condition::Absent, lives_for, &patience()).await;
        assert_eq!(outcome.expect("a put"), Put::Stored);
    }
    for name in &ending {
        gone(store, name).await;
    }
    loop {
        let purged = store.purge(2, &patience()).await.expect("a purge");
        assert!(purged <= 2, "at most 2, and it purged {purged}");
        if purged == 0 {
            break;
        }
    }
    assert_eq!(load(store, &living).await, Some(what));
    for name in &ending {
        assert_eq!(load(store, name).await, None);
    }
    assert!(remove(store, &living).await);
}

/// A walk in small steps visits every partition and ends; it shows no leases.
pub async fn names_after_visits_all(store: &dyn PartitionStore) {
    let names: Vec<_> = (0..23).map(|_| name()).collect();
    for name in &names {
        create(store, name, "contents").await;
    }
    let (leased, ours) = (name(), holder());
    assert!(store.lease(&leased, &ours, LONG, &patience()).await.expect("a lease"));
    let visited = walk(store).await;
    for name in &names {
        assert!(visited.contains(name), "the walk misses {name:?}");
        assert!(remove(store, name).await);
    }
    assert!(!visited.contains(&leased), "a lease is no partition");
    store.release(&leased, &ours, &patience()).await.expect("a release");
    let visited = walk(store).await;
    assert!(names.iter().all(|name| !visited.contains(name)), "what was removed is visited");
}

async fn walk(store: &dyn PartitionStore) -> HashSet<PartitionName> {
    let (mut visited, mut last) = (HashSet::new(), None);
    for _ in 0..1_000_000 {
        let step = store.names_after(last.as_ref(), 5, &patience()).await.expect("names");
        let Some(name) = step.last() else { return visited };
        last = Some(name.clone());
        visited.extend(step);
    }
    panic!("the walk does not end");
}

/// Changes that one node makes are told to another, if the engine says that it tells them.
pub async fn changes_are_told(one: &dyn PartitionStore, other: &dyn PartitionStore) {
    let changes = other.changes(&patience()).await.expect("a subscription");
    assert_eq!(changes.is_some(), other.capabilities().tells_changes, "it does as it says");
    let Some(mut changes) = changes else { return };
    let name = name();
    let first = create(one, &name, "first").await;
    told(&mut *changes, &name).await;
    assert_eq!(put(one, &name, &stored("second"), Condition::Matches(first.etag)).await, Put::Stored);
    told(&mut *changes, &name).await;
    assert!(remove(one, &name).await);
    told(&mut *changes, &name).await;
}

/// Others may be told before it.
async fn told(changes: &mut dyn Changes, name: &PartitionName) {
    let wait = async { while changes.next().await.expect("the subscription holds") != *name {} };
    tokio::time::timeout(super::PATIENCE, wait).await.expect("the change is told");
}
