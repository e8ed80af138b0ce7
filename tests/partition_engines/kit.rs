//! What the tests of all engines use: names, and each verb with its answer.

#![cfg_attr(not(unix), allow(dead_code, reason = "there are no servers to test there"))]

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use sealed_cache::{
    Deadline,
    partition::{
        Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put, StoreError, StoreErrorKind, Stored,
    },
};
use tokio::task::JoinSet;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
/// Longer than anything takes that works, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Until a connection was idle for so long, a statement is trusted to it.
pub(crate) const FRESH: Duration = Duration::from_secs(1);

pub(crate) type Store = Arc<dyn PartitionStore>;

pub(crate) fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

pub(crate) fn name(hash: impl std::fmt::Display) -> PartitionName {
    PartitionName::from_engine(format!("test:account:{hash}"))
}

pub(crate) fn stored(sealed: impl Into<Vec<u8>>) -> Stored {
    Stored { etag: Etag::generate().unwrap(), sealed: sealed.into() }
}

pub(crate) fn holder() -> LeaseHolder {
    LeaseHolder::generate().unwrap()
}

pub(crate) async fn put(
    store: &Store,
    name: &PartitionName,
    what: &Stored,
    condition: Condition,
) -> Result<Put, StoreError> {
    store.put(name, what, condition, HOUR, &soon()).await
}

pub(crate) async fn create(store: &Store, name: &PartitionName, sealed: impl Into<Vec<u8>>) -> Stored {
    let what = stored(sealed);
    assert_eq!(put(store, name, &what, Condition::Absent).await.unwrap(), Put::Stored);
    what
}

pub(crate) async fn load(store: &Store, name: &PartitionName) -> Result<Option<Stored>, StoreError> {
    store.load(name, &soon()).await
}

/// Wait until it is so, which it will be soon.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "not so: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A verb and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) verb: &'static str,
    pub(crate) writes: bool,
    pub(crate) error: Option<StoreError>,
    pub(crate) took: Duration,
}

/// Every verb that asks the engine, one after the other, each with so much time. Those that write write what is not there.
pub(crate) async fn every_verb(store: &Store, name: &PartitionName, time: Duration) -> Vec<Ended> {
    let (what, ours) = (stored("every verb"), holder());
    let matching = Condition::Matches(stored("").etag);
    let within = || Deadline::after(time);
    let mut all = vec![
        ended("load", false, store.load(name, &within())).await,
        ended("probe", false, store.probe(name, &within())).await,
        ended("put absent", true, store.put(name, &what, Condition::Absent, HOUR, &within())).await,
        ended("put", true, store.put(name, &what, matching, HOUR, &within())).await,
        ended("touch", true, store.touch(name, what.etag, HOUR, &within())).await,
        ended("lease", true, store.lease(name, &ours, HOUR, &within())).await,
        ended("release", true, store.release(name, &ours, &within())).await,
        ended("remove", true, store.remove(name, None, &within())).await,
        ended("names_after", false, store.names_after(None, 10, &within())).await,
    ];
    // Redis needs no purge, and a database has a connection of its own for what changes.
    all.push(if store.capabilities().engine == "redis" {
        ended("changes", false, store.changes(&within())).await
    } else {
        ended("purge", true, store.purge(10, &within())).await
    });
    all
}

async fn ended<T>(
    verb: &'static str,
    writes: bool,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Ended {
    let begun = Instant::now();
    let error = call.await.err();
    Ended { verb, writes, error, took: begun.elapsed() }
}

/// Every verb fails with this kind, and none says that something may have been written.
pub(crate) async fn every_verb_is(store: &Store, kind: StoreErrorKind) {
    for Ended { verb, error, .. } in every_verb(store, &name("refused"), PATIENCE).await {
        let error = error.unwrap_or_else(|| panic!("{verb} succeeds"));
        assert_eq!(error.kind(), kind, "{verb}: {error}");
        assert!(!error.is_ambiguous(), "{verb}: {error}");
    }
}

/// Every verb works.
pub(crate) async fn every_verb_works(store: &Store) {
    for Ended { verb, error, .. } in every_verb(store, &name("works"), PATIENCE).await {
        assert!(error.is_none(), "{verb}: {}", error.unwrap());
    }
}

/// So many tasks on each of these handles count up one number so often, as compare-and-set asks for it: none is lost.
pub(crate) async fn counted_up(stores: &[Store], tasks: u32, times: u32) {
    let counter = name("counter");
    create(&stores[0], &counter, 0_u32.to_be_bytes()).await;
    let mut running = JoinSet::new();
    for store in stores {
        for _ in 0..tasks {
            let (store, counter) = (store.clone(), counter.clone());
            running.spawn(async move {
                for _ in 0..times {
                    count(&store, &counter).await;
                }
            });
        }
    }
    while let Some(task) = running.join_next().await {
        task.unwrap();
    }
    let all = u32::try_from(stores.len()).unwrap() * tasks * times;
    assert_eq!(number(&load(&stores[0], &counter).await.unwrap().unwrap()), all, "updates are lost");
    assert!(stores[0].remove(&counter, None, &soon()).await.unwrap());
}

async fn count(store: &Store, counter: &PartitionName) {
    let mut present = load(store, counter).await.unwrap().unwrap();
    loop {
        let next = stored((number(&present) + 1).to_be_bytes());
        match put(store, counter, &next, Condition::Matches(present.etag)).await.unwrap() {
            Put::Stored => return,
            Put::Conflict(there) => present = there.expect("nobody removes it"),
        }
    }
}

fn number(stored: &Stored) -> u32 {
    u32::from_be_bytes(stored.sealed.as_slice().try_into().unwrap())
}
