//! When a partition ends at the latest: what moves that, and that it holds.

use std::sync::Arc;

use sealed_cache::{
    SerializableCache, TokenCache,
    partition::{MemoryStore, PartitionStore, PartitionedCaches, Stored},
};

use crate::{
    format::{DAY, ending, ends, now, open},
    suite::{answer, gone, person, plant, raw, scopes, sign_in, signed_in},
};

/// Somebody who signed in 80 days ago, and whose partition ends in so many seconds.
async fn signed_in_long_ago(
    store: &Arc<dyn PartitionStore>,
    caches: &PartitionedCaches,
    left: u64,
) -> Stored {
    let mut cache = TokenCache::new();
    cache.add(&signed_in("u1")).unwrap();
    let json = String::from_utf8(cache.serialize().unwrap().to_vec()).unwrap();
    let name = caches.name(&person("u1"));
    let stored = ending(name.as_str(), &json, now() - DAY, now() + left);
    plant(store, &name, &stored).await;
    stored
}

/// A sign-in, or a refresh token that was not there before; and nothing else.
#[tokio::test]
async fn only_a_sign_in_or_a_new_refresh_token_renews() {
    let store: Arc<dyn PartitionStore> = Arc::new(MemoryStore::new(1 << 24));
    let (caches, user) = (open(&store).await, person("u1"));
    let end = async || ends(&raw(&caches, &store, &user).await.unwrap());
    let is_renewed = |end: u64| end.abs_diff(now() + 90 * DAY) < 600;

    let before = ends(&signed_in_long_ago(&store, &caches, 10 * DAY).await);
    let access = answer("u1", "more", "AT", None);
    caches.update(&user, |cache| cache.add(&access)).await.unwrap();
    assert_eq!(end().await, before, "an access token");
    let same = answer("u1", "again", "AT", Some("refresh of u1"));
    caches.update(&user, |cache| cache.add(&same)).await.unwrap();
    assert_eq!(end().await, before, "the same refresh token");
    let without = |cache: &mut TokenCache| {
        let keys: Vec<_> = cache.all_refresh_tokens().map(|token| token.key().into_owned()).collect();
        assert_eq!(keys.len(), 1);
        keys.iter().for_each(|key| _ = cache.remove_refresh_token(key));
        Ok(())
    };
    caches.update(&user, without).await.unwrap();
    assert_eq!(end().await, before, "a refresh token that is taken away");

    // Its issuer gives none: only the sign-in itself can tell.
    let anew = answer("u1", "User.Read", "another", None);
    caches.create_or_update(&user, |cache| cache.add(&anew)).await.unwrap();
    assert!(is_renewed(end().await), "a sign-in");
    signed_in_long_ago(&store, &caches, 10 * DAY).await;
    let rotated = answer("u1", "User.Read", "another", Some("another"));
    caches.update(&user, |cache| cache.add(&rotated)).await.unwrap();
    assert!(is_renewed(end().await), "a new refresh token");
}

/// An engine that was restored from a backup, or on which somebody prolonged a key, keeps nobody signed in.
#[tokio::test]
async fn what_has_ended_is_absent_whatever_the_engine_keeps() {
    let store: Arc<dyn PartitionStore> = Arc::new(MemoryStore::new(1 << 24));
    let (caches, user) = (open(&store).await, person("u1"));
    signed_in_long_ago(&store, &caches, 3600).await;
    assert!(!gone(&caches, &user).await.unwrap(), "this test can fail");

    let ended = signed_in_long_ago(&store, &caches, 0).await;
    assert!(gone(&caches, &user).await.unwrap());
    let response = answer("u1", "more", "AT", None);
    assert_eq!(caches.update(&user, |cache| cache.add(&response)).await.unwrap(), None);
    let wanted = crate::suite::wanted("u1", "more");
    let never = |_: TokenCache| async { panic!("nobody is signed in") };
    assert!(caches.token(&user, &wanted, never).await.unwrap().is_none());
    assert_eq!(raw(&caches, &store, &user).await, Some(ended), "it is left to the engine");
    assert_eq!(caches.rewrap().await.unwrap().rewrapped, 0);

    sign_in(&caches, "u1").await;
    assert_eq!(caches.read(&user, scopes).await.unwrap(), Some(vec!["User.Read".to_owned()]));
    assert_eq!(caches.statistics().unreadable, 0, "there is nothing to be alarmed about");
}
