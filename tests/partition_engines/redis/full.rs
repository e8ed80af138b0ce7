//! Redis has no memory left: nobody else can sign in, and who is signed in stays so.

use sealed_cache::{
    Error, ErrorKind,
    partition::{Namespace, PartitionedCaches},
};

use crate::{
    engine::redis::Redis,
    redis::store,
    suite::{self, answer, gone, namespace, person, scopes, sign_in},
};

async fn open(redis: &Redis, namespace: &Namespace) -> PartitionedCaches {
    suite::open(namespace, store(redis).await).await
}

/// With a token that takes room.
async fn sign_in_with_much(caches: &PartitionedCaches, user: &str) -> Result<(), Error> {
    let response = answer(user, "User.Read", &"AbCd".repeat(16 * 1024), Some("refresh"));
    caches.create_or_update(&person(user), |cache| cache.add(&response)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_full_redis_refuses_sign_ins_keeps_everybody_and_recovers_by_itself() {
    let redis = Redis::start_with(&["--maxmemory-policy", "noeviction"]);
    let namespace = namespace();
    let caches = open(&redis, &namespace).await;
    sign_in(&caches, "first").await;
    redis.ask(&["CONFIG", "SET", "maxmemory", "5mb"]);
    let mut people = Vec::new();
    let error = loop {
        let user = format!("u{}", people.len());
        match sign_in_with_much(&caches, &user).await {
            Ok(()) => people.push(user),
            Err(error) => break error,
        }
        assert!(people.len() < 1000, "it never gets full");
    };
    assert_eq!(error.kind(), ErrorKind::EngineFull, "{error}");
    assert!(error.kind().is_temporary(), "it is answered with 503, not with a sign-in page");

    // A change is refused as well, and what was there stays.
    let more = answer("first", "Mail.Read", &"AbCd".repeat(16 * 1024), None);
    let changed = caches.update(&person("first"), |cache| cache.add(&more)).await;
    assert_eq!(changed.unwrap_err().kind(), ErrorKind::EngineFull);
    // Also a node that comes now finds everybody, and nobody who did not get in.
    for node in [&caches, &open(&redis, &namespace).await] {
        for user in people.iter().map(String::as_str).chain(["first"]) {
            assert_eq!(node.read(&person(user), scopes).await.unwrap(), Some(vec!["User.Read".into()]));
        }
        assert!(gone(node, &person(&format!("u{}", people.len()))).await.unwrap());
    }

    // Who signs out makes room, and the next ones get in.
    let leave = people.split_off(people.len() / 2);
    for user in &leave {
        assert!(caches.remove(&person(user)).await.unwrap());
        assert!(gone(&caches, &person(user)).await.unwrap());
    }
    sign_in_with_much(&caches, "late").await.unwrap();
    caches.update(&person("first"), |cache| cache.add(&more)).await.unwrap().expect("it is there");
    assert_eq!(caches.read(&person("first"), scopes).await.unwrap().unwrap().len(), 2);
}
