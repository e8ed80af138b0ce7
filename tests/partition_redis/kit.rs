//! What all tests here use: a store, names, and each verb with its answer.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use sealed_cache::{
    Deadline,
    partition::{
        Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put, RedisSettings, RedisStore,
        StoreError, StoreErrorKind, Stored,
    },
};

use crate::engine::redis::Redis;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
/// Longer than anything takes that works, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

pub(crate) async fn store(redis: &Redis) -> RedisStore {
    store_with(redis, RedisSettings::new()).await
}

/// With as much patience for a connection as a busy machine asks for.
pub(crate) async fn store_with(redis: &Redis, settings: RedisSettings) -> RedisStore {
    RedisStore::connect(&redis.url(), settings.connect_timeout(PATIENCE)).await.unwrap()
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
    store: &RedisStore,
    name: &PartitionName,
    what: &Stored,
    condition: Condition,
) -> Result<Put, StoreError> {
    store.put(name, what, condition, HOUR, &soon()).await
}

pub(crate) async fn create(store: &RedisStore, name: &PartitionName, sealed: impl Into<Vec<u8>>) -> Stored {
    let what = stored(sealed);
    assert_eq!(put(store, name, &what, Condition::Absent).await.unwrap(), Put::Stored);
    what
}

pub(crate) async fn load(store: &RedisStore, name: &PartitionName) -> Result<Option<Stored>, StoreError> {
    store.load(name, &soon()).await
}

/// Until it is so, and not for ever.
pub(crate) async fn until<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "it never is");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A verb and how it ended.
pub(crate) struct Ended {
    pub(crate) verb: &'static str,
    pub(crate) writes: bool,
    pub(crate) error: Option<StoreError>,
    pub(crate) took: Duration,
}

/// Every verb that asks Redis, one after the other, each with so much time. Those that write write what is not there.
pub(crate) async fn every_verb(store: &RedisStore, name: &PartitionName, time: Duration) -> Vec<Ended> {
    let (what, ours) = (stored("every verb"), holder());
    let matching = Condition::Matches(stored("").etag);
    let within = || Deadline::after(time);
    vec![
        ended("load", false, store.load(name, &within())).await,
        ended("probe", false, store.probe(name, &within())).await,
        ended("put absent", true, store.put(name, &what, Condition::Absent, HOUR, &within())).await,
        ended("put", true, store.put(name, &what, matching, HOUR, &within())).await,
        ended("touch", true, store.touch(name, HOUR, &within())).await,
        ended("lease", true, store.lease(name, &ours, HOUR, &within())).await,
        ended("release", true, store.release(name, &ours, &within())).await,
        ended("remove", true, store.remove(name, None, &within())).await,
        ended("names_after", false, store.names_after(None, 10, &within())).await,
        ended("changes", false, store.changes(&within())).await,
    ]
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
pub(crate) async fn every_verb_is(store: &RedisStore, kind: StoreErrorKind) {
    for Ended { verb, error, .. } in every_verb(store, &name("refused"), PATIENCE).await {
        let error = error.unwrap_or_else(|| panic!("{verb} succeeds"));
        assert_eq!(error.kind(), kind, "{verb}: {error}");
        assert!(!error.is_ambiguous(), "{verb}: {error}");
    }
}

/// Every verb works.
pub(crate) async fn every_verb_works(store: &RedisStore) {
    for Ended { verb, error, .. } in every_verb(store, &name("works"), PATIENCE).await {
        assert!(error.is_none(), "{verb}: {}", error.unwrap());
    }
}
