//! Redis is killed, restarted, emptied; its connections are broken, its scripts forgotten; another server takes its place.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sealed_cache::partition::{Condition, Etag, PartitionName, Put, StoreErrorKind, Stored};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    engine::redis::Redis,
    kit::{HOUR, Store, create, every_verb_is, every_verb_works, load, name, put, soon, stored, until},
    redis::store,
};

/// What one writer knows of its partition.
struct Written {
    name: PartitionName,
    /// The number and etag that were acknowledged last.
    acknowledged: (u64, Etag),
    /// Those whose fate it was not told.
    open: Option<(u64, Etag)>,
}

/// How many changes of each writer are acknowledged before Redis is killed.
const ENOUGH: u64 = 3;

/// Count up in one partition until Redis is gone.
async fn write(store: Store, name: PartitionName, begun: Arc<Barrier>) -> Written {
    let first = create(&store, &name, 0_u64.to_be_bytes()).await;
    let mut written = Written { name, acknowledged: (0, first.etag), open: None };
    let mut has_begun = false;
    loop {
        let number = written.acknowledged.0 + 1;
        if number > ENOUGH && !std::mem::replace(&mut has_begun, true) {
            begun.wait().await;
        }
        let next = stored(number.to_be_bytes());
        match put(&store, &written.name, &next, Condition::Matches(written.acknowledged.1)).await {
            Ok(Put::Stored) => written.acknowledged = (number, next.etag),
            Ok(Put::Conflict(there)) => panic!("nobody else writes here: {there:?}"),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                written.open = error.is_ambiguous().then_some((number, next.etag));
                break;
            }
        }
    }
    written
}

fn number(stored: &Stored) -> u64 {
    u64::from_be_bytes(stored.sealed[..].try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn killed_and_restarted_with_its_file_it_has_lost_nothing_acknowledged() {
    let mut redis = Redis::durable();
    let store = store(&redis).await;
    for round in 0..3 {
        let begun = Arc::new(Barrier::new(17));
        let mut writers = JoinSet::new();
        for writer in 0..16 {
            writers.spawn(write(store.clone(), name(format!("{round}-{writer}")), begun.clone()));
        }
        begun.wait().await;
        redis.kill();
        let written = writers.join_all().await;
        redis.restart();
        for Written { name, acknowledged, open } in written {
            let there = load(&store, &name).await.unwrap().expect("it was acknowledged");
            let found = (number(&there), there.etag);
            assert!(
                found == acknowledged || Some(found) == open,
                "{found:?}, not {acknowledged:?} or {open:?}"
            );
            assert!(acknowledged.0 >= ENOUGH, "the writers wrote");
        }
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn while_it_is_gone_it_is_unavailable_and_then_works_again() {
    let mut redis = Redis::durable();
    let store = store(&redis).await;
    let what = create(&store, &name("a"), "contents").await;
    for _ in 0..3 {
        redis.kill();
        // The connection may break a moment later than the process ends.
        until("the connection is broken", async || load(&store, &name("a")).await.is_err()).await;
        every_verb_is(&store, StoreErrorKind::Unavailable).await;
        redis.restart();
        assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what.clone()), "the very next call");
        every_verb_works(&store).await;
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn restarted_empty_it_is_absent_and_no_error() {
    let mut redis = Redis::durable();
    let store = store(&redis).await;
    let before = create(&store, &name("a"), "contents").await;
    redis.kill();
    redis.restart_empty();
    assert_eq!(load(&store, &name("a")).await.unwrap(), None);
    assert_eq!(store.probe(&name("a"), &soon()).await.unwrap(), None);
    let outcome = put(&store, &name("a"), &stored("late"), Condition::Matches(before.etag)).await.unwrap();
    assert_eq!(outcome, Put::Conflict(None), "what is gone is not brought back");
    create(&store, &name("a"), "anew").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn when_all_connections_are_broken_the_next_call_works() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let mut what = create(&store, &name("a"), "contents").await;
    let ours = crate::kit::holder();
    for _ in 0..20 {
        redis.break_connections();
        assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what.clone()));
        redis.break_connections();
        let next = stored("next");
        assert_eq!(put(&store, &name("a"), &next, Condition::Matches(what.etag)).await.unwrap(), Put::Stored);
        what = next;
        redis.break_connections();
        assert!(store.touch(&name("a"), what.etag, HOUR, &soon()).await.unwrap());
        redis.break_connections();
        assert!(store.lease(&name("a"), &ours, HOUR, &soon()).await.unwrap());
        redis.break_connections();
        assert!(!store.names_after(None, 10, &soon()).await.unwrap().is_empty());
    }
}

/// Some answers are lost with a connection. The store then says that it does not know, and never what is not so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn connections_that_break_all_the_time_lose_no_update() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        writers.spawn(count(store.clone(), name(writer % 2), is_over.clone()));
    }
    for _ in 0..100 {
        redis.break_connections();
    }
    is_over.store(true, Ordering::Relaxed);
    let written = writers.join_all().await;
    let (done, open) = written.into_iter().fold((0, 0), |(done, open), (d, o)| (done + d, open + o));
    let mut there = 0;
    for partition in 0..2 {
        there += number(&load(&store, &name(partition)).await.unwrap().unwrap());
    }
    assert!(
        (done..=done + open).contains(&there),
        "{there}, of {done} that were done and {open} that nobody knows of"
    );
    assert!(done > 100, "{done}");
}

