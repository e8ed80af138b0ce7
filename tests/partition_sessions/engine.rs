//! An engine that fails is not the same as no session.

use serde_json::json;
use tower_sessions::{SessionStore, session, session_store::Error};

use crate::{Site, observed::Fault, record, session, values};

#[tokio::test]
async fn an_engine_that_is_down_is_an_error_and_no_sign_out() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("a", json!(1))]);
    node.create(&mut made).await.unwrap();
    site.engine.set_down(true);

    let failed = [
        node.load(&made.id).await.map(drop).unwrap_err(),
        node.save(&made).await.unwrap_err(),
        node.delete(&made.id).await.unwrap_err(),
        node.create(&mut record(&[])).await.unwrap_err(),
    ];
    for error in failed {
        assert!(matches!(&error, Error::Backend(said) if said.contains("down")), "{error:?}");
    }
    // As a handler sees it.
    let error = session(&node, Some(made.id)).get::<u32>("a").await.unwrap_err();
    assert!(matches!(error, session::Error::Store(Error::Backend(_))), "{error:?}");

    site.engine.set_down(false);
    assert_eq!(values(node.load(&made.id).await.unwrap()), Some(json!({"a": 1})));
}

#[tokio::test]
async fn writes_in_doubt_are_found_out() {
    for fault in [Fault::DoneUnsaid, Fault::LostUnsaid, Fault::Refused] {
        let site = Site::new();
        let node = site.node().await;
        let fail = || site.engine.faults.lock().unwrap().push(fault);
        let mut made = record(&[("a", json!(1))]);
        let id = made.id;
        fail();
        node.create(&mut made).await.unwrap();
        assert_eq!(made.id, id, "{fault:?}: its own write is no other session");
        let mut found = node.load(&made.id).await.unwrap().unwrap();
        found.data.insert("b".into(), json!(2));
        fail();
        node.save(&found).await.unwrap();
        assert_eq!(values(node.load(&made.id).await.unwrap()), Some(json!({"a": 1, "b": 2})), "{fault:?}");
        fail();
        node.delete(&made.id).await.unwrap();
        assert_eq!(node.load(&made.id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_session_that_is_too_large_is_refused_and_the_one_before_stays() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("a", json!(1))]);
    node.create(&mut made).await.unwrap();
    let mut large = made.clone();
    large.data.insert("b".into(), json!("b".repeat(2 << 20)));
    let error = node.save(&large).await.unwrap_err();
    assert!(matches!(&error, Error::Encode(said) if said.contains("too large")), "{error:?}");
    assert_eq!(values(node.load(&made.id).await.unwrap()), Some(json!({"a": 1})));
}
