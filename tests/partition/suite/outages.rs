//! Engines that can be read, and take nothing: an issuer that rotates refresh tokens must not be asked then.

use std::{sync::Arc, time::Duration};

use sealed_cache::{
    ErrorKind,
    partition::{
        AcquiredToken, ApplicationPartition, LeaseHolder, Partition, PartitionStore, PartitionedCaches,
        StoreErrorKind,
    },
    token_cache::{AccessTokenQuery, TokenResponse},
};

use super::{
    CLIENT, CLOUD, Connect, ENDPOINT,
    issuer::Issuer,
    namespace, node,
    observed::{Fault, Observed},
    open, patience, person, raw, wanted,
};

/// A node that gives up soon, and what its engine is asked.
async fn hasty(
    namespace: &sealed_cache::partition::Namespace,
    connect: Connect<'_>,
) -> (PartitionedCaches, Arc<Observed>) {
    let (store, soon) = (Observed::new(connect()), Duration::from_secs(1));
    let caches = node(namespace, store.clone()).update_timeout(soon).store_token_timeout(soon);
    // A lease that is left behind is in the way for longer than any of this takes.
    (caches.lease(Duration::from_secs(3600)).open().await.unwrap(), store)
}

/// It can be read, and all that writes is answered with this.
fn take_nothing(store: &Observed, kind: impl Into<Option<StoreErrorKind>>) {
    *store.takes_nothing.lock().unwrap() = kind.into();
}

async fn expired(caches: &PartitionedCaches, issuer: &Issuer) {
    let response = issuer.begin("u1");
    caches.create_or_update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
}

async fn token(
    caches: &PartitionedCaches,
    issuer: &Arc<Issuer>,
    scope: &'static str,
) -> sealed_cache::Result<Option<AcquiredToken>> {
    let issuer = Arc::clone(issuer);
    caches.token(&person("u1"), &wanted("u1", scope), move |cache| issuer.refresh(cache, "u1", scope)).await
}

/// The issuer answers, and the engine takes nothing any more.
async fn token_that_is_not_stored(
    caches: &PartitionedCaches,
    issuer: &Arc<Issuer>,
    store: &Arc<Observed>,
    kind: StoreErrorKind,
) -> AcquiredToken {
    let (issuer, store) = (Arc::clone(issuer), Arc::clone(store));
    let ask = move |cache| {
        take_nothing(&store, kind);
        issuer.refresh(cache, "u1", "User.Read")
    };
    caches.token(&person("u1"), &wanted("u1", "User.Read"), ask).await.unwrap().unwrap()
}

async fn is_lease_free(
    caches: &PartitionedCaches,
    store: &dyn PartitionStore,
    partition: &Partition,
) -> bool {
    let (name, holder) = (caches.name(partition), LeaseHolder::generate().unwrap());
    let free = store.lease(&name, &holder, Duration::from_secs(3600), &patience()).await.unwrap();
    store.release(&name, &holder, &patience()).await.unwrap();
    free
}

