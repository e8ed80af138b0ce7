//! Libraries that own their cache, and cannot run again.

use sealed_cache::token_cache::AccountId;

use super::{CLOUD, Connect, answer, home, namespace, open, person, scopes, sign_in};

/// What two of them made of the same state is all there.
pub(crate) async fn what_two_libraries_made_is_merged(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    sign_in(&one, "u1").await;
    let base = one.read(&person("u1"), Clone::clone).await.unwrap().unwrap();
    let mut ours = [base.clone(), base.clone()];
    ours[0].add(&answer("u1", "one", "1", None)).unwrap();
    ours[1].add(&answer("u1", "other", "2", Some("newer"))).unwrap();
    assert_eq!(one.merge(&person("u1"), &base, &ours[0]).await.unwrap(), Some(()));
    assert_eq!(other.merge(&person("u1"), &base, &ours[1]).await.unwrap(), Some(()));
    let look = |cache: &sealed_cache::TokenCache| {
        let refresh = cache.all_refresh_tokens().map(|token| token.secret().to_string()).collect::<Vec<_>>();
        (scopes(cache), refresh)
    };
    let found = one.read(&person("u1"), look).await.unwrap();
    let expected = ["User.Read", "one", "other"].map(str::to_owned).to_vec();
    assert_eq!(found.unwrap(), (expected, vec!["newer".to_owned()]));
    // Once more is no change.
    assert_eq!(one.merge(&person("u1"), &base, &ours[1]).await.unwrap(), Some(()));
    assert!(one.remove(&person("u1")).await.unwrap());
    assert_eq!(one.merge(&person("u1"), &base, &ours[0]).await.unwrap(), None, "nothing is made by a merge");
    assert!(super::gone(&other, &person("u1")).await.unwrap());
}

/// An account that was taken out of its cache takes the partition with it, and nothing brings it back.
pub(crate) async fn an_account_that_was_removed_stays_removed(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    sign_in(&one, "u1").await;
    let base = one.read(&person("u1"), Clone::clone).await.unwrap().unwrap();
    let mut ours = base.clone();
    ours.add(&answer("u1", "late", "1", Some("late"))).unwrap();
    let removed = other
        .update(&person("u1"), |cache| {
            Ok(cache.remove_account(AccountId::new(home("u1").as_str().to_owned(), CLOUD)))
        })
        .await
        .unwrap();
    assert!(removed.is_some_and(|removed| removed > 0));
    let raw = super::raw(&one, &connect(), &person("u1")).await;
    assert_eq!(raw, None, "an empty cache is removed");
    assert_eq!(one.merge(&person("u1"), &base, &ours).await.unwrap(), None);
    assert!(super::gone(&one, &person("u1")).await.unwrap());
}
