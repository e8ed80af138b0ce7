//! One refresh for all who want it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sealed_cache::{
    Error, ErrorKind,
    partition::{ApplicationPartition, Coherence, Partition, PartitionedCaches, RefreshFailure, TokenSource},
    token_cache::{AccessTokenQuery, TokenResponse},
};

use super::{
    CLIENT, CLOUD, Connect, ENDPOINT, answer, count, issuer::Issuer, namespace, node, observed::Observed,
    open, patience, person, sign_in, wanted,
};

async fn expired(caches: &PartitionedCaches, issuer: &Issuer, user: &str) {
    let response = issuer.begin(user);
    caches.create_or_update(&person(user), |cache| cache.add(&response)).await.unwrap();
}

async fn token(
    caches: &PartitionedCaches,
    issuer: &Arc<Issuer>,
    scope: &'static str,
) -> Result<String, Error> {
    let issuer = Arc::clone(issuer);
    let ask = move |cache| issuer.refresh(cache, "u1", scope);
    let token = caches.token(&person("u1"), &wanted("u1", scope), ask).await?;
    Ok(token.expect("signed in").secret().to_owned())
}

/// 4 nodes with 50 callers each, an expired token, an issuer that forgives nothing: one request.
pub(crate) async fn one_of_200_callers_asks_the_issuer(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::from_millis(300)));
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(open(&namespace, connect()).await);
    }
    expired(&nodes[0], &issuer, "u1").await;
    let callers: Vec<_> = (0..200)
        .map(|number| {
            let (caches, issuer) = (nodes[number % 4].clone(), Arc::clone(&issuer));
            tokio::spawn(async move { token(&caches, &issuer, "User.Read").await.unwrap() })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "access-1");
    }
    assert_eq!(issuer.counts(), (1, 0), "requests and refusals");
    let requests: u64 = nodes.iter().map(|caches| caches.statistics().token_requests).sum();
    assert_eq!(requests, 1);
    assert!(nodes[0].remove(&person("u1")).await.unwrap());
}

/// Refreshes for two scopes present one refresh token after the other, on two nodes.
pub(crate) async fn two_tokens_of_one_account_are_got_one_after_the_other(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::from_millis(50)));
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    expired(&one, &issuer, "u1").await;
    let scopes = ["Mail.Read", "Files.Read", "Calendars.Read", "Tasks.Read"];
    let callers: Vec<_> = scopes
        .into_iter()
        .zip([&one, &other].into_iter().cycle())
        .map(|(scope, caches)| {
            let (caches, issuer) = (caches.clone(), Arc::clone(&issuer));
            tokio::spawn(async move { token(&caches, &issuer, scope).await.unwrap() })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(issuer.counts(), (4, 0));
    assert!(one.remove(&person("u1")).await.unwrap());
}

/// A refused refresh token is not presented again, until there is another; a pause that was asked for is made.
pub(crate) async fn refusals_are_remembered(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::ZERO));
    let caches = open(&namespace, connect()).await;
    sign_in(&caches, "u1").await; // The issuer knows nothing of it.
    for _ in 0..3 {
        let error = token(&caches, &issuer, "Mail.Read").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IssuerRefused);
        assert_eq!(RefreshFailure::of(&error).unwrap().code(), "invalid_grant");
    }
    assert_eq!(issuer.counts(), (1, 1));
    expired(&caches, &issuer, "u1").await;
    token(&caches, &issuer, "Mail.Read").await.unwrap();
    assert_eq!(issuer.counts(), (2, 1));

    let pause = Duration::from_secs(600);
    for _ in 0..3 {
        let asked = Arc::clone(&issuer);
        let ask = move |_| async move {
            asked.requests.fetch_add(1, Ordering::SeqCst);
            Err(RefreshFailure::temporary("too many requests").with_retry_after(pause))
        };
        let error = caches.refresh(&person("u1"), &wanted("u1", "Files.Read"), None, ask).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IssuerUnavailable);
        assert!(error.kind().is_temporary());
        let left = RefreshFailure::of(&error).unwrap().retry_after().unwrap();
        assert!(left <= pause && left > pause / 2, "{left:?}");
    }
    assert_eq!(issuer.counts(), (3, 1));
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// The refresh goes on when nobody waits any more: its token is stored.
pub(crate) async fn what_waits_for_a_refresh_may_go(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::from_millis(200)));
    let caches = open(&namespace, connect()).await;
    expired(&caches, &issuer, "u1").await;
    {
        let mut first = Box::pin(token(&caches, &issuer, "User.Read"));
        let mut second = Box::pin(token(&caches, &issuer, "User.Read"));
        while count(&issuer.requests) == 0 {
            let wait = Duration::from_millis(5);
            assert!(tokio::time::timeout(wait, &mut first).await.is_err(), "it is not over yet");
            assert!(tokio::time::timeout(wait, &mut second).await.is_err());
        }
    }
    // Joins what is under way, or finds what it has stored.
    assert_eq!(token(&caches, &issuer, "User.Read").await.unwrap(), "access-1");
    assert_eq!(issuer.counts(), (1, 0));
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// A token that is to be refreshed soon is there at once, and one node gets another one.
pub(crate) async fn an_early_refresh_keeps_nobody_waiting(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::from_millis(100)));
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    nearly_over(&one, &issuer).await;
    let started = std::time::Instant::now();
    for number in 0..20 {
        let caches = if number % 2 == 0 { &one } else { &other };
        let secret = token(caches, &issuer, "User.Read").await.unwrap();
        assert!(secret == "soon" || secret == "access-1", "{secret}");
    }
    while token(&other, &issuer, "User.Read").await.unwrap() != "access-1" {
        assert!(started.elapsed() < Duration::from_secs(30), "nobody refreshes it");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(issuer.counts(), (1, 0));
    assert!(one.remove(&person("u1")).await.unwrap());
}

