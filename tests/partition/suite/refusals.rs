//! What an issuer refused, or will not answer now, and for whom that holds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use sealed_cache::{
    ErrorKind, TokenCache,
    partition::{LeaseHolder, PartitionedCaches, RefreshFailure},
    token_cache::TokenResponse,
};
use tokio::sync::Barrier;

use super::{
    CLIENT, Connect, ENDPOINT, answer, count, home, issuer::Issuer, namespace, node, open, patience, person,
    sign_in, wanted,
};

const PAUSE: Duration = Duration::from_secs(600);

/// A token that is good, and is to be refreshed by now.
async fn soon(caches: &PartitionedCaches, user: &str) {
    let json = br#"{"access_token":"soon","refresh_token":"RT","expires_in":7200,"refresh_in":10,"scope":"User.Read"}"#;
    let soon = TokenResponse::from_json(CLIENT, json).unwrap().token_endpoint(ENDPOINT);
    let soon =
        soon.home_account_id(home(user).as_str()).received_at(SystemTime::now() - Duration::from_secs(1500));
    caches.create_or_update(&person(user), |cache| cache.add(&soon)).await.unwrap();
}

/// A closure that counts how often it is called and fails like this.
fn failing(
    asked: &Arc<AtomicU64>,
    failure: RefreshFailure,
) -> impl FnOnce(TokenCache) -> std::future::Ready<Result<TokenResponse, RefreshFailure>> + Send + 'static {
    let asked = Arc::clone(asked);
    move |_| {
        asked.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Err(failure))
    }
}

/// Early refreshes that fail leave the issuer alone for a while, and so do the others if it asked for that.
pub(crate) async fn early_refreshes_that_fail_are_not_repeated_at_once(connect: Connect<'_>) {
    let caches = open(&namespace(), connect()).await;
    for (user, failure) in [
        ("u1", RefreshFailure::temporary("busy")),
        ("u2", RefreshFailure::temporary("busy").with_retry_after(PAUSE)),
    ] {
        soon(&caches, user).await;
        let asked = Arc::new(AtomicU64::new(0));
        for _ in 0..20 {
            let ask = failing(&asked, failure.clone());
            let token = caches.token(&person(user), &wanted(user, "User.Read"), ask).await.unwrap().unwrap();
            assert_eq!(token.secret(), "soon");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let deadline = patience();
        while count(&asked) == 0 && !deadline.has_passed() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(count(&asked), 1, "{user}");

        let ask = failing(&asked, RefreshFailure::temporary("busy"));
        let wanted = wanted(user, "User.Read");
        let error = caches.refresh(&person(user), &wanted, None, ask).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IssuerUnavailable);
        let is_pause = failure.retry_after().is_some();
        assert_eq!(RefreshFailure::of(&error).unwrap().retry_after().is_some(), is_pause);
        assert_eq!(count(&asked), if is_pause { 1 } else { 2 }, "{user}");
        assert!(caches.remove(&person(user)).await.unwrap());
    }
}

/// A refusal with a time to wait ends with the session that was refused.
pub(crate) async fn a_refusal_ends_with_a_new_sign_in(connect: Connect<'_>) {
    let caches = open(&namespace(), connect()).await;
    let (asked, wanted) = (Arc::new(AtomicU64::new(0)), wanted("u1", "Mail.Read"));
    sign_in(&caches, "u1").await;
    for refusal in [RefreshFailure::invalid_grant(), RefreshFailure::refused("interaction_required")] {
        asked.store(0, Ordering::SeqCst);
        for _ in 0..3 {
            let ask = failing(&asked, refusal.clone().with_retry_after(PAUSE));
            let error = caches.refresh(&person("u1"), &wanted, None, ask).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IssuerRefused);
            assert!(RefreshFailure::of(&error).unwrap().retry_after().is_some());
        }
        assert_eq!(count(&asked), 1);
        sign_in(&caches, "u1").await;
    }
    let ask = |_| async { Ok(answer("u1", "Mail.Read", "AT", None)) };
    assert_eq!(caches.token(&person("u1"), &wanted, ask).await.unwrap().unwrap().secret(), "AT");
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// Nobody waits for a lease to be told what is known.
pub(crate) async fn a_refusal_that_is_remembered_needs_no_lease(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), connect());
    let soon = Duration::from_secs(2);
    let caches = node(&namespace, connect()).refresh_timeouts(soon, soon).open().await.unwrap();
    sign_in(&caches, "u1").await;
    let (asked, name) = (Arc::new(AtomicU64::new(0)), caches.name(&person("u1")));
    let (holder, long) = (LeaseHolder::generate().unwrap(), Duration::from_secs(3600));
    for _ in 0..2 {
        let ask = failing(&asked, RefreshFailure::invalid_grant());
        let error = caches.token(&person("u1"), &wanted("u1", "x"), ask).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IssuerRefused);
        assert!(store.lease(&name, &holder, long, &patience()).await.unwrap(), "it was given back");
    }
    assert_eq!(count(&asked), 1);
    store.release(&name, &holder, &patience()).await.unwrap();
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// Who signs in while a refresh of the session before is under way is not told how that one ended.
pub(crate) async fn a_new_session_does_not_end_as_the_old_one_did(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    for refused in [false, true] {
        let (issuer, meet) = (Issuer::that_takes(Duration::ZERO), Arc::new(Barrier::new(2)));
        sign_in(&one, "u1").await;
        let (caches, asked) = (one.clone(), Arc::clone(&meet));
        let old = tokio::spawn(async move {
            let ask = move |_: TokenCache| async move {
                asked.wait().await;
                asked.wait().await;
                match refused {
                    true => Err(RefreshFailure::invalid_grant()),
                    false => Ok(answer("u1", "Mail.Read", "late", Some("late"))),
                }
            };
            caches.token(&person("u1"), &wanted("u1", "Mail.Read"), ask).await
        });
        meet.wait().await;
        assert!(other.remove(&person("u1")).await.unwrap());
        let response = issuer.begin("u1");
        other.create_or_update(&person("u1"), |cache| cache.add(&response)).await.unwrap();

        let (caches, asked, before) = (one.clone(), Arc::clone(&issuer), one.statistics().flights_joined);
        let new = tokio::spawn(async move {
            let ask = move |cache| asked.refresh(cache, "u1", "Mail.Read");
            caches.token(&person("u1"), &wanted("u1", "Mail.Read"), ask).await
        });
        let deadline = patience();
        while one.statistics().flights_joined == before {
            assert!(!deadline.has_passed(), "it does not join");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        meet.wait().await;
        let old = old.await.unwrap();
        assert!(if refused { old.is_err() } else { old.unwrap().is_none() });
        assert_eq!(new.await.unwrap().unwrap().unwrap().secret(), "access-1");
        assert!(one.remove(&person("u1")).await.unwrap());
    }
}
