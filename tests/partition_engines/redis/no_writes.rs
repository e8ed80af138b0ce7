//! Redis can be read, and takes no writes: nobody loses a session by it.

use std::{sync::Arc, time::Duration};

use sealed_cache::{Error, ErrorKind, partition::PartitionedCaches};

use crate::{
    engine::redis::Redis,
    redis,
    suite::{self, issuer::Issuer, person, wanted},
};

async fn token(
    caches: &PartitionedCaches,
    issuer: &Arc<Issuer>,
    scope: &'static str,
) -> Result<(String, bool), Error> {
    let issuer = Arc::clone(issuer);
    let ask = move |cache| issuer.refresh(cache, "u1", scope);
    let token = caches.token(&person("u1"), &wanted("u1", scope), ask).await?.expect("signed in");
    Ok((token.secret().to_owned(), token.is_stored()))
}

/// Full from 1 byte on, or without the replicas that it has to have; and as before.
const STATES: [([&str; 4], [&str; 4], ErrorKind); 2] = [
    (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], ErrorKind::EngineFull),
    (
        ["CONFIG", "SET", "min-replicas-to-write", "1"],
        ["CONFIG", "SET", "min-replicas-to-write", "0"],
        ErrorKind::EngineUnavailable,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn while_nothing_can_be_written_the_issuer_is_not_asked_and_nothing_is_lost() {
    let redis = Arc::new(Redis::start_with(&["--maxmemory-policy", "noeviction"]));
    let (store, namespace) = (redis::store(&redis).await, suite::namespace());
    let soon = Duration::from_millis(500);
    let node = suite::node(&namespace, store).update_timeout(soon).store_token_timeout(soon);
    let caches = node.open().await.unwrap();
    let other = suite::open(&namespace, redis::store(&redis).await).await;
    for (no_writes, as_before, expected) in STATES {
        let issuer = Issuer::that_takes(Duration::ZERO);
        let response = issuer.begin("u1");
        caches.create_or_update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
        redis.ask(&no_writes);
        let error = token(&caches, &issuer, "User.Read").await.unwrap_err();
        assert_eq!((error.kind(), issuer.counts()), (expected, (0, 0)), "{error}");
        redis.ask(&as_before);

        // It happens while the issuer answers.
        let (of_ask, full) = (Arc::clone(&issuer), Arc::clone(&redis));
        let ask = move |cache| {
            full.ask(&no_writes);
            of_ask.refresh(cache, "u1", "User.Read")
        };
        let got = caches.token(&person("u1"), &wanted("u1", "User.Read"), ask).await.unwrap().unwrap();
        assert_eq!((got.secret(), got.is_stored()), ("access-1", false));
        assert_eq!(token(&caches, &issuer, "User.Read").await.unwrap(), ("access-1".to_owned(), false));
        redis.ask(&as_before);
        assert_eq!(token(&caches, &issuer, "Mail.Read").await.unwrap(), ("access-2".to_owned(), true));
        assert_eq!(token(&other, &issuer, "User.Read").await.unwrap(), ("access-1".to_owned(), true));
        assert_eq!(token(&other, &issuer, "Files.Read").await.unwrap(), ("access-3".to_owned(), true));
        assert_eq!(issuer.counts(), (3, 0), "nobody presented an old refresh token");
        assert!(caches.remove(&person("u1")).await.unwrap());
    }
}
