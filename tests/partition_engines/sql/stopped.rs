//! The database is there and answers nothing: its processes are stopped.

use std::time::{Duration, Instant};

use sealed_cache::{
    Cancellation, Deadline, ErrorKind,
    partition::{Condition, Put, StoreErrorKind},
};

use crate::{
    kit::{
        Ended, FRESH, HOUR, PATIENCE, create, every_verb, every_verb_works, load, name, put, soon, stored,
    },
    sql::databases::{Database, SETTINGS, on_both},
};

const SHORT: Duration = Duration::from_millis(150);
/// How much later than its deadline a call may end, on a busy machine.
const SLACK: Duration = Duration::from_secs(1);

on_both! {
    every_call_ends_at_its_deadline_and_the_next_one_works => super::every_call_ends;
    a_put_that_timed_out_is_recognised_by_its_etag => super::a_put_is_recognised;
    a_cancelled_call_ends_at_once => super::a_cancelled_call;
    connecting_times_out => super::connecting;
}

async fn every_call_ends(database: Database) {
    let store = database.store().await;
    let pause = database.pause();
    for Ended { verb, error, took, .. } in every_verb(&store, &name("a"), SHORT).await {
        let error = error.unwrap_or_else(|| panic!("{verb} succeeds"));
        assert_eq!(error.kind(), StoreErrorKind::Timeout, "{verb}: {error}");
        // The first one has used the only connection; the others wait for another, and have sent nothing.
        assert!(!error.is_ambiguous(), "{verb}: {error}");
        assert!(took >= SHORT && took < SHORT + SLACK, "{verb} took {took:?}");
    }
    drop(pause);
    every_verb_works(&store).await;
}

async fn a_put_is_recognised(database: Database) {
    let store = database.store().await;
    for round in 0..5 {
        let name = name(round);
        let (begun, second) = (Instant::now(), stored("second"));
        let condition = loop {
            let first = create(&store, &name, "first").await;
            let used = Instant::now();
            let pause = database.pause();
            let condition = Condition::Matches(first.etag);
            let late = Deadline::after(SHORT);
            let is_asked_first = used.elapsed() + SHORT > FRESH;
            let error = store.put(&name, &second, condition, HOUR, &late).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
            drop(pause);
            if !is_asked_first {
                assert!(error.is_ambiguous(), "{error}");
                break condition;
            }
            assert!(begun.elapsed() < PATIENCE, "it is always too late");
            assert!(store.remove(&name, None, &soon()).await.unwrap());
        };
        // Whether the database has done it, does it now, or never will: here it is done once, and counts as ours.
        assert_eq!(put(&store, &name, &second, condition).await.unwrap(), Put::Stored);
        assert_eq!(load(&store, &name).await.unwrap(), Some(second.clone()));
        let third = stored("third");
        let outcome = put(&store, &name, &third, Condition::Matches(second.etag)).await.unwrap();
        assert_eq!(outcome, Put::Stored, "nothing comes late");
    }
}

async fn a_cancelled_call(database: Database) {
    let store = database.store().await;
    let _pause = database.pause();
    let cancellation = Cancellation::new();
    let deadline = Deadline::after(PATIENCE).with_cancellation(cancellation.clone());
    let waiting = tokio::spawn(async move { store.load(&name("a"), &deadline).await });
    cancellation.cancel();
    let begun = Instant::now();
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), StoreErrorKind::Timeout);
    assert!(begun.elapsed() < SLACK, "it took {:?}", begun.elapsed());
}

async fn connecting(database: Database) {
    let _pause = database.pause();
    let begun = Instant::now();
    let error = database.connect(&database.url(), SETTINGS.connect_timeout(SHORT)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EngineTimeout);
    assert!(begun.elapsed() < SHORT + SLACK, "it took {:?}", begun.elapsed());
}
