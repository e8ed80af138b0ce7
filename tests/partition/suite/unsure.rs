//! Engines that do not say what they did, or nothing at all.

use std::time::Duration;

use sealed_cache::ErrorKind;

use super::{
    Connect, answer, gone, namespace, node,
    observed::{Fault, Observed},
    person, scopes, sign_in, wanted,
};

/// Every fault at every place of a sequence of three: what is reported as done is done, once.
pub(crate) async fn writes_in_doubt_are_found_out(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), Observed::new(connect()));
    let caches = node(&namespace, store.clone()).open().await.unwrap();
    let faults = [Fault::DoneUnsaid, Fault::LostUnsaid, Fault::Refused];
    let mut expected = vec!["User.Read".to_owned()];
    sign_in(&caches, "u1").await;
    for (number, (one, other)) in faults.iter().flat_map(|one| faults.map(|other| (*one, other))).enumerate()
    {
        *store.faults.lock().unwrap() = vec![one, other];
        let response = answer("u1", &format!("scope-{number}"), "AT", None);
        let done = caches.update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
        assert_eq!(done, Some(()), "{one:?} {other:?}");
        store.faults.lock().unwrap().clear();
        expected.push(format!("scope-{number}"));
    }
    expected.sort();
    assert_eq!(caches.read(&person("u1"), scopes).await.unwrap(), Some(expected));
    let statistics = caches.statistics();
    assert!(statistics.ambiguous_writes > statistics.ambiguous_writes_done, "{statistics:?}");
    assert!(statistics.ambiguous_writes_done >= 3, "{statistics:?}");

    // A sign-in and a sign-out that are not answered.
    *store.faults.lock().unwrap() = vec![Fault::DoneUnsaid];
    sign_in(&caches, "u2").await;
    for fault in faults {
        sign_in(&caches, "u2").await;
        *store.faults.lock().unwrap() = vec![fault];
        caches.remove(&person("u2")).await.unwrap();
        assert!(gone(&caches, &person("u2")).await.unwrap(), "{fault:?}");
    }
    // So is a removal by emptying.
    for fault in faults {
        sign_in(&caches, "u2").await;
        *store.faults.lock().unwrap() = vec![fault];
        let empty = |cache: &mut sealed_cache::TokenCache| {
            *cache = cache_that_is_empty(cache);
            Ok(())
        };
        assert_eq!(caches.update(&person("u2"), empty).await.unwrap(), Some(()), "{fault:?}");
        assert!(gone(&caches, &person("u2")).await.unwrap(), "{fault:?}");
    }
    assert!(caches.remove(&person("u1")).await.unwrap());
}

fn cache_that_is_empty(cache: &sealed_cache::TokenCache) -> sealed_cache::TokenCache {
    let mut cache = cache.clone();
    let accounts: Vec<_> = cache
        .accounts()
        .map(|account| sealed_cache::token_cache::AccountId::from(&account).into_owned())
        .collect();
    for account in &accounts {
        cache.remove_account(account);
    }
    cache
}

/// Every verb on an engine that is down: a temporary error of the right kind, and all is as before when it is back.
pub(crate) async fn an_engine_that_is_down_is_not_a_sign_out(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), Observed::new(connect()));
    let caches = node(&namespace, store.clone())
        .update_timeout(Duration::from_millis(200))
        .store_token_timeout(Duration::from_millis(200))
        .level_one_bytes(0)
        .open()
        .await
        .unwrap();
    sign_in(&caches, "u1").await;
    store.set_down(true);
    let response = answer("u1", "x", "AT", None);
    let asked = || async { panic!("the issuer is not to be asked") };
    let errors = [
        caches.read(&person("u1"), |_| ()).await.map(|_| ()).unwrap_err(),
        caches.update(&person("u1"), |cache| cache.add(&response)).await.map(|_| ()).unwrap_err(),
        caches.create_or_update(&person("u1"), |cache| cache.add(&response)).await.unwrap_err(),
        caches.remove(&person("u1")).await.map(|_| ()).unwrap_err(),
        caches.token(&person("u1"), &wanted("u1", "x"), move |_| asked()).await.map(|_| ()).unwrap_err(),
        caches
            .refresh(&person("u1"), &wanted("u1", "x"), None, move |_| asked())
            .await
            .map(|_| ())
            .unwrap_err(),
        caches.purge(1).await.map(|_| ()).unwrap_err(),
        caches.rewrap().await.map(|_| ()).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::EngineUnavailable, "{error}");
        assert!(error.kind().is_temporary() && !error.kind().is_unreadable());
    }
    store.set_down(false);
    assert_eq!(caches.read(&person("u1"), scopes).await.unwrap(), Some(vec!["User.Read".to_owned()]));

    // It goes down while the issuer thinks: the token is not lost for the caller.
    let down = store.clone();
    let ask = move |_| async move {
        down.set_down(true);
        Ok(answer("u1", "x", "AT", None))
    };
    let token = caches.refresh(&person("u1"), &wanted("u1", "x"), None, ask).await.unwrap();
    assert_eq!((token.secret(), token.is_stored()), ("AT", false));
    assert_eq!(caches.statistics().refreshed_not_stored, 1);
    store.set_down(false);
    assert!(caches.remove(&person("u1")).await.unwrap());
}
