//! Engines that do not say what they did, or nothing at all.

use std::{sync::Mutex, time::Duration};

use sealed_cache::ErrorKind;

use super::{
    Connect, answer, gone, namespace, node,
    observed::{Fault, Observed},
    person, scopes, sign_in, signed_in, wanted,
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

/// A write that the engine did after the next try had begun is found out by that try, also if it is the last one.
pub(crate) async fn a_late_write_is_no_conflict(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), Observed::new(connect()));
    let caches = node(&namespace, store.clone()).most_tries(1).open().await.unwrap();
    sign_in(&caches, "u1").await;
    *store.faults.lock().unwrap() = vec![Fault::DoneLater];
    let response = answer("u1", "more", "AT", None);
    let done = caches.update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
    assert_eq!(done, Some(()));
    let expected = ["User.Read", "more"].map(str::to_owned).to_vec();
    assert_eq!(caches.read_current(&person("u1"), scopes).await.unwrap(), Some(expected));
    let statistics = caches.statistics();
    assert_eq!(
        (statistics.ambiguous_writes, statistics.ambiguous_writes_done, statistics.conflicts),
        (1, 1, 0)
    );
    assert!(caches.remove(&person("u1")).await.unwrap());
}

/// Who waits behind a slow change learns that the engine is slow, and not to keep fewer tokens.
pub(crate) async fn a_turn_that_does_not_come_is_a_time_out(connect: Connect<'_>) {
    let namespace = namespace();
    let caches = node(&namespace, connect()).update_timeout(Duration::from_millis(300)).open().await.unwrap();
    // On a busy machine even this may take its time.
    while caches.create_or_update(&person("u1"), |cache| cache.add(&signed_in("u1"))).await.is_err() {}
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let (began, ended) = (Mutex::new(Some(began)), Mutex::new(ended));
    let slow = caches.clone();
    let first = tokio::spawn(async move {
        let change = |_: &mut sealed_cache::TokenCache| {
            began.lock().unwrap().take().map(|began| began.send(()));
            let wait = || ended.lock().unwrap().recv_timeout(Duration::from_secs(60));
            tokio::task::block_in_place(wait).unwrap();
            Ok(())
        };
        slow.update(&person("u1"), change).await
    });
    has_begun.await.unwrap();
    let error = caches.update(&person("u1"), |_| Ok(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EngineTimeout, "{error}");
    assert!(error.to_string().contains("earlier changes"), "{error}");
    end.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), Some(()));
    let store = connect();
    assert!(store.remove(&caches.name(&person("u1")), None, &super::patience()).await.unwrap());
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
