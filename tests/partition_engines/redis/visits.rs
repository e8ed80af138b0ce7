//! Visiting every partition, while others come and go.

use std::collections::HashSet;

use sealed_cache::partition::{PartitionName, RedisSettings};

use crate::{
    engine::redis::Redis,
    kit::{HOUR, Store, create, holder, name, soon},
    redis::{store, store_with},
};

const NAMES: usize = 3000;

async fn step(store: &Store, after: Option<&PartitionName>) -> Vec<PartitionName> {
    store.names_after(after, 50, &soon()).await.unwrap()
}

/// From where somebody was to the end.
async fn walk(store: &Store, mut last: Option<PartitionName>, seen: &mut HashSet<PartitionName>) -> usize {
    let mut steps = 0;
    loop {
        let names = step(store, last.as_ref()).await;
        assert!(names.len() <= 50);
        let Some(newest) = names.last() else { return steps };
        last = Some(newest.clone());
        seen.extend(names);
        steps += 1;
        assert!(steps < NAMES, "the walk does not end");
    }
}

/// Names as if somebody had put them: quickly.
fn fill(redis: &Redis, kind: &str, count: usize) {
    let script = "for i = 1, ARGV[2] do redis.call('SET', ARGV[1] .. i, '0123456789abcdef', 'EX', 3600) end";
    redis.ask(&["EVAL", script, "0", kind, &count.to_string()]);
}

fn names(count: usize) -> HashSet<PartitionName> {
    (1..=count).map(name).collect()
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_walk_leaves_nothing_out_while_the_table_grows_and_shrinks() {
    let redis = Redis::start();
    let store = store(&redis).await;
    fill(&redis, "test:account:", NAMES);
    let mut seen = HashSet::new();
    let mut last = None;
    for round in 0..10 {
        let names = step(&store, last.as_ref()).await;
        last = names.last().cloned();
        seen.extend(names);
        // The table doubles and doubles, and falls back again.
        if round == 3 {
            fill(&redis, "guest:account:", 10 * NAMES);
        } else if round == 7 {
            redis.ask(&[
                "EVAL",
                "for i = 1, ARGV[1] do redis.call('DEL', 'guest:account:' .. i) end",
                "0",
                "30000",
            ]);
        }
    }
    walk(&store, last, &mut seen).await;
    assert!(names(NAMES).is_subset(&seen), "{} of {NAMES}", names(NAMES).intersection(&seen).count());
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn walks_beside_each_other_leave_nothing_out() {
    let redis = Redis::start();
    let store = store(&redis).await;
    fill(&redis, "test:account:", NAMES);
    let (mut one, mut other) = (HashSet::new(), HashSet::new());
    let (mut after_one, mut after_other) = (None, None);
    for _ in 0..10 {
        for (seen, after) in [(&mut one, &mut after_one), (&mut other, &mut after_other)] {
            let names = step(&store, after.as_ref()).await;
            *after = names.last().cloned();
            seen.extend(names);
        }
    }
    walk(&store, after_one, &mut one).await;
    walk(&store, after_other, &mut other).await;
    assert!(one == names(NAMES) && other == names(NAMES));
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_walk_that_another_server_goes_on_with_leaves_nothing_out() {
    let mut redis = Redis::durable();
    let store = store(&redis).await;
    fill(&redis, "test:account:", NAMES);
    let (mut seen, mut last) = (HashSet::new(), None);
    for _ in 0..20 {
        let names = step(&store, last.as_ref()).await;
        last = names.last().cloned();
        seen.extend(names);
    }
    // It has the same keys, in another order.
    redis.kill();
    redis.restart();
    walk(&store, last, &mut seen).await;
    assert_eq!(seen.len(), NAMES);
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn leases_other_kinds_and_other_prefixes_are_not_visited() {
    let redis = Redis::start();
    let store = store_with(&redis, RedisSettings::new().prefix("test")).await;
    create(&store, &name("ours"), "contents").await;
    assert!(store.lease(&name("leased"), &holder(), HOUR, &soon()).await.unwrap());
    redis.ask(&["RPUSH", "test:account:list", "one"]);
    redis.ask(&["SET", "tests:account:theirs", "0123456789abcdef"]);
    let mut seen = HashSet::new();
    walk(&store, None, &mut seen).await;
    assert_eq!(seen, HashSet::from([name("ours")]));
}
