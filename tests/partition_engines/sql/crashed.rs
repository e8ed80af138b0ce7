//! The database crashes, or ends the connections, and comes back: the store works again, and has lost nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sealed_cache::{
    Deadline,
    partition::{Condition, Put, StoreErrorKind},
};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    kit::{
        Ended, FRESH, HOUR, PATIENCE, Store, create, every_verb, every_verb_is, every_verb_works, load, name,
        put, soon, stored,
    },
    sql::databases::{Database, on_both},
};

/// How many partitions each writer has stored before the crash.
const ENOUGH: u32 = 3;

on_both! {
    nothing_acknowledged_is_lost_in_a_crash => super::nothing_is_lost;
    without_a_database_every_call_is_refused_until_it_is_back => super::refused_meanwhile;
    ended_connections_are_replaced => super::ended_connections;
    an_ended_connection_makes_a_removal_unsure => super::unsure;
}

async fn nothing_is_lost(mut database: Database) {
    let store = database.store().await;
    let mut writers = JoinSet::new();
    let begun = Arc::new(Barrier::new(9));
    for writer in 0..8 {
        writers.spawn(write_until_it_fails(store.clone(), writer, begun.clone()));
    }
    begun.wait().await;
    database.crash();
    let acknowledged = writers.join_all().await;
    database.restart();
    for (writer, count) in acknowledged {
        assert!(count >= ENOUGH, "writer {writer} had no time");
        for number in 0..count {
            let there = load(&store, &name(format!("{writer}:{number}"))).await.unwrap();
            assert_eq!(there.unwrap().sealed, b"second", "{writer}:{number} was acknowledged");
        }
    }
}

/// Each partition is created and replaced. Tells how many were.
async fn write_until_it_fails(store: Store, writer: u32, begun: Arc<Barrier>) -> (u32, u32) {
    for number in 0.. {
        if number == ENOUGH {
            begun.wait().await;
        }
        let name = name(format!("{writer}:{number}"));
        let (first, second) = (stored("first"), stored("second"));
        for (what, condition) in [(&first, Condition::Absent), (&second, Condition::Matches(first.etag))] {
            match store.put(&name, what, condition, HOUR, &Deadline::after(PATIENCE)).await {
                Ok(outcome) => assert_eq!(outcome, Put::Stored),
                Err(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                    return (writer, number);
                }
            }
        }
    }
    unreachable!("it writes until it fails")
}

async fn refused_meanwhile(mut database: Database) {
    let store = database.store().await;
    let what = create(&store, &name("a"), "contents").await;
    database.crash();
    every_verb_is(&store, StoreErrorKind::Unavailable).await;
    database.restart();
    every_verb_works(&store).await;
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what));
}

async fn ended_connections(database: Database) {
    let store = database.store().await;
    let mut current = create(&store, &name("a"), "first").await;
    for _ in 0..3 {
        let loads = (0..4).map(|_| store.clone());
        let loads: JoinSet<_> =
            loads.map(|store| async move { store.load(&name("a"), &soon()).await.unwrap() }).collect();
        loads.join_all().await;
        database.break_connections();
        assert_eq!(load(&store, &name("a")).await.unwrap(), Some(current.clone()));
        database.break_connections();
        // A put recognises itself, and is tried again.
        let next = stored("next");
        assert_eq!(
            put(&store, &name("a"), &next, Condition::Matches(current.etag)).await.unwrap(),
            Put::Stored
        );
        current = next;
    }
    database.break_connections();
    every_verb_works(&store).await;
}

async fn unsure(database: Database) {
    let store = database.store().await;
    let begun = Instant::now();
    loop {
        create(&store, &name("a"), "contents").await;
        let used = Instant::now();
        database.break_connections();
        let removed = store.remove(&name("a"), None, &soon()).await;
        // A connection that was idle for longer is asked first, so that nothing was lost.
        if used.elapsed() < FRESH {
            let error = removed.unwrap_err();
            assert!(error.kind() == StoreErrorKind::Unavailable && error.is_ambiguous(), "{error}");
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "it is always too late");
        let _ = store.remove(&name("a"), None, &soon()).await;
    }
    assert!(store.remove(&name("a"), None, &soon()).await.unwrap(), "it was not done, as it happens");
    // A connection that was idle for a while is asked first: then it is certain.
    create(&store, &name("a"), "contents").await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    database.break_connections();
    assert!(store.remove(&name("a"), None, &soon()).await.unwrap());
}

/// PostgreSQL tells of changes, and that it does no longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn a_lost_subscription_is_an_error() {
    let database = Database::postgres().await;
    let store = database.store().await;
    let mut changes = store.changes(&soon()).await.unwrap().unwrap();
    create(&store, &name("a"), "contents").await;
    assert_eq!(changes.next().await.unwrap(), name("a"));
    let waiting = tokio::spawn(async move {
        let error = changes.next().await.unwrap_err();
        (error, changes)
    });
    database.break_connections();
    let (error, mut changes) = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    // A read finds out that the connection is gone; a creation would be unsure.
    assert_eq!(load(&store, &name("b")).await.unwrap(), None);
    create(&store, &name("b"), "contents").await;
    assert!(changes.next().await.is_err(), "what was missed is not passed over");
    let mut changes = store.changes(&soon()).await.unwrap().unwrap();
    create(&store, &name("c"), "contents").await;
    assert_eq!(changes.next().await.unwrap(), name("c"));
}

/// What tells nothing of itself: a touch, what was not done, a purge, leases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn only_changes_are_told() {
    let database = Database::postgres().await;
    let store = database.store().await;
    let what = create(&store, &name("a"), "contents").await;
    let mut changes = store.changes(&soon()).await.unwrap().unwrap();
    assert!(store.touch(&name("a"), what.etag, HOUR, &soon()).await.unwrap());
    let outcomes = every_verb(&store, &name("a"), PATIENCE).await;
    assert!(outcomes.iter().all(|Ended { error, .. }| error.is_none()));
    // Of all verbs on it, only its removal changed it.
    assert_eq!(changes.next().await.unwrap(), name("a"));
    let conflict = put(&store, &name("a"), &stored("late"), Condition::Matches(what.etag)).await.unwrap();
    assert_eq!(conflict, Put::Conflict(None));
    create(&store, &name("end"), "contents").await;
    assert_eq!(changes.next().await.unwrap(), name("end"));
}
