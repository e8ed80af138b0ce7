//! Random histories against a model that is one map.

use std::collections::{BTreeMap, BTreeSet};

use super::{Connect, Numbers, answer, namespace, open, person, scopes, sign_in};

type Model = BTreeMap<String, BTreeSet<String>>;

/// 400 steps of sign-ins, changes, removals and reads on 3 nodes.
pub(crate) async fn random_histories_are_as_in_the_model(connect: Connect<'_>) {
    let namespace = namespace();
    let nodes = [
        open(&namespace, connect()).await,
        open(&namespace, connect()).await,
        open(&namespace, connect()).await,
    ];
    let (mut numbers, mut model) = (Numbers(6), Model::new());
    for step in 0..400 {
        let caches = &nodes[numbers.below(3) as usize];
        let user = format!("u{}", numbers.below(5));
        let scope = format!("scope-{}", numbers.below(6));
        match numbers.below(5) {
            0 => {
                let response = answer(&user, &scope, "a token", Some("a refresh token"));
                caches.create_or_update(&person(&user), |cache| cache.add(&response)).await.unwrap();
                model.entry(user.clone()).or_default().insert(scope);
            }
            1 => {
                let response = answer(&user, &scope, "a token", None);
                let done = caches.update(&person(&user), |cache| cache.add(&response)).await.unwrap();
                assert_eq!(done.is_some(), model.contains_key(&user), "step {step}");
                model.entry(user.clone()).and_modify(|scopes| _ = scopes.insert(scope));
            }
            2 => {
                let remove = |cache: &mut sealed_cache::TokenCache| {
                    let keys = cache.access_tokens().filter(|token| token.target() == scope);
                    let keys: Vec<_> = keys.map(|token| token.key().into_owned()).collect();
                    Ok(keys.iter().filter(|key| cache.remove_access_token(key)).count())
                };
                let removed = caches.update(&person(&user), remove).await.unwrap();
                let expected = model.get_mut(&user).map(|scopes| usize::from(scopes.remove(&scope)));
                assert_eq!(removed, expected, "step {step}");
            }
            3 => {
                let removed = caches.remove(&person(&user)).await.unwrap();
                assert_eq!(removed, model.remove(&user).is_some(), "step {step}");
            }
            _ => {}
        }
        let reader = &nodes[numbers.below(3) as usize];
        let found = reader.read(&person(&user), scopes).await.unwrap();
        let expected = model.get(&user).map(|scopes| scopes.iter().cloned().collect());
        assert_eq!(found, expected, "step {step}");
    }
    for user in model.keys() {
        assert!(nodes[0].remove(&person(user)).await.unwrap());
    }
}

/// A change that began before a partition was removed and made again does not get into the new one unseen.
pub(crate) async fn removed_and_made_again(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, store) = (open(&namespace, connect()).await, connect());
    let other = open(&namespace, connect()).await;
    sign_in(&one, "u1").await;
    let before = super::raw(&one, &store, &person("u1")).await.unwrap();
    assert!(other.remove(&person("u1")).await.unwrap());
    assert!(super::gone(&one, &person("u1")).await.unwrap());
    sign_in(&other, "u1").await;
    let after = super::raw(&one, &store, &person("u1")).await.unwrap();
    assert_ne!(before.etag, after.etag);
    // The same person, the same tokens, and the old write does not match.
    let life = std::time::Duration::from_secs(600);
    let condition = sealed_cache::partition::Condition::Matches(before.etag);
    let put =
        store.put(&one.name(&person("u1")), &before, condition, life, &super::patience()).await.unwrap();
    assert_eq!(put, sealed_cache::partition::Put::Conflict(Some(after)));
    assert!(one.remove(&person("u1")).await.unwrap());
}
