//! Compare-and-set, on which everything else stands.

use std::{future::Future, pin::Pin};

use super::{create, load, name, patience, put, remove, stored};
use crate::partition::{Condition, Etag, PartitionStore, Put, Stored};

/// A put whose condition does not hold changes nothing, and answers with what is there.
pub async fn conflicts_hand_the_winner_back(store: &dyn PartitionStore) {
    let name = name();
    assert_eq!(load(store, &name).await, None);
    let never = Etag::generate().expect("random bytes");
    let outcome = put(store, &name, &stored("late"), Condition::Matches(never)).await;
    assert_eq!(outcome, Put::Conflict(None), "there is nothing to match");
    assert_eq!(load(store, &name).await, None, "a refused put stores nothing");

    let winner = create(store, &name, "winner").await;
    let outcome = put(store, &name, &stored("second"), Condition::Absent).await;
    assert_eq!(outcome, Put::Conflict(Some(winner.clone())));
    let outcome = put(store, &name, &stored("third"), Condition::Matches(never)).await;
    assert_eq!(outcome, Put::Conflict(Some(winner.clone())));
    assert_eq!(load(store, &name).await, Some(winner));
    assert!(remove(store, &name).await);
}

/// An etag serves once.
pub async fn stale_etags_are_refused(store: &dyn PartitionStore) {
    let name = name();
    let first = create(store, &name, "first").await;
    let second = stored("second");
    assert_eq!(put(store, &name, &second, Condition::Matches(first.etag)).await, Put::Stored);
    assert_eq!(load(store, &name).await, Some(second.clone()));
    let outcome = put(store, &name, &stored("stale"), Condition::Matches(first.etag)).await;
    assert_eq!(outcome, Put::Conflict(Some(second.clone())));
    // Also after it was removed and made again with the same contents.
    assert!(remove(store, &name).await);
    let third = create(store, &name, "second").await;
    let outcome = put(store, &name, &stored("stale"), Condition::Matches(second.etag)).await;
    assert_eq!(outcome, Put::Conflict(Some(third)));
    assert!(remove(store, &name).await);
}

/// A removal, with and without an etag.
pub async fn a_removed_partition_is_absent(store: &dyn PartitionStore) {
    let name = name();
    assert!(!remove(store, &name).await, "there was nothing to remove");
    let first = create(store, &name, "first").await;
    let other = Etag::generate().expect("random bytes");
    let removed = store.remove(&name, Some(other), &patience()).await.expect("a removal");
    assert!(!removed, "it has another etag");
    assert_eq!(load(store, &name).await, Some(first.clone()));
    assert!(store.remove(&name, Some(first.etag), &patience()).await.expect("a removal"));
    assert_eq!(load(store, &name).await, None);
    let outcome = put(store, &name, &stored("back"), Condition::Matches(first.etag)).await;
    assert_eq!(outcome, Put::Conflict(None), "a removed partition does not come back");
    create(store, &name, "anew").await;
    assert!(remove(store, &name).await);
    assert!(!remove(store, &name).await);
}

/// Of many that create at the same time one does, and all others are told which.
pub async fn one_of_many_creates(one: &dyn PartitionStore, other: &dyn PartitionStore) {
    for _ in 0..8 {
        let name = name();
        race(one, other, &name, Condition::Absent).await;
        assert!(remove(one, &name).await);
    }
}

/// Of many that replace the same state one does, and all others are told which.
pub async fn one_of_many_replaces(one: &dyn PartitionStore, other: &dyn PartitionStore) {
    let name = name();
    let mut current = create(one, &name, "first").await;
    for _ in 0..16 {
        current = race(one, other, &name, Condition::Matches(current.etag)).await;
    }
    assert!(remove(one, &name).await);
}

async fn race(
    one: &dyn PartitionStore,
    other: &dyn PartitionStore,
    name: &crate::partition::PartitionName,
    condition: Condition,
) -> Stored {
    let attempts: Vec<_> = (0..16_u8).map(|number| stored([number])).collect();
    let puts = attempts.iter().zip([one, other].into_iter().cycle());
    let outcomes = all(puts.map(|(what, store)| put(store, name, what, condition)).collect()).await;
    let winners: Vec<_> =
        attempts.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Put::Stored).collect();
    let [(winner, _)] = winners[..] else { panic!("{} of 16 were stored", winners.len()) };
    for outcome in outcomes.iter().filter(|outcome| **outcome != Put::Stored) {
        assert_eq!(*outcome, Put::Conflict(Some(winner.clone())), "the losers are told the winner");
    }
    assert_eq!(load(other, name).await.as_ref(), Some(winner));
    winner.clone()
}

/// All of these at the same time.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pending: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in pending.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if done.iter().any(Option::is_none) {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
    })
    .await
}