/// Full, a replica, too slow: an error before the issuer is asked, and all is well afterwards.
pub(crate) async fn an_engine_that_takes_nothing_ends_no_session(connect: Connect<'_>) {
    let namespace = namespace();
    let ((caches, store), issuer) = (hasty(&namespace, connect).await, Issuer::that_takes(Duration::ZERO));
    expired(&caches, &issuer).await;
    for (kind, expected) in [
        (StoreErrorKind::Full, ErrorKind::EngineFull),
        (StoreErrorKind::Unavailable, ErrorKind::EngineUnavailable),
        (StoreErrorKind::Timeout, ErrorKind::EngineTimeout),
    ] {
        take_nothing(&store, kind);
        for _ in 0..2 {
            let error = token(&caches, &issuer, "User.Read").await.unwrap_err();
            assert!(error.kind() == expected && error.kind().is_temporary(), "{error}");
        }
    }
    assert_eq!(issuer.counts(), (0, 0), "the issuer was not asked");
    // What has no refresh token cannot lose one.
    let vault = Partition::application(ApplicationPartition::new("t1").resource("vault"));
    let query = AccessTokenQuery::new(CLIENT, ["vault/.default"]).environment(CLOUD).realm("t1");
    let ask = |_| async {
        let response = TokenResponse::of_access_token(CLIENT, "AT", 3600).token_endpoint(ENDPOINT);
        Ok(response.requested_scopes(["vault/.default"]))
    };
    let own = caches.token(&vault, &query, ask).await.unwrap().unwrap();
    assert_eq!((own.secret(), own.is_stored()), ("AT", false));

    take_nothing(&store, None);
    assert_eq!(token(&caches, &issuer, "User.Read").await.unwrap().unwrap().secret(), "access-1");
    assert_eq!(issuer.counts(), (1, 0));
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// Whatever the engine says after the issuer has answered: the token is good, and the new refresh token is kept.
pub(crate) async fn an_answer_that_was_not_stored_is_stored_later(connect: Connect<'_>) {
    let namespace = namespace();
    let ((caches, store), issuer) = (hasty(&namespace, connect).await, Issuer::that_takes(Duration::ZERO));
    let other = open(&namespace, connect()).await;
    for kind in [
        StoreErrorKind::Full,
        StoreErrorKind::Unavailable,
        StoreErrorKind::TooLarge,
        StoreErrorKind::Denied,
        StoreErrorKind::Corrupt,
    ] {
        expired(&caches, &issuer).await;
        let got = token_that_is_not_stored(&caches, &issuer, &store, kind).await;
        assert!(!got.is_stored(), "{kind:?}");
        let asked = issuer.counts();
        let again = token(&caches, &issuer, "User.Read").await.unwrap().unwrap();
        assert_eq!((again.secret(), again.is_stored()), (got.secret(), false), "{kind:?}");
        assert_eq!(issuer.counts(), asked, "it is in this process");

        take_nothing(&store, None);
        token(&caches, &issuer, "Mail.Read").await.unwrap();
        let there = |cache: &sealed_cache::TokenCache| {
            cache.access_token(&wanted("u1", "User.Read")).valid().map(|token| token.secret().to_string())
        };
        let there = other.read_current(&person("u1"), there).await.unwrap().flatten();
        assert_eq!(there.as_deref(), Some(got.secret()), "{kind:?}");
        token(&other, &issuer, "Files.Read").await.unwrap();
        assert_eq!(issuer.counts(), (asked.0 + 2, 0), "{kind:?}: nobody presented an old refresh token");
        assert!(other.remove(&person("u1")).await.unwrap());
    }
    assert_eq!(caches.statistics().refreshed_not_stored, 5);
}

/// What was not stored is dropped with the session that it is of.
pub(crate) async fn an_answer_that_was_not_stored_brings_nobody_back(connect: Connect<'_>) {
    let namespace = namespace();
    let ((caches, store), issuer) = (hasty(&namespace, connect).await, Issuer::that_takes(Duration::ZERO));
    let (other, engine) = (open(&namespace, connect()).await, connect());
    for signs_in_again in [false, true] {
        expired(&caches, &issuer).await;
        let got = token_that_is_not_stored(&caches, &issuer, &store, StoreErrorKind::Full).await;
        assert!(!got.is_stored());
        assert!(other.remove(&person("u1")).await.unwrap());
        take_nothing(&store, None);
        if signs_in_again {
            expired(&other, &issuer).await;
            let token = token(&caches, &issuer, "User.Read").await.unwrap().unwrap();
            assert_ne!(token.secret(), got.secret(), "the session of before got into the new one");
        } else {
            let never = |_| async { panic!("nobody is signed in") };
            let again = caches.refresh(&person("u1"), &wanted("u1", "User.Read"), None, never).await;
            assert_eq!(again.unwrap_err().kind(), ErrorKind::SignedOut);
            assert_eq!(raw(&caches, &engine, &person("u1")).await, None, "somebody is back");
        }
    }
    assert_eq!(issuer.counts().1, 0);
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// A call for a lease that is not answered is made again; what it may have taken is given back.
pub(crate) async fn a_lease_in_doubt_is_in_nobodys_way(connect: Connect<'_>) {
    let namespace = namespace();
    let (store, issuer) = (Observed::new(connect()), Issuer::that_takes(Duration::ZERO));
    let caches = node(&namespace, store.clone()).lease(Duration::from_secs(3600)).open().await.unwrap();
    expired(&caches, &issuer).await;
    *store.lease_faults.lock().unwrap() = vec![Fault::DoneUnsaid, Fault::LostUnsaid, Fault::DoneUnsaid];
    assert_eq!(token(&caches, &issuer, "User.Read").await.unwrap().unwrap().secret(), "access-1");
    assert_eq!((issuer.counts(), caches.statistics().lease_unavailable), ((1, 0), 0));
    assert!(is_lease_free(&caches, &*connect(), &person("u1")).await);

    let (hasty, store) = hasty(&namespace, connect).await;
    *store.lease_faults.lock().unwrap() = vec![Fault::DoneUnsaid; 10_000];
    let error = token(&hasty, &issuer, "Mail.Read").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EngineTimeout);
    assert_eq!(issuer.counts(), (1, 0));
    assert!(is_lease_free(&caches, &*connect(), &person("u1")).await);
    // Goes on without one, and gives it back all the same.
    let delegated = Partition::on_behalf_of("assertion");
    let ask = |_| async { Ok(super::answer("u1", "User.Read", "AT", None)) };
    assert!(hasty.token(&delegated, &wanted("u1", "User.Read"), ask).await.unwrap().is_some());
    assert_eq!(hasty.statistics().lease_unavailable, 1);
    assert!(is_lease_free(&caches, &*connect(), &delegated).await);
    assert!(caches.remove(&person("u1")).await.unwrap());
    assert!(caches.remove(&delegated).await.unwrap());
}