/// Signed in, with a token whose issuer advises to refresh it by now.
async fn nearly_over(caches: &PartitionedCaches, issuer: &Issuer) {
    expired(caches, issuer, "u1").await;
    let json = br#"{"access_token":"soon","expires_in":7200,"refresh_in":10,"scope":"User.Read"}"#;
    let soon = TokenResponse::from_json(CLIENT, json).unwrap().token_endpoint(ENDPOINT);
    let soon = soon
        .home_account_id(super::home("u1").as_str())
        .received_at(std::time::SystemTime::now() - Duration::from_secs(1500));
    caches.update(&person("u1"), |cache| cache.add(&soon)).await.unwrap();
}

/// A node with an older copy finds that another one has refreshed the token.
pub(crate) async fn an_early_refresh_looks_before_it_asks(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::ZERO));
    let one = open(&namespace, connect()).await;
    let bounded = Coherence::Bounded(Duration::from_secs(3600));
    let other = node(&namespace, connect()).coherence(bounded).open().await.unwrap();
    nearly_over(&one, &issuer).await;
    assert_eq!(other.read(&person("u1"), |cache| cache.access_tokens().count()).await.unwrap(), Some(1));
    let deadline = patience();
    while token(&one, &issuer, "User.Read").await.unwrap() != "access-1" {
        assert!(!deadline.has_passed(), "nobody refreshes it");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..10 {
        assert_eq!(token(&other, &issuer, "User.Read").await.unwrap(), "soon", "it keeps its copy");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(issuer.counts(), (1, 0));
    assert!(one.remove(&person("u1")).await.unwrap());
}

/// Nobody signs in to these.
pub(crate) async fn tokens_of_the_application_need_no_sign_in(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    let vault = Partition::application(ApplicationPartition::new("t1").resource("vault"));
    let wanted = AccessTokenQuery::new(CLIENT, ["vault/.default"]).environment(CLOUD).realm("t1");
    for (caches, source) in [(&one, TokenSource::Issuer), (&other, TokenSource::Cache)] {
        let ask = |cache: sealed_cache::TokenCache| async move {
            assert!(cache.is_empty());
            let response = TokenResponse::of_access_token(CLIENT, "AT", 3600).token_endpoint(ENDPOINT);
            Ok(response.requested_scopes(["vault/.default"]))
        };
        let token = caches.token(&vault, &wanted, ask).await.unwrap().unwrap();
        assert_eq!((token.secret(), token.source(), token.is_stored()), ("AT", source, true));
    }
    assert!(one.remove(&vault).await.unwrap());
    // A person has to.
    let never = |_| async { panic!("nobody is signed in") };
    assert!(one.token(&person("u1"), &super::wanted("u1", "x"), never).await.unwrap().is_none());
    let error = one.refresh(&person("u1"), &super::wanted("u1", "x"), None, never).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignedOut);
}

/// A token that a resource does not take is not given again, and one request does for all that were refused.
pub(crate) async fn a_challenge_gets_another_token(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    sign_in(&one, "u1").await;
    let asked = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let callers: Vec<_> = [&one, &other, &one, &other]
        .into_iter()
        .map(|caches| {
            let (caches, asked) = (caches.clone(), Arc::clone(&asked));
            tokio::spawn(async move {
                let ask = move |_| async move {
                    let number = asked.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    Ok(answer("u1", "User.Read", &format!("stepped up {number}"), None))
                };
                caches
                    .refresh(&person("u1"), &wanted("u1", "User.Read"), Some("{claims}"), ask)
                    .await
                    .unwrap()
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().secret(), "stepped up 0");
    }
    assert_eq!(count(&asked), 1);
    assert!(one.remove(&person("u1")).await.unwrap());
}

/// A token request that takes several times as long as a lease is the only one.
pub(crate) async fn a_slow_issuer_does_not_end_the_lease(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::from_secs(3)));
    let with = || node(&namespace, connect()).lease(Duration::from_millis(900)).open();
    let (one, other) = (with().await.unwrap(), with().await.unwrap());
    expired(&one, &issuer, "u1").await;
    let tokens = tokio::join!(token(&one, &issuer, "User.Read"), token(&other, &issuer, "User.Read"));
    assert_eq!((tokens.0.unwrap(), tokens.1.unwrap()), ("access-1".into(), "access-1".into()));
    assert_eq!(issuer.counts(), (1, 0));
    let elsewhere = [&one, &other].map(|caches| caches.statistics().refreshed_elsewhere);
    assert_eq!(elsewhere.iter().sum::<u64>(), 1, "one of them took the token of the other");
    assert!(one.remove(&person("u1")).await.unwrap());
}

