//! A session is kept as it is, until it ends.

use sealed_cache::{
    Deadline,
    partition::{PartitionStore, SessionMode, SignedIn},
};
use serde_json::json;
use tower_sessions::{
    SessionStore,
    cookie::time::{Duration, OffsetDateTime},
    session::Id,
};

use crate::{Site, person, record, session, values};

#[tokio::test]
async fn another_node_has_the_session() {
    let site = Site::new();
    let (one, other) = (site.node().await, site.node().await);
    let mut made = record(&[("cart", json!(["tea", {"sugar": null}])), ("emoji \u{1f600}", json!(1.5))]);
    one.create(&mut made).await.unwrap();
    let found = other.load(&made.id).await.unwrap().unwrap();
    assert_eq!((found.id, found.expiry_date), (made.id, made.expiry_date));
    assert_eq!(values(Some(found)), Some(json!({"cart": ["tea", {"sugar": null}], "emoji \u{1f600}": 1.5})));
    assert_eq!(other.load(&Id::default()).await.unwrap(), None);

    other.delete(&made.id).await.unwrap();
    assert_eq!(one.load(&made.id).await.unwrap(), None);
    other.delete(&made.id).await.unwrap();
}

#[tokio::test]
async fn it_works_as_a_session_of_the_framework() {
    let site = Site::new();
    let node = site.node().await;
    let first = session(&node, None);
    first.insert("visits", 1).await.unwrap();
    first.save().await.unwrap();

    let second = session(&node, first.id());
    assert_eq!(second.get::<u32>("visits").await.unwrap(), Some(1));
    // Somebody signs in: the session gets another id, and keeps what is in it.
    second.cycle_id().await.unwrap();
    second.insert("signed in", node.signed_in(person()).unwrap()).await.unwrap();
    second.save().await.unwrap();
    assert_ne!(second.id(), first.id());
    assert_eq!(node.load(&first.id().unwrap()).await.unwrap(), None);

    let third = session(&node, second.id());
    let signed_in: SignedIn = third.get("signed in").await.unwrap().unwrap();
    assert_eq!(signed_in.person(), &person());
    assert_eq!(third.get::<u32>("visits").await.unwrap(), Some(1));
    third.flush().await.unwrap();
    assert!(third.is_empty().await);
    assert_eq!(node.load(&second.id().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn it_ends_when_its_record_says() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("a", json!(1))]);
    made.expiry_date = OffsetDateTime::now_utc() + Duration::minutes(30);
    node.create(&mut made).await.unwrap();
    let lives_for = site.engine.lives_for.lock().unwrap().take().unwrap().as_secs();
    assert!((1795..=1800).contains(&lives_for), "{lives_for}");

    // A request prolongs it, another one ends it at once.
    made.expiry_date = OffsetDateTime::now_utc() + Duration::hours(2);
    node.save(&made).await.unwrap();
    assert_eq!(node.load(&made.id).await.unwrap().unwrap().expiry_date, made.expiry_date);
    made.expiry_date = OffsetDateTime::now_utc() - Duration::seconds(1);
    node.save(&made).await.unwrap();
    assert_eq!(node.load(&made.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_new_session_never_takes_the_place_of_another() {
    let site = Site::new();
    let node = site.node().await;
    let mut first = record(&[("whose", json!("first"))]);
    node.create(&mut first).await.unwrap();
    let mut second = record(&[("whose", json!("second"))]);
    second.id = first.id;
    node.create(&mut second).await.unwrap();
    assert_ne!(second.id, first.id);
    for (id, whose) in [(first.id, "first"), (second.id, "second")] {
        assert_eq!(values(node.load(&id).await.unwrap()), Some(json!({"whose": whose})));
    }
}

#[tokio::test]
async fn nothing_on_the_engine_can_be_read() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("secret-key", json!("secret-value"))]);
    made.data.insert("signed in".into(), json!(node.signed_in(person()).unwrap()));
    node.create(&mut made).await.unwrap();

    let deadline = Deadline::after(std::time::Duration::from_secs(10));
    let names = site.engine.names_after(None, 10, &deadline).await.unwrap();
    assert!(names.len() == 1 && names[0].as_str().starts_with("shop:session:"), "{names:?}");
    let stored = site.engine.load(&names[0], &deadline).await.unwrap().unwrap();
    let id = made.id.0;
    let ids = [id.to_string().into_bytes(), made.id.to_string().into_bytes()];
    let raw_ids = [id.to_le_bytes().to_vec(), id.to_be_bytes().to_vec()];
    let words =
        ["secret-key", "secret-value", "u1.t1", "data", "expiry"].map(|word| word.as_bytes().to_vec());
    for needle in ids.into_iter().chain(raw_ids).chain(words) {
        for haystack in [names[0].as_str().as_bytes(), &stored.sealed] {
            assert!(!haystack.windows(needle.len()).any(|window| window == needle), "{needle:?}");
        }
    }
    for text in [format!("{node:?}"), format!("{:?}", node.signed_in(person()).unwrap())] {
        assert!(!text.contains("u1") && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn sessions_are_sealed_anew_with_another_key() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("a", json!(1))]);
    node.create(&mut made).await.unwrap();

    let second = sealed_cache::DataKey::from_bytes(&[9; 32]);
    let stranger = site.caches_with(&second, "second").await;
    // It has not the key that it was sealed with: as good as none, and told.
    let without = sealed_cache::partition::SealedSessions::new(stranger.clone());
    assert_eq!(without.load(&made.id).await.unwrap(), None);
    assert_eq!(stranger.statistics().unreadable, 1);

    let namespace = sealed_cache::partition::Namespace::new("shop", "login.example", "client-id").unwrap();
    let first = sealed_cache::DataKey::from_bytes(&[7; 32]);
    let keys =
        sealed_cache::partition::KeyRing::new(first.clone(), "second", second).readable("first", first);
    let both = sealed_cache::partition::PartitionedCaches::on_shared(namespace, site.engine.clone(), keys);
    let both = both.open().await.unwrap();
    assert_eq!(both.rewrap().await.unwrap().rewrapped, 1);
    assert_eq!(values(without.load(&made.id).await.unwrap()), Some(json!({"a": 1})));
}

#[tokio::test]
async fn the_other_mode_does_not_open_it() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("a", json!(1))]);
    node.create(&mut made).await.unwrap();
    let other = node.clone().mode(SessionMode::Ticket);
    let ticket = sealed_cache::partition::Ticket::generate().unwrap();
    assert_eq!(ticket.scope(other.load(&made.id)).await.unwrap(), None);
}
