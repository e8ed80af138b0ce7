//! Several requests of one session at the same time.

use serde_json::{Value, json};
use tower_sessions::{SessionStore, session::Id};

use crate::{Site, record, session, values};

#[tokio::test]
async fn two_requests_do_not_lose_each_others_data() {
    let site = Site::new();
    let (one, other) = (site.node().await, site.node().await);
    let mut made = record(&[("kept", json!(0)), ("removed", json!(0)), ("changed", json!(0))]);
    one.create(&mut made).await.unwrap();

    let (first, second) = (session(&one, Some(made.id)), session(&other, Some(made.id)));
    first.load().await.unwrap();
    second.load().await.unwrap();
    first.insert("added by one", 1).await.unwrap();
    first.insert("changed", 1).await.unwrap();
    second.insert("added by the other", 2).await.unwrap();
    second.remove_value("removed").await.unwrap();
    first.save().await.unwrap();
    second.save().await.unwrap();
    let both = json!({"kept": 0, "changed": 1, "added by one": 1, "added by the other": 2});
    assert_eq!(values(one.load(&made.id).await.unwrap()), Some(both));
}

#[tokio::test]
async fn of_two_changes_of_one_key_the_later_one_wins() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("a", json!(0)), ("b", json!(0))]);
    node.create(&mut made).await.unwrap();
    let (first, second) = (session(&node, Some(made.id)), session(&node, Some(made.id)));
    for (session, value) in [(&first, 1), (&second, 2)] {
        session.insert("a", value).await.unwrap();
    }
    second.save().await.unwrap();
    first.save().await.unwrap();
    assert_eq!(values(node.load(&made.id).await.unwrap()), Some(json!({"a": 1, "b": 0})));

    // Who clears it and goes on replaces all.
    let third = session(&node, Some(made.id));
    third.load().await.unwrap();
    third.clear().await;
    third.insert("c", 3).await.unwrap();
    third.save().await.unwrap();
    assert_eq!(values(node.load(&made.id).await.unwrap()), Some(json!({"c": 3})));
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_requests_on_four_nodes_lose_nothing() {
    let site = Site::new();
    let mut made = record(&[]);
    let nodes = [site.node().await, site.node().await, site.node().await, site.node().await];
    nodes[0].create(&mut made).await.unwrap();
    let requests: Vec<_> = (0..32)
        .map(|number| {
            let session = session(&nodes[number % 4], Some(made.id));
            tokio::spawn(async move {
                session.insert(&format!("key {number}"), number).await.unwrap();
                session.save().await.unwrap();
            })
        })
        .collect();
    for request in requests {
        request.await.unwrap();
    }
    let Some(Value::Object(all)) = values(nodes[0].load(&made.id).await.unwrap()) else { unreachable!() };
    assert_eq!(all.len(), 32);
}

#[tokio::test]
async fn who_signed_out_is_not_brought_back_by_a_request_that_still_runs() {
    let site = Site::new();
    let (one, other) = (site.node().await, site.node().await);
    let mut made = record(&[("signed in", json!(true))]);
    one.create(&mut made).await.unwrap();
    let slow = session(&one, Some(made.id));
    slow.insert("page", 2).await.unwrap();
    session(&other, Some(made.id)).flush().await.unwrap();
    slow.save().await.unwrap();
    assert_eq!(one.load(&made.id).await.unwrap(), None);

    // Nor does anything else but `create` make one.
    let mut never = record(&[("a", json!(1))]);
    never.id = Id(12345);
    one.save(&never).await.unwrap();
    assert_eq!(one.load(&never.id).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_as_it_was_is_not_written() {
    let site = Site::new();
    let node = site.node().await;
    let mut made = record(&[("a", json!(1))]);
    node.create(&mut made).await.unwrap();
    let found = node.load(&made.id).await.unwrap().unwrap();
    let before = site.engine.puts.load(std::sync::atomic::Ordering::SeqCst);
    node.save(&found).await.unwrap();
    node.save(&made).await.unwrap();
    assert_eq!(site.engine.puts.load(std::sync::atomic::Ordering::SeqCst), before);
}
