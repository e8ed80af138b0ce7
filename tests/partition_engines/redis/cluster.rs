//! A Redis Cluster is refused, and not taken for an engine that will be back.

use sealed_cache::{
    ErrorKind,
    partition::{RedisSettings, RedisStore, StoreErrorKind},
};

use crate::{
    engine::redis::Redis,
    kit::{PATIENCE, every_verb_works, load, name, soon},
    redis::store,
};

const TEXT: &str = "part of a cluster";

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_server_that_has_only_a_part_of_the_keys_is_refused() {
    let (one, other) = (Redis::of_cluster("0", "8191"), Redis::of_cluster("8192", "16383"));
    one.meet(&other);
    for redis in [&one, &other] {
        for settings in [RedisSettings::new(), RedisSettings::new().prefix("test")] {
            let refused = RedisStore::connect(&redis.url(), settings.connect_timeout(PATIENCE)).await;
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
            assert!(error.to_string().contains(TEXT) && !error.kind().is_temporary(), "{error}");
            assert!(!error.to_string().contains(&other.port().to_string()), "{error}");
        }
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_cluster_that_answers_for_every_key_will_do_until_another_takes_a_part() {
    let redis = Redis::of_cluster("0", "16383");
    let store = store(&redis).await;
    every_verb_works(&store).await;
    // The slot of this name goes to another server.
    let slot = redis.ask(&["CLUSTER", "KEYSLOT", name("a").as_str()]);
    let other = Redis::of_cluster_without_slots();
    redis.meet(&other);
    let id = other.ask(&["CLUSTER", "MYID"]);
    for part in [&other, &redis] {
        part.ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &id]);
    }
    for error in [
        load(&store, &name("a")).await.unwrap_err(),
        store.remove(&name("a"), None, &soon()).await.unwrap_err(),
    ] {
        assert!(error.kind() == StoreErrorKind::Denied && !error.is_ambiguous(), "{error}");
        assert!(error.to_string().contains(TEXT), "{error}");
    }
}