/// An engine that gives no leases: single in the process, and counted.
pub(crate) async fn no_lease_is_no_obstacle(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::from_millis(50)));
    let store = Observed::new(connect());
    store.has_no_leases.store(true, Ordering::SeqCst);
    let caches = node(&namespace, store).open().await.unwrap();
    expired(&caches, &issuer, "u1").await;
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (caches, issuer) = (caches.clone(), Arc::clone(&issuer));
            tokio::spawn(async move { token(&caches, &issuer, "User.Read").await.unwrap() })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "access-1");
    }
    assert_eq!(issuer.counts(), (1, 0));
    assert!(caches.statistics().lease_unavailable >= 1);
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// Neither its lease nor its turn nor its flight is in the way of the next one.
pub(crate) async fn a_closure_that_panics_leaves_nothing_behind(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::ZERO));
    let long = Duration::from_secs(3600);
    let with = || node(&namespace, connect()).lease(long).open();
    let (one, other) = (with().await.unwrap(), with().await.unwrap());
    expired(&one, &issuer, "u1").await;
    let crash = |_| async { panic!("a closure panics") };
    let error = one.token(&person("u1"), &wanted("u1", "User.Read"), crash).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(token(&other, &issuer, "Mail.Read").await.unwrap(), "access-1");
    assert_eq!(token(&one, &issuer, "User.Read").await.unwrap(), "access-2");
    assert!(one.remove(&person("u1")).await.unwrap());
}

/// Who does not know the secret of a partition does not get what its owner is getting.
pub(crate) async fn another_secret_gets_nothing(connect: Connect<'_>) {
    let caches = open(&namespace(), connect()).await;
    let session = || Partition::web_session("session");
    let owner = session().with_secret(&[1; 32]);
    let response = answer("u1", "User.Read", "AT", Some("RT"));
    caches.create_or_update(&owner, |cache| cache.add(&response)).await.unwrap();
    let meet = Arc::new(tokio::sync::Barrier::new(2));
    let (of_owner, partition, asked) = (caches.clone(), owner.clone(), Arc::clone(&meet));
    let of_owner = tokio::spawn(async move {
        let ask = move |_| async move {
            asked.wait().await;
            asked.wait().await;
            Ok(answer("u1", "Mail.Read", "of the owner", None))
        };
        of_owner.token(&partition, &wanted("u1", "Mail.Read"), ask).await
    });
    meet.wait().await;
    for other in [session(), session().with_secret(&[2; 32])] {
        let never = |_| async { panic!("it does not open") };
        let error = caches.refresh(&other, &wanted("u1", "Mail.Read"), None, never).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SignedOut);
    }
    assert_eq!(caches.statistics().flights_joined, 0);
    meet.wait().await;
    assert_eq!(of_owner.await.unwrap().unwrap().unwrap().secret(), "of the owner");
    assert!(caches.remove(&owner).await.unwrap());
}

/// A token that only the copy in this process lacks is not waited for while another one is got.
pub(crate) async fn a_token_that_is_there_waits_for_nobody(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::ZERO));
    let copies = Coherence::Bounded(Duration::from_secs(3600));
    let one = node(&namespace, connect()).coherence(copies).open().await.unwrap();
    let other = open(&namespace, connect()).await;
    expired(&one, &issuer, "u1").await;
    assert_eq!(token(&other, &issuer, "User.Read").await.unwrap(), "access-1");
    let meet = Arc::new(tokio::sync::Barrier::new(2));
    let (slow, asked) = (one.clone(), Arc::clone(&meet));
    let slow = tokio::spawn(async move {
        let ask = move |_| async move {
            asked.wait().await;
            asked.wait().await;
            Ok(answer("u1", "Mail.Read", "slow", None))
        };
        slow.token(&person("u1"), &wanted("u1", "Mail.Read"), ask).await
    });
    meet.wait().await;
    let there = tokio::time::timeout(Duration::from_secs(30), token(&one, &issuer, "User.Read")).await;
    assert_eq!(there.expect("it waits").unwrap(), "access-1");
    meet.wait().await;
    assert_eq!(slow.await.unwrap().unwrap().unwrap().secret(), "slow");
    assert_eq!(issuer.counts(), (1, 0));
    assert!(one.remove(&person("u1")).await.unwrap());
}
