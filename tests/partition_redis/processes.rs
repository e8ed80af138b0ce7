//! Several processes on one Redis, and one of them is killed in the middle.

use std::{collections::HashMap, sync::Arc};

use sealed_cache::partition::{Namespace, RedisSettings, RedisStore};
use tokio::task::JoinSet;

use crate::{
    child::{Call, Child},
    engine::redis::Redis,
    kit::{self, PATIENCE},
    suite::{CLIENT, CLOUD, answer, node, open, person, scopes, sign_in},
};

const PROCESSES: usize = 4;
const TASKS: usize = 16;
const UPDATES: usize = 25;
const PEOPLE: usize = 200;
/// The process that does so until it is killed.
const GOES_ON: &str = "0";

/// All processes have the same.
fn namespace() -> Namespace {
    Namespace::new("processes", CLOUD, CLIENT).unwrap()
}

/// Not a test: a process that adds tokens, and says each of them when it is acknowledged.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test engines"]
fn child() {
    let Some(call) = Call::of("processes::child") else { return };
    let call = Arc::new(call);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let settings = RedisSettings::new().connect_timeout(PATIENCE);
        let store = Arc::new(RedisStore::connect(call.argument(0), settings).await.unwrap());
        let caches = node(&namespace(), store).open().await.unwrap();
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let (caches, call) = (caches.clone(), call.clone());
            tasks.spawn(async move {
                let updates = if call.argument(1) == GOES_ON { usize::MAX } else { UPDATES };
                for number in 0..updates {
                    // Every process comes to the same people, in the same order; after a round it has new tokens for the same.
                    let user = format!("u{}", (task * UPDATES + number) % PEOPLE);
                    let scope = format!("scope-{}-{task:02}-{:02}", call.argument(1), number % PEOPLE);
                    let response = answer(&user, &scope, "a token", None);
                    let added = caches.update(&person(&user), |cache| cache.add(&response)).await.unwrap();
                    assert_eq!(added, Some(()), "everybody is signed in");
                    call.say(format!("{user} {scope}"));
                }
            });
        }
        tasks.join_all().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn nothing_acknowledged_to_any_process_is_lost_also_when_one_is_killed() {
    let redis = Redis::start();
    let caches = open(&namespace(), Arc::new(kit::store(&redis).await)).await;
    for user in 0..PEOPLE {
        sign_in(&caches, &format!("u{user}")).await;
    }
    let start = |number: usize| Child::start("processes::child", &[&redis.url(), &number.to_string()]);
    let mut children: Vec<_> = (0..PROCESSES).map(start).collect();
    let mut acknowledged: Vec<String> = (0..50).filter_map(|_| children[0].hear()).collect();
    let mut killed = children.remove(0);
    killed.kill();
    acknowledged.extend(killed.rest());
    assert!(acknowledged.len() >= 50, "{}", acknowledged.len());
    for child in children {
        let said = child.rest();
        assert_eq!(said.len(), TASKS * UPDATES);
        acknowledged.extend(said);
        child.ends();
    }
    let mut there = HashMap::new();
    for user in (0..PEOPLE).map(|user| format!("u{user}")) {
        there.insert(
            user.clone(),
            caches.read(&person(&user), scopes).await.unwrap().expect("nobody signed out"),
        );
    }
    let is_lost = |line: &&String| {
        line.split_once(' ').is_none_or(|(user, scope)| !there[user].iter().any(|s| s == scope))
    };
    let lost: Vec<_> = acknowledged.iter().filter(is_lost).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
}
