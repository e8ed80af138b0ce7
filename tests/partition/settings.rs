//! Settings that cannot be are refused by `open`, with the name of what set them.

use std::time::Duration;

use sealed_cache::{
    ErrorKind,
    partition::{Lifetimes, MemoryStore, PartitionedCaches, PartitionedCachesBuilder},
};

use crate::suite::{namespace, ring};

type Set = fn(PartitionedCachesBuilder) -> PartitionedCachesBuilder;

const NONE: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);

fn builder() -> PartitionedCachesBuilder {
    PartitionedCaches::builder(namespace(), MemoryStore::new(1 << 20), ring())
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_name() {
    let cases: [(&str, Set); 14] = [
        ("`key_timeout`", |builder| builder.key_timeout(NONE)),
        ("`operation_timeout`", |builder| builder.operation_timeout(NONE)),
        ("`update_timeout`", |builder| builder.update_timeout(NONE)),
        ("`refresh_timeouts`", |builder| builder.refresh_timeouts(NONE, SECOND)),
        ("`refresh_timeouts`", |builder| builder.refresh_timeouts(SECOND, NONE)),
        ("`store_token_timeout`", |builder| builder.store_token_timeout(NONE)),
        ("`lease`", |builder| builder.lease(NONE)),
        ("`most_tries`", |builder| builder.most_tries(0)),
        ("`most_tokens`", |builder| builder.most_tokens(0)),
        ("`sizes`", |builder| builder.sizes(0, 0)),
        ("`longest_token`", |builder| builder.lifetimes(Lifetimes::default().longest_token(Duration::MAX))),
        ("`Lifetimes::account`", |builder| builder.lifetimes(Lifetimes::default().account(NONE, SECOND))),
        ("`Lifetimes::account`", |builder| {
            builder.lifetimes(Lifetimes::default().account(Duration::MAX, Duration::MAX))
        }),
        ("`Lifetimes::delegated`", |builder| {
            builder.lifetimes(Lifetimes::default().delegated(SECOND, SECOND))
        }),
    ];
    for (expected, set) in cases {
        let error = set(builder()).open().await.expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(expected), "{expected} is not in: {error}");
    }
}

/// Without a panic anywhere: time-outs and lifetimes that never end are just very long.
#[tokio::test]
async fn what_is_longer_than_any_clock_is_very_long() {
    let longest = Duration::MAX;
    let caches = builder()
        .key_timeout(longest)
        .operation_timeout(longest)
        .update_timeout(longest)
        .refresh_timeouts(longest, longest)
        .store_token_timeout(longest)
        .lease(longest)
        .coherence(sealed_cache::partition::Coherence::Bounded(longest))
        .lifetimes(Lifetimes::default().least(longest))
        .open()
        .await
        .unwrap();
    crate::suite::sign_in(&caches, "u1").await;
    assert!(!crate::suite::gone(&caches, &crate::suite::person("u1")).await.unwrap());
    // Good for less than for ever.
    let own = sealed_cache::partition::ApplicationPartition::new("t1");
    let own = sealed_cache::partition::Partition::application(own);
    let response = sealed_cache::token_cache::TokenResponse::of_access_token("client-id", "AT", 3600)
        .token_endpoint(crate::suite::ENDPOINT);
    caches.create_or_update(&own, |cache| cache.add(&response)).await.unwrap();
    assert!(crate::suite::gone(&caches, &own).await.unwrap());
}
