//! Redis is there and answers nothing: its process is stopped.

use std::time::Duration;

use sealed_cache::partition::{Condition, Put, RedisSettings, RedisStore, StoreErrorKind};

use crate::{
    engine::redis::Redis,
    kit::{Ended, HOUR, PATIENCE, create, every_verb, every_verb_works, load, name, put, soon, stored},
    redis::{store, store_with},
};
use sealed_cache::{Deadline, ErrorKind};

const SHORT: Duration = Duration::from_millis(150);
/// How much later than its deadline a call may end, on a busy machine. What bounds it otherwise is much longer.
const SLACK: Duration = Duration::from_secs(1);

/// Within the deadline, as a time-out that says whether something may have been written.
fn timed_out(ended: &[Ended]) {
    for Ended { verb, writes, error, took } in ended {
        let error = error.as_ref().unwrap_or_else(|| panic!("{verb} succeeds"));
        assert_eq!(error.kind(), StoreErrorKind::Timeout, "{verb}: {error}");
        assert_eq!(error.is_ambiguous(), *writes, "{verb}: {error}");
        assert!(*took >= SHORT && *took < SHORT + SLACK, "{verb} took {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn every_call_ends_at_its_deadline_and_the_next_one_works() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let pause = redis.pause();
    timed_out(&every_verb(&store, &name("a"), SHORT).await);
    drop(pause);
    every_verb_works(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_silent_connection_is_replaced_within_the_deadlines() {
    let redis = Redis::start();
    let settings = RedisSettings::new().silence(Duration::ZERO);
    let store = store_with(&redis, settings).await;
    let pause = redis.pause();
    for round in 0..3 {
        for Ended { verb, error, took, .. } in every_verb(&store, &name("a"), SHORT).await {
            let error = error.unwrap_or_else(|| panic!("{verb} succeeds"));
            assert_eq!(error.kind(), StoreErrorKind::Timeout, "{verb} in round {round}: {error}");
            // All but the very first wait for a connection, and have sent nothing.
            assert!(!error.is_ambiguous(), "{verb} in round {round}: {error}");
            assert!(took < SHORT + SLACK, "{verb} in round {round} took {took:?}");
        }
    }
    drop(pause);
    every_verb_works(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_put_that_timed_out_is_recognised_by_its_etag() {
    let redis = Redis::start();
    let store = store(&redis).await;
    for round in 0..5 {
        let name = name(round);
        let (first, second) = (create(&store, &name, "first").await, stored("second"));
        let pause = redis.pause();
        let condition = Condition::Matches(first.etag);
        let error = store.put(&name, &second, condition, HOUR, &Deadline::after(SHORT)).await.unwrap_err();
        assert!(error.kind() == StoreErrorKind::Timeout && error.is_ambiguous(), "{error}");
        drop(pause);
        // Asked on the same connection, so after the put.
        assert_eq!(store.probe(&name, &soon()).await.unwrap(), Some(second.etag), "it was done");
        let outcome = put(&store, &name, &second, Condition::Matches(first.etag)).await.unwrap();
        assert_eq!(outcome, Put::Conflict(Some(second)), "a repetition by the caller is no second change");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_cancelled_call_ends_at_once() {
    let redis = Redis::start();
    let store = store(&redis).await;
    let _pause = redis.pause();
    let cancellation = sealed_cache::Cancellation::new();
    let deadline = Deadline::after(PATIENCE).with_cancellation(cancellation.clone());
    let waiting = tokio::spawn(async move { store.load(&name("a"), &deadline).await });
    cancellation.cancel();
    let begun = std::time::Instant::now();
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), StoreErrorKind::Timeout);
    assert!(begun.elapsed() < SLACK, "it took {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn connecting_to_a_stopped_redis_times_out() {
    let redis = Redis::start();
    let _pause = redis.pause();
    let begun = std::time::Instant::now();
    let connected = RedisStore::connect(&redis.url(), RedisSettings::new().connect_timeout(SHORT)).await;
    assert_eq!(connected.unwrap_err().kind(), ErrorKind::EngineTimeout);
    assert!(begun.elapsed() < SHORT + SLACK, "it took {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_redis_that_is_busy_with_a_script_is_unavailable_and_comes_back() {
    let redis = Redis::start_with(&["--busy-reply-threshold", "50"]);
    let store = store(&redis).await;
    let what = create(&store, &name("a"), "contents").await;
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| redis.run(&["EVAL", "while true do end", "0"]));
        let begun = std::time::Instant::now();
        while redis.run(&["PING"]).contains("PONG") {
            assert!(begun.elapsed() < PATIENCE, "it is never busy");
        }
        let error = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(load(&store, &name("a")))
        });
        assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Unavailable);
        redis.ask(&["SCRIPT", "KILL"]);
        assert!(busy.join().unwrap().contains("ERR"));
    });
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what));
}
