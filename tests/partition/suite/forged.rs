//! Somebody who can write the engine.

use sealed_cache::partition::{Etag, Partition, Stored};

use super::{Connect, gone, namespace, node, open, person, plant, raw, sign_in};

/// Swapped, copied, cut short, altered: nothing of it opens, and it counts as absent.
pub(crate) async fn forged_partitions_are_refused(connect: Connect<'_>) {
    let namespace = namespace();
    // Without copies: a forgery with the right etag is to be looked at.
    let caches = node(&namespace, connect()).level_one_bytes(0).open().await.unwrap();
    let store = connect();
    sign_in(&caches, "u1").await;
    sign_in(&caches, "u2").await;
    let [one, two] = [raw(&caches, &store, &person("u1")).await, raw(&caches, &store, &person("u2")).await];
    let ([one, two], name) = ([one, two].map(Option::unwrap), caches.name(&person("u1")));

    // The very same in its place is fine: this test can fail.
    plant(&store, &name, &one).await;
    assert!(!gone(&caches, &person("u1")).await.unwrap());

    let mut forged = vec![
        two.clone(),
        Stored { etag: one.etag, sealed: two.sealed.clone() },
        Stored { etag: two.etag, sealed: one.sealed.clone() },
        Stored { etag: Etag::generate().unwrap(), sealed: one.sealed.clone() },
        Stored { etag: one.etag, sealed: b"{}".to_vec() },
        Stored { etag: one.etag, sealed: Vec::new() },
    ];
    let length = one.sealed.len();
    for end in [1, 4, 8, 20, 48, length / 2, length - 16, length - 1] {
        forged.push(Stored { etag: one.etag, sealed: one.sealed[..end].to_vec() });
    }
    let mut longer = one.clone();
    longer.sealed.push(0);
    forged.push(longer);
    for position in (0..60).chain((60..length).step_by(37)).chain(length - 16..length) {
        let mut altered = one.clone();
        altered.sealed[position] ^= 1 << (position % 8);
        forged.push(altered);
    }
    for (number, forged) in forged.iter().enumerate() {
        plant(&store, &name, forged).await;
        assert!(gone(&caches, &person("u1")).await.unwrap(), "forgery {number} opens");
        assert_eq!(caches.update(&person("u1"), |_| Ok(())).await.unwrap(), None);
    }
    assert_eq!(caches.statistics().unreadable, 2 * forged.len() as u64, "each is counted");

    // In another namespace, or with another secret, it is nothing either.
    let elsewhere = open(&super::namespace(), connect()).await;
    plant(&store, &elsewhere.name(&person("u1")), &one).await;
    assert!(gone(&elsewhere, &person("u1")).await.unwrap());
    let [ours, theirs] = [[1; 32], [2; 32]].map(|secret| Partition::web_session("id").with_secret(&secret));
    caches.create_or_update(&ours, |cache| cache.add(&super::signed_in("u1"))).await.unwrap();
    assert!(!gone(&caches, &ours).await.unwrap());
    assert!(
        gone(&caches, &theirs).await.unwrap() && gone(&caches, &Partition::web_session("id")).await.unwrap()
    );
    let before = raw(&caches, &store, &ours).await;
    let overwrite = |cache: &mut sealed_cache::TokenCache| cache.add(&super::signed_in("u1"));
    assert_eq!(caches.update(&theirs, overwrite).await.unwrap(), None);
    assert_eq!(raw(&caches, &store, &ours).await, before, "a wrong secret changes nothing");
    assert!(caches.remove(&ours).await.unwrap());
    assert!(elsewhere.remove(&person("u1")).await.unwrap());
    for user in ["u1", "u2"] {
        assert!(caches.remove(&person(user)).await.unwrap());
    }
}

/// What does not open is replaced by the next sign-in, and by nothing else.
pub(crate) async fn unreadable_partitions_are_replaced(connect: Connect<'_>) {
    let namespace = namespace();
    let (caches, store) = (open(&namespace, connect()).await, connect());
    let (name, garbage) =
        (caches.name(&person("u1")), Stored { etag: Etag::generate().unwrap(), sealed: vec![7; 99] });
    plant(&store, &name, &garbage).await;
    assert_eq!(caches.update(&person("u1"), |_| Ok(())).await.unwrap(), None);
    assert_eq!(raw(&caches, &store, &person("u1")).await.as_ref(), Some(&garbage), "an update leaves it");
    sign_in(&caches, "u1").await;
    assert!(!gone(&caches, &person("u1")).await.unwrap());
    assert_ne!(raw(&caches, &store, &person("u1")).await.unwrap().etag, garbage.etag);
    assert!(caches.remove(&person("u1")).await.unwrap());
}
