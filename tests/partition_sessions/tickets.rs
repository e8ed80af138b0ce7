//! Sessions that only open with a secret from the browser.

use sealed_cache::{
    ErrorKind,
    partition::{PartitionedCaches, SealedSessions, SessionMode, SignedIn, Ticket},
    token_cache::TokenResponse,
};
use serde_json::json;
use tower_sessions::{SessionStore, session_store::Error};

use crate::{Site, person, record, values};

async fn site() -> (PartitionedCaches, SealedSessions) {
    let caches = Site::new().caches().await;
    (caches.clone(), SealedSessions::new(caches).mode(SessionMode::Ticket))
}

#[tokio::test]
async fn only_the_ticket_opens_the_session() {
    let (caches, sessions) = site().await;
    let (ticket, wrong) = (Ticket::generate().unwrap(), Ticket::generate().unwrap());
    let mut made = record(&[("a", json!(1))]);
    ticket.clone().scope(sessions.create(&mut made)).await.unwrap();

    let from_cookie = Ticket::from_cookie(&ticket.to_cookie()).unwrap();
    let found = from_cookie.scope(sessions.load(&made.id)).await.unwrap();
    assert_eq!(values(found), Some(json!({"a": 1})));
    assert_eq!(wrong.clone().scope(sessions.load(&made.id)).await.unwrap(), None);
    assert_eq!(caches.statistics().unreadable, 1);
    // Nor can it be written over with another one.
    wrong.scope(sessions.save(&made)).await.unwrap();
    assert!(ticket.scope(sessions.load(&made.id)).await.unwrap().is_some());

    // The engine and the key ring together are not enough.
    let reference = sessions.clone().mode(SessionMode::Reference);
    assert_eq!(reference.load(&made.id).await.unwrap(), None);
    assert_eq!(caches.rewrap().await.unwrap().rewrapped, 0);
}

#[tokio::test]
async fn each_session_has_tokens_of_its_own() {
    let (caches, sessions) = site().await;
    let (one, other) = (Ticket::generate().unwrap(), Ticket::generate().unwrap());
    let answer = br#"{"access_token":"AT","refresh_token":"RT","client_info":"eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9","expires_in":3599,"scope":"a"}"#;
    let response =
        TokenResponse::from_json("client-id", answer).unwrap().token_endpoint("https://login.example/token");
    let signed_in = sessions.signed_in(person()).unwrap();
    let remembered: SignedIn = serde_json::from_value(json!(signed_in)).unwrap();
    assert_eq!(remembered, signed_in);

    let partition = one.clone().scope(async { sessions.partition(&signed_in) }).await.unwrap();
    caches.create_or_update(&partition, |cache| cache.add(&response)).await.unwrap();
    let again = one.clone().scope(async { sessions.partition(&remembered) }).await.unwrap();
    assert_eq!(caches.read(&again, |cache| cache.access_tokens().count()).await.unwrap(), Some(1));

    let stolen = other.scope(async { sessions.partition(&signed_in) }).await.unwrap();
    assert_eq!(caches.read(&stolen, |_| ()).await.unwrap(), None);
    let elsewhere = sessions.signed_in(person()).unwrap();
    let elsewhere = one.scope(async { sessions.partition(&elsewhere) }).await.unwrap();
    assert_ne!(caches.name(&elsewhere), caches.name(&partition));
}

#[tokio::test]
async fn without_a_ticket_it_is_an_error_and_not_a_sign_out() {
    let (_, sessions) = site().await;
    let mut made = record(&[]);
    let error = sessions.create(&mut made).await.unwrap_err();
    assert!(matches!(&error, Error::Decode(said) if said.contains("ticket")), "{error:?}");
    let signed_in = sessions.signed_in(person()).unwrap();
    assert_eq!(sessions.partition(&signed_in).unwrap_err().kind(), ErrorKind::Configuration);

    let reference = sessions.mode(SessionMode::Reference);
    assert!(reference.partition(&reference.signed_in(person()).unwrap()).is_ok());
}

#[test]
fn a_ticket_is_32_bytes_and_is_not_shown() {
    let ticket = Ticket::generate().unwrap();
    assert_eq!(format!("{ticket:?}"), "Ticket(..)");
    assert_eq!(*Ticket::from_cookie(&ticket.to_cookie()).unwrap().to_cookie(), *ticket.to_cookie());
    for bad in ["", "AA", "not base64url!", &"A".repeat(44), &"A".repeat(100), &ticket.to_cookie()[..42]] {
        assert!(Ticket::from_cookie(bad).is_none(), "{bad}");
    }
    for bad in [json!(["", null]), json!(["u 1", null]), json!("u1.t1"), json!(["u1.t1"]), json!(null)] {
        assert!(serde_json::from_value::<SignedIn>(bad).is_err());
    }
}
