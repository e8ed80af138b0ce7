//! What every engine has to get right, and what Redis adds.

use sealed_cache::{
    partition::{Condition, PartitionName, Put, RedisSettings, StoreErrorKind},
    testing::partition_store,
};
use tokio::task::JoinSet;

use crate::{
    engine::redis::Redis,
    kit::{PATIENCE, create, every_verb, load, name, put, soon, stored},
    redis::{store, store_with},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn redis_conforms() {
    let redis = Redis::start();
    let (one, other) = (store(&redis).await, store(&redis).await);
    partition_store::everything(&*one, &*other).await;
    assert_eq!(redis.ask(&["DBSIZE"]), "0", "the suite removes what it made");
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn redis_says_whether_it_keeps_what_it_stored() {
    let (fleeting, durable) = (Redis::start(), Redis::durable());
    assert!(!store(&fleeting).await.capabilities().is_durable);
    assert!(store(&durable).await.capabilities().is_durable);
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn everything_expires_and_nothing_is_left() {
    let redis = Redis::start();
    let store = store(&redis).await;
    create(&store, &name("a"), "contents").await;
    let until: i64 = redis.ask(&["PTTL", "test:account:a"]).parse().unwrap();
    assert!((1..=3_600_000).contains(&until), "{until}");
    assert!(store.lease(&name("a"), &crate::kit::holder(), PATIENCE, &soon()).await.unwrap());
    let until: u128 = redis.ask(&["PTTL", "test:account:a:lease"]).parse().unwrap();
    assert!((1..=PATIENCE.as_millis()).contains(&until), "{until}");
    // The longest and the shortest times that there are.
    for time in [std::time::Duration::MAX, std::time::Duration::ZERO] {
        let what = stored("long or short");
        let outcome = store.put(&name("b"), &what, Condition::Absent, time, &soon()).await.unwrap();
        assert_eq!(outcome, Put::Stored);
        store.remove(&name("b"), None, &soon()).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn what_is_no_partition_is_neither_absent_nor_overwritten() {
    let redis = Redis::start();
    let store = store(&redis).await;
    redis.ask(&["RPUSH", "test:account:list", "one"]);
    redis.ask(&["SET", "test:account:short", "fifteen bytes.."]);
    for name in [name("list"), name("short")] {
        assert_eq!(load(&store, &name).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
        assert_eq!(store.probe(&name, &soon()).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
        let error = put(&store, &name, &stored("ours"), Condition::Absent).await.unwrap_err();
        assert!(error.kind() == StoreErrorKind::Corrupt && !error.is_ambiguous(), "{error}");
    }
    assert_eq!(redis.ask(&["LRANGE", "test:account:list", "0", "-1"]), "one");
    assert_eq!(redis.ask(&["GET", "test:account:short"]), "fifteen bytes..");
    // Whoever removes it can go on.
    assert!(store.remove(&name("list"), None, &soon()).await.unwrap());
    create(&store, &name("list"), "ours").await;
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn what_is_too_large_is_refused_before_it_is_sent() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let what = stored(vec![0; store.capabilities().largest + 1]);
    let error = put(&store, &name("a"), &what, Condition::Absent).await.unwrap_err();
    assert!(error.kind() == StoreErrorKind::TooLarge && !error.is_ambiguous(), "{error}");
    let what = stored(vec![7; store.capabilities().largest]);
    assert_eq!(put(&store, &name("a"), &what, Condition::Absent).await.unwrap(), Put::Stored);
    assert!(load(&store, &name("a")).await.unwrap() == Some(what));
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_name_outside_of_the_prefix_is_refused() {
    let redis = Redis::start();
    let store = store_with(&redis, RedisSettings::new().prefix("ours")).await;
    let theirs = PartitionName::from_engine("ours2:account:a".into());
    for ended in every_verb(&store, &theirs, PATIENCE).await {
        let names_it = !["names_after", "changes"].contains(&ended.verb);
        assert_eq!(
            ended.error.map(|error| error.kind()),
            names_it.then_some(StoreErrorKind::Denied),
            "{}",
            ended.verb
        );
    }
    assert_eq!(redis.ask(&["DBSIZE"]), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn many_calls_share_one_connection_also_when_some_are_dropped() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let mut calls = JoinSet::new();
    for number in 0..400_u32 {
        let store = store.clone();
        let call = calls.spawn(async move {
            let what = create(&store, &name(number), number.to_be_bytes()).await;
            assert_eq!(load(&store, &name(number)).await.unwrap(), Some(what));
        });
        if number % 4 == 0 {
            tokio::task::yield_now().await;
            call.abort();
        }
    }
    while let Some(call) = calls.join_next().await {
        assert!(call.is_ok() || call.unwrap_err().is_cancelled());
    }
    assert_eq!(redis.clients(), 1);
    create(&store, &name("after"), "contents").await;
}
