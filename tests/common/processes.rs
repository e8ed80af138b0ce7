//! Several processes on one engine, and one of them is killed in the middle.

use std::{collections::HashMap, sync::Arc};

use sealed_cache::partition::{Namespace, PartitionStore};
use tokio::task::JoinSet;

use crate::{
    child::{Call, Child},
    suite::{CLIENT, CLOUD, answer, node, open, person, scopes, sign_in},
};

const PROCESSES: usize = 4;
const TASKS: usize = 16;
const PEOPLE: usize = 200;
/// The process that goes on until it is killed.
const GOES_ON: &str = "0";

/// All processes have the same.
fn namespace() -> Namespace {
    Namespace::new("processes", CLOUD, CLIENT).unwrap()
}

/// What each of the others does: it adds tokens, and says each of them when it is acknowledged. It was called with an
/// address, its number, and how many tokens each task adds; the first process is not told when to end.
pub(crate) async fn add_tokens(call: Call, store: Arc<dyn PartitionStore>) {
    let caches = node(&namespace(), store).open().await.unwrap();
    let updates = call.number(2) as usize;
    let call = Arc::new(call);
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (caches, call) = (caches.clone(), call.clone());
        tasks.spawn(async move {
            let end = if call.argument(1) == GOES_ON { usize::MAX } else { updates };
            for number in 0..end {
                // Every process comes to the same people, in the same order; after a round it has new tokens for the same.
                let user = format!("u{}", (task * updates + number) % PEOPLE);
                let scope = format!("scope-{}-{task:02}-{:02}", call.argument(1), number % PEOPLE);
                let response = answer(&user, &scope, "a token", None);
                let added = caches.update(&person(&user), |cache| cache.add(&response)).await.unwrap();
                assert_eq!(added, Some(()), "everybody is signed in");
                call.say(format!("{user} {scope}"));
            }
        });
    }
    tasks.join_all().await;
}

/// Nothing acknowledged to any process is lost, also when one is killed. The task is one that calls [`add_tokens`].
pub(crate) async fn lose_nothing(store: Arc<dyn PartitionStore>, task: &str, address: &str, updates: usize) {
    let caches = open(&namespace(), store).await;
    for user in 0..PEOPLE {
        sign_in(&caches, &format!("u{user}")).await;
    }
    let start = |number: usize| Child::start(task, &[address, &number.to_string(), &updates.to_string()]);
    let mut children: Vec<_> = (0..PROCESSES).map(start).collect();
    let mut acknowledged: Vec<String> = (0..50).filter_map(|_| children[0].hear()).collect();
    let mut killed = children.remove(0);
    killed.kill();
    acknowledged.extend(killed.rest());
    assert!(acknowledged.len() >= 50, "{}", acknowledged.len());
    for child in children {
        let said = child.rest();
        assert_eq!(said.len(), TASKS * updates);
        acknowledged.extend(said);
        child.ends();
    }
    let mut there = HashMap::new();
    for user in (0..PEOPLE).map(|user| format!("u{user}")) {
        let scopes = caches.read(&person(&user), scopes).await.unwrap().expect("nobody signed out");
        there.insert(user, scopes);
    }
    let is_lost = |line: &&String| {
        line.split_once(' ').is_none_or(|(user, scope)| !there[user].iter().any(|s| s == scope))
    };
    let lost: Vec<_> = acknowledged.iter().filter(is_lost).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
}