/// Add 1 again and again to what is there; tells how often that was done, and how often that was left open.
async fn count(store: Store, name: PartitionName, is_over: Arc<AtomicBool>) -> (u64, u64) {
    let (mut done, mut open) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        let Ok(there) = load(&store, &name).await else { continue };
        let condition = there.as_ref().map_or(Condition::Absent, |there| Condition::Matches(there.etag));
        let next = stored((there.as_ref().map_or(0, number) + 1).to_be_bytes());
        match put(&store, &name, &next, condition).await {
            Ok(Put::Stored) => done += 1,
            Ok(Put::Conflict(_)) => {}
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                open += u64::from(error.is_ambiguous());
            }
        }
    }
    (done, open)
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn forgotten_scripts_are_sent_again() {
    let redis = Redis::start();
    let store = store(&redis).await;
    for _ in 0..3 {
        redis.ask(&["SCRIPT", "FLUSH"]);
        every_verb_works(&store).await;
        let what = create(&store, &name("a"), "contents").await;
        redis.ask(&["SCRIPT", "FLUSH"]);
        assert!(store.remove(&name("a"), Some(what.etag), &soon()).await.unwrap());
    }
    every_verb_works(&store).await;
    // From then on the hash is enough.
    let before = calls(&redis, "eval");
    every_verb_works(&store).await;
    every_verb_works(&store).await;
    assert_eq!(calls(&redis, "eval"), before);
}

fn calls(redis: &Redis, command: &str) -> u64 {
    let statistics = redis.ask(&["INFO", "commandstats"]);
    let start = format!("cmdstat_{command}:calls=");
    let line = statistics.lines().find_map(|line| line.strip_prefix(&start)?.split(',').next()?.parse().ok());
    line.expect("it was called")
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_server_that_became_a_replica_takes_no_writes_and_says_so() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let what = create(&store, &name("a"), "contents").await;
    redis.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = put(&store, &name("a"), &stored("late"), Condition::Matches(what.etag)).await.unwrap_err();
    assert!(error.kind() == StoreErrorKind::Unavailable && !error.is_ambiguous(), "{error}");
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what.clone()));
    redis.ask(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    let error = load(&store, &name("a")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    redis.ask(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what));
    every_verb_works(&store).await;
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_server_that_is_loading_is_unavailable_and_then_works() {
    let mut redis = Redis::durable();
    let store = store(&redis).await;
    let what = create(&store, &name("a"), "contents").await;
    let script = "for i = 1, 20000 do redis.call('SET', 'filler' .. i, 'x') end";
    redis.ask(&["EVAL", script, "0"]);
    redis.ask(&["SAVE"]);
    redis.kill();
    redis.restart_slowly();
    let error = load(&store, &name("a")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("LOADING"), "{error}");
    redis.ask(&["CONFIG", "SET", "key-load-delay", "0"]);
    until("everything is loaded", async || {
        let loaded = load(&store, &name("a")).await;
        loaded.inspect_err(|error| assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}")).is_ok()
    })
    .await;
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what));
}
