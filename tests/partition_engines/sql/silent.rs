//! Answers are lost between the database and the store: the connections are there, and nothing comes through.

use std::time::{Duration, Instant};

use sealed_cache::{
    Deadline,
    partition::{Changes, Condition, Put, Stored},
};
use tokio::task::{JoinHandle, JoinSet};

use crate::{
    kit::{HOUR, PATIENCE, Store, create, load, name, put, soon, stored, until},
    sql::databases::{Database, SETTINGS, on_both},
    sql::proxy::Proxy,
};

/// A part of it is for finding out, the rest for a new connection, on a busy machine.
const TIME: Duration = Duration::from_secs(6);
const CONNECTIONS: usize = 4;

on_both! {
    connections_that_died_silently_cost_one_call_a_part_of_its_time => super::died_silently;
    what_was_created_and_removed_meanwhile_is_not_created_again => super::removed_meanwhile;
    a_change_that_others_may_have_replaced_is_unsure => super::replaced_meanwhile;
}

async fn died_silently(database: Database) {
    let proxy = Proxy::before(&database);
    let store = database.connect(&proxy.url(), SETTINGS).await.unwrap();
    let what = create(&store, &name("a"), "contents").await;
    until("there are some connections", async || {
        loads(&store, PATIENCE).await;
        proxy.connections() >= CONNECTIONS
    })
    .await;
    // Only one that was idle for a while is asked first.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    proxy.silence();
    let begun = Instant::now();
    let loaded = store.load(&name("a"), &Deadline::after(TIME)).await.unwrap();
    assert_eq!(loaded, Some(what));
    assert!(begun.elapsed() < TIME, "it took {:?}", begun.elapsed());
    loads(&store, TIME).await;
    assert_eq!(proxy.asked_in_vain(), 1, "where one is gone, the others are as well");
}

/// Several at once.
async fn loads(store: &Store, time: Duration) {
    let stores = (0..CONNECTIONS * 2).map(|_| store.clone());
    let loads: JoinSet<_> = stores
        .map(|store| async move { store.load(&name("a"), &Deadline::after(time)).await.unwrap() })
        .collect();
    loads.join_all().await;
}

/// A store with one connection on which every statement was given before, behind a proxy; and one without a proxy.
async fn with_proxy(database: &Database) -> (Proxy, Store, Store, Stored) {
    let proxy = Proxy::before(database);
    let store = database.connect(&proxy.url(), SETTINGS.connections(1)).await.unwrap();
    let current = known(&store).await;
    (proxy, store, database.store().await, current)
}

async fn known(store: &Store) -> Stored {
    store.remove(&name("a"), None, &soon()).await.unwrap();
    let first = create(store, &name("a"), "first").await;
    let current = stored("current");
    assert_eq!(put(store, &name("a"), &current, Condition::Matches(first.etag)).await.unwrap(), Put::Stored);
    current
}

/// A put that the database does and does not get to answer.
async fn unanswered(
    proxy: &Proxy,
    (store, direct): (&Store, &Store),
    name: &'static str,
    condition: Condition,
) -> (Stored, JoinHandle<Result<Put, sealed_cache::partition::StoreError>>) {
    proxy.silence();
    let ours = stored("ours");
    let (store, what) = (store.clone(), ours.clone());
    let putting = tokio::spawn(async move { put(&store, &crate::kit::name(name), &what, condition).await });
    until("the database has done it", async || {
        load(direct, &crate::kit::name(name)).await.unwrap().as_ref() == Some(&ours)
    })
    .await;
    (ours, putting)
}

async fn removed_meanwhile(database: Database) {
    let (proxy, store, direct, _) = with_proxy(&database).await;
    let (_, putting) = unanswered(&proxy, (&store, &direct), "b", Condition::Absent).await;
    assert!(direct.remove(&name("b"), None, &soon()).await.unwrap());
    proxy.cut();
    let error = putting.await.unwrap().unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(load(&direct, &name("b")).await.unwrap(), None, "somebody has signed out");
}

async fn replaced_meanwhile(database: Database) {
    let (proxy, store, direct, current) = with_proxy(&database).await;
    let condition = Condition::Matches(current.etag);
    let (ours, putting) = unanswered(&proxy, (&store, &direct), "a", condition).await;
    let third = stored("third");
    assert_eq!(put(&direct, &name("a"), &third, Condition::Matches(ours.etag)).await.unwrap(), Put::Stored);
    proxy.cut();
    let error = putting.await.unwrap().unwrap_err();
    assert!(error.is_ambiguous(), "it was done before the other one: {error}");
    assert_eq!(load(&direct, &name("a")).await.unwrap(), Some(third));
    // Where nobody came after it, it recognises itself.
    let current = known(&store).await;
    let condition = Condition::Matches(current.etag);
    let (_, putting) = unanswered(&proxy, (&store, &direct), "a", condition).await;
    proxy.cut();
    assert_eq!(putting.await.unwrap().unwrap(), Put::Stored);
}

async fn told(changes: &mut Box<dyn Changes>) {
    let told = tokio::time::timeout(PATIENCE / 2, changes.next()).await;
    assert_eq!(told.expect("it is told").unwrap(), name("a"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn a_change_in_doubt_is_told() {
    let database = Database::postgres().await;
    let (proxy, store, direct, current) = with_proxy(&database).await;
    let mut changes = direct.changes(&soon()).await.unwrap().unwrap();
    proxy.silence();
    let (late, condition) = (Deadline::after(Duration::from_millis(300)), Condition::Matches(current.etag));
    let error = store.put(&name("a"), &stored("ours"), condition, HOUR, &late).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    told(&mut changes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn a_change_that_nobody_waits_for_any_more_is_told() {
    let database = Database::postgres().await;
    let (proxy, store, direct, current) = with_proxy(&database).await;
    let mut changes = direct.changes(&soon()).await.unwrap().unwrap();
    let condition = Condition::Matches(current.etag);
    let (_, putting) = unanswered(&proxy, (&store, &direct), "a", condition).await;
    putting.abort();
    assert!(putting.await.unwrap_err().is_cancelled());
    told(&mut changes).await;
}
