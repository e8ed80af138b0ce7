//! What one node changes is told to the others; a subscription that was lost says so.

use std::time::Duration;

use sealed_cache::partition::{
    Changes, Condition, PartitionName, Put, RedisSettings, StoreError, StoreErrorKind,
};
use tokio::time::timeout;

use crate::{
    engine::redis::Redis,
    kit::{PATIENCE, Store, create, name, put, soon, stored},
    redis::{store, store_with},
};

async fn listen(store: &Store) -> Box<dyn Changes> {
    store.changes(&soon()).await.unwrap().expect("Redis tells")
}

async fn next(changes: &mut Box<dyn Changes>) -> Result<PartitionName, StoreError> {
    timeout(PATIENCE, changes.next()).await.expect("something is told")
}

async fn is_lost(changes: &mut Box<dyn Changes>) {
    for _ in 0..2 {
        assert_eq!(next(changes).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn changes_are_told_once_each_and_what_changed_nothing_is_not() {
    let redis = Redis::start();
    let (one, other) = (store(&redis).await, store(&redis).await);
    let mut changes = listen(&other).await;
    let first = create(&one, &name("a"), "first").await;
    // None of these changes anything.
    assert_ne!(put(&one, &name("a"), &stored("late"), Condition::Absent).await.unwrap(), Put::Stored);
    assert!(!one.remove(&name("a"), Some(stored("").etag), &soon()).await.unwrap());
    assert!(!one.remove(&name("absent"), None, &soon()).await.unwrap());
    create(&one, &name("b"), "second").await;
    assert!(one.remove(&name("a"), Some(first.etag), &soon()).await.unwrap());
    for expected in ["a", "b", "a"] {
        assert_eq!(next(&mut changes).await.unwrap(), name(expected));
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_prefix_has_a_channel_of_its_own() {
    let redis = Redis::start();
    let ours = store_with(&redis, RedisSettings::new().prefix("test")).await;
    let theirs = store_with(&redis, RedisSettings::new().prefix("theirs")).await;
    let mut changes = listen(&ours).await;
    create(&theirs, &PartitionName::from_engine("theirs:account:a".into()), "theirs").await;
    create(&ours, &name("a"), "ours").await;
    assert_eq!(next(&mut changes).await.unwrap(), name("a"));
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_store_that_does_not_tell_publishes_nothing() {
    let redis = Redis::start();
    let silent = store_with(&redis, RedisSettings::new().tell_changes(false)).await;
    assert!(!silent.capabilities().tells_changes && silent.changes(&soon()).await.unwrap().is_none());
    let telling = store(&redis).await;
    let mut changes = listen(&telling).await;
    create(&silent, &name("silent"), "contents").await;
    create(&telling, &name("told"), "contents").await;
    assert_eq!(next(&mut changes).await.unwrap(), name("told"));
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_lost_subscription_is_an_error_and_a_new_one_works() {
    let mut redis = Redis::start();
    let store = store(&redis).await;
    let mut changes = listen(&store).await;
    redis.break_connections();
    is_lost(&mut changes).await;
    let mut changes = listen(&store).await;
    create(&store, &name("a"), "contents").await;
    assert_eq!(next(&mut changes).await.unwrap(), name("a"));
    redis.kill();
    is_lost(&mut changes).await;
    assert_eq!(store.changes(&soon()).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_subscriber_that_falls_behind_is_told_that_it_missed_some() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let mut changes = listen(&store).await;
    let script =
        "for i = 1, 10000 do redis.call('PUBLISH', 'sealed-cache:changes', 'test:account:' .. i) end";
    redis.ask(&["EVAL", script, "0"]);
    let mut told = 0;
    let error = loop {
        match next(&mut changes).await {
            Ok(_) => told += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!((1..10_000).contains(&told), "{told}");
}

#[tokio::test]
#[ignore = "long: cargo xtask test engines"]
async fn a_subscription_on_a_server_that_went_silent_is_lost() {
    let redis = Redis::start();
    let mut changes = listen(&store(&redis).await).await;
    let _pause = redis.pause();
    // 15 seconds of quiet, then 5 for an answer.
    let lost = timeout(Duration::from_secs(40), changes.next()).await.expect("the silence is noticed");
    assert_eq!(lost.unwrap_err().kind(), StoreErrorKind::Unavailable);
}
