//! Several processes on one Redis, and one of them is killed in the middle.

use std::sync::Arc;

use sealed_cache::partition::{RedisSettings, RedisStore};

use crate::{
    child::Call,
    engine::redis::Redis,
    kit::PATIENCE,
    processes_on::{add_tokens, lose_nothing},
    redis::store,
};

const UPDATES: usize = 25;

/// Not a test: one of the processes.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test engines"]
fn child() {
    let Some(call) = Call::of("redis::processes::child") else { return };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let settings = RedisSettings::new().connect_timeout(PATIENCE);
        let store = RedisStore::connect(call.argument(0), settings).await.unwrap();
        add_tokens(call, Arc::new(store)).await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn nothing_acknowledged_to_any_process_is_lost_also_when_one_is_killed() {
    let redis = Redis::start();
    lose_nothing(store(&redis).await, "redis::processes::child", &redis.url(), UPDATES).await;
}
