//! Nobody gets what is another's.

use std::sync::Arc;

use sealed_cache::{
    ErrorKind,
    partition::{ApplicationPartition, Partition},
    token_cache::TokenResponse,
};

use super::{
    CLIENT, Connect, ENDPOINT, Numbers, answer, home, namespace, open, person, raw, sign_in, signed_in,
};

const ACCOUNTS: usize = 1000;

/// 1,000 accounts through one process, with empty partitions between them at random.
pub(crate) async fn a_thousand_accounts_are_apart(connect: Connect<'_>) {
    let namespace = namespace();
    let (caches, other, store) =
        (open(&namespace, connect()).await, open(&namespace, connect()).await, connect());
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let caches = caches.clone();
            tokio::spawn(async move {
                let mut numbers = Numbers(task as u64);
                for number in (task..ACCOUNTS).step_by(8) {
                    sign_in(&caches, &format!("user-{number:04}")).await;
                    let nobody = person(&format!("nobody-{}", numbers.below(1_000_000)));
                    assert_eq!(caches.read(&nobody, |cache| cache.len()).await.unwrap(), None);
                    assert_eq!(caches.update(&nobody, |cache| Ok(cache.len())).await.unwrap(), None);
                    let known = format!("user-{:04}", numbers.below(number as u64 + 1) / 8 * 8 + task as u64);
                    if let Some(owners) = caches.read(&person(&known), owners).await.unwrap() {
                        assert!(
                            owners.iter().all(|owner| owner == home(&known).as_str()),
                            "{known}: {owners:?}"
                        );
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for number in 0..ACCOUNTS {
        let user = format!("user-{number:04}");
        let owners = other.read(&person(&user), owners).await.unwrap().expect("signed in");
        assert!(
            owners.len() >= 3 && owners.iter().all(|owner| owner == home(&user).as_str()),
            "{user}: {owners:?}"
        );
        let blob = raw(&other, &store, &person(&user)).await.unwrap().sealed;
        let text = String::from_utf8_lossy(&blob).into_owned();
        assert!(!text.contains("user-") && !text.contains("refresh of"), "it is sealed");
        let name = other.name(&person(&user)).as_str().to_owned();
        assert!(!name.contains("user-"), "{name}");
    }
    for number in 0..ACCOUNTS {
        assert!(caches.remove(&person(&format!("user-{number:04}"))).await.unwrap());
    }
}

pub(super) fn owners(cache: &sealed_cache::TokenCache) -> Vec<String> {
    let accounts = cache.accounts().map(|entry| entry.home_account_id().into_owned());
    let access = cache.access_tokens().map(|entry| entry.home_account_id().into_owned());
    let refresh = cache.all_refresh_tokens().map(|entry| entry.home_account_id().into_owned());
    accounts.chain(access).chain(refresh).collect()
}

/// What belongs to another account is refused, and nothing of the change is stored.
pub(crate) async fn foreign_entries_are_refused(connect: Connect<'_>) {
    let namespace = namespace();
    let (caches, store) = (open(&namespace, connect()).await, connect());
    sign_in(&caches, "u1").await;
    let before = raw(&caches, &store, &person("u1")).await.unwrap();
    let of_nobody = TokenResponse::of_access_token(CLIENT, "AT", 3600).token_endpoint(ENDPOINT);
    let foreign = [signed_in("u2"), answer("U1", "x", "AT", None), of_nobody.clone()].map(Arc::new);
    for response in &foreign {
        let both = |cache: &mut sealed_cache::TokenCache| {
            cache.add(&signed_in("u1"))?;
            cache.add(response)
        };
        let error = caches.create_or_update(&person("u1"), both).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignEntry);
        assert_eq!(raw(&caches, &store, &person("u1")).await.unwrap(), before, "nothing of it is stored");
    }
    let application = Partition::application(ApplicationPartition::new("t1"));
    let error = caches.create_or_update(&application, |cache| cache.add(&foreign[0])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignEntry);
    caches.create_or_update(&application, |cache| cache.add(&of_nobody)).await.unwrap();
    let session = Partition::web_session("a session");
    caches.create_or_update(&session, |cache| cache.add(&foreign[0])).await.unwrap();
    let error = caches.create_or_update(&session, |cache| cache.add(&signed_in("u1"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignEntry, "one person for each session");
    assert_eq!(caches.statistics().foreign_entries, 5);
    for partition in [person("u1"), application, session] {
        assert!(caches.remove(&partition).await.unwrap());
    }
}
