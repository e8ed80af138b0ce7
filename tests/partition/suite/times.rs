//! How long partitions live.

use std::time::{Duration, SystemTime};

use sealed_cache::{
    ErrorKind,
    partition::{ApplicationPartition, Lifetimes, Partition},
    token_cache::TokenResponse,
};

use super::{
    CLIENT, Connect, ENDPOINT, answer, home, namespace, node, observed::Observed, person, raw, signed_in,
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn is_about(lived: Option<Duration>, expected: Duration) -> bool {
    lived.is_some_and(|lived| lived <= expected && lived >= expected.mul_f64(0.94))
}

/// Each kind of partition, on whatever engine.
pub(crate) async fn partitions_live_as_the_rules_say(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), Observed::new(connect()));
    let caches = node(&namespace, store.clone()).open().await.unwrap();
    let lived = || store.lives_for.lock().unwrap().take();

    caches.create_or_update(&person("u1"), |cache| cache.add(&signed_in("u1"))).await.unwrap();
    assert!(is_about(lived(), 14 * DAY));
    let long = Partition::long_running("a session key");
    caches.create_or_update(&long, |cache| cache.add(&signed_in("u1"))).await.unwrap();
    assert!(is_about(lived(), 2 * HOUR));
    let delegated = Partition::on_behalf_of("assertion");
    caches.create_or_update(&delegated, |cache| cache.add(&answer("u1", "x", "AT", None))).await.unwrap();
    assert!(is_about(lived(), HOUR), "with its access token");
    caches.create_or_update(&delegated, |cache| cache.add(&signed_in("u1"))).await.unwrap();
    assert!(is_about(lived(), 2 * HOUR), "with a refresh token");

    let application = Partition::application(ApplicationPartition::new("t1"));
    let own = |seconds, scope: &str| {
        let response = TokenResponse::of_access_token(CLIENT, "AT", seconds).token_endpoint(ENDPOINT);
        response.requested_scopes([scope])
    };
    let add = async |response: TokenResponse| {
        caches.create_or_update(&application, |cache| cache.add(&response)).await.unwrap();
    };
    add(own(200, "short")).await;
    assert_eq!(lived(), None, "too short to be stored");
    add(own(1800, "a")).await;
    assert!(is_about(lived(), HOUR / 2));
    add(own(7200, "b")).await;
    assert!(is_about(lived(), 2 * HOUR), "the last one counts");
    add(own(900, "c")).await;
    assert!(is_about(lived(), 2 * HOUR));
    let emptied = |cache: &mut sealed_cache::TokenCache| Ok(cache.remove_client(CLIENT));
    caches.update(&application, emptied).await.unwrap();
    assert_eq!(raw(&caches, &connect(), &application).await, None, "what has no token left is removed");
    for partition in [person("u1"), long, delegated] {
        assert!(caches.remove(&partition).await.unwrap());
    }
    at_most(connect).await;
    too_many_tokens(connect).await;
}

/// The end that uses do not move.
async fn at_most(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), Observed::new(connect()));
    let lifetimes = Lifetimes::default().account(2 * HOUR, 3 * HOUR / 2);
    let caches = node(&namespace, store.clone()).lifetimes(lifetimes).open().await.unwrap();
    caches.create_or_update(&person("u1"), |cache| cache.add(&signed_in("u1"))).await.unwrap();
    assert!(is_about(store.lives_for.lock().unwrap().take(), 3 * HOUR / 2));
    let short = Lifetimes::default().account(HOUR, DAY);
    let error = node(&namespace, connect()).lifetimes(short).open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(caches.remove(&person("u1")).await.unwrap());
}

async fn too_many_tokens(connect: Connect<'_>) {
    let namespace = namespace();
    let caches = node(&namespace, connect()).most_tokens(10).sizes(1000, 20_000).open().await.unwrap();
    for number in 0..15_u32 {
        let response = answer("u1", &format!("scope-{number:02}"), "AT", None)
            .received_at(SystemTime::now() - Duration::from_secs(u64::from(100 - number)));
        caches.create_or_update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
    }
    let left = caches.read(&person("u1"), super::scopes).await.unwrap().unwrap();
    assert_eq!(left.first().map(String::as_str), Some("scope-05"));
    assert_eq!((left.len(), caches.statistics().tokens_dropped), (10, 5));
    assert!(caches.statistics().large_partitions > 0);
    let large = answer("u1", "large", &"x".repeat(30_000), None).home_account_id(home("u1").as_str());
    let error = caches.update(&person("u1"), |cache| cache.add(&large)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(caches.read(&person("u1"), super::scopes).await.unwrap(), Some(left), "it is as it was");
    assert!(caches.remove(&person("u1")).await.unwrap());
}
