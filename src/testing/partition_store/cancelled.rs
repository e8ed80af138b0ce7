//! Calls that nobody waits for any more, and calls that come too late.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

use super::{LONG, create, holder, load, name, patience, put, remove, stored};
use crate::{
    Deadline,
    partition::{Condition, PartitionName, PartitionStore, Put, StoreErrorKind, Stored},
};

/// More awaits than any call has.
const AWAITS: usize = 1000;

/// Every call, dropped at each of its awaits in turn: the partition is as it was before or as it would be after, and the
/// store goes on to work.
pub async fn cancelled_calls_leave_old_or_new(store: &dyn PartitionStore) {
    let name = name();
    let mut current = create(store, &name, "first").await;
    for awaits in 0..AWAITS {
        let next = stored(format!("after {awaits}"));
        let condition = Condition::Matches(current.etag);
        let done = until(awaits, store.put(&name, &next, condition, LONG, &patience())).await;
        let (now, marker) = settled(store, &name, [&current, &next]).await;
        assert!(done.is_none() || now == next, "what was answered is so");
        current = marker;
        if done.is_some() {
            break;
        }
    }
    for awaits in 0..AWAITS {
        let deadline = patience();
        let loaded = until(awaits, store.load(&name, &deadline)).await;
        let probed = until(awaits, store.probe(&name, &deadline)).await;
        let touched = until(awaits, store.touch(&name, current.etag, LONG, &deadline)).await;
        let other = until(awaits, store.remove(&name, Some(stored("").etag), &deadline)).await;
        assert_eq!(load(store, &name).await.as_ref(), Some(&current));
        if loaded.is_some() && probed.is_some() && touched.is_some() && other.is_some() {
            break;
        }
    }
    cancelled_leases(store).await;
    assert!(remove(store, &name).await);
}

/// What became of a put that was dropped, and what is there instead now: an engine may still be at it, and can do it no more
/// once its condition cannot hold.
async fn settled(store: &dyn PartitionStore, name: &PartitionName, either: [&Stored; 2]) -> (Stored, Stored) {
    let marker = stored("marker");
    loop {
        let now =
            store.load(name, &patience()).await.expect("a load").expect("a dropped put removes nothing");
        assert!(either.contains(&&now), "neither old nor new");
        match put(store, name, &marker, Condition::Matches(now.etag)).await {
            Put::Stored => return (now, marker),
            Put::Conflict(_) => {}
        }
    }
}

/// A lease that may have been taken all the same can be given back.
async fn cancelled_leases(store: &dyn PartitionStore) {
    let name = name();
    for awaits in 0..AWAITS {
        let (ours, deadline) = (holder(), Deadline::after(super::PATIENCE));
        let lasts = Duration::from_secs(1);
        let taken = until(awaits, store.lease(&name, &ours, lasts, &deadline)).await;
        let released = until(awaits, store.release(&name, &ours, &deadline)).await;
        let before = Instant::now();
        let theirs = holder();
        while !store.lease(&name, &theirs, LONG, &patience()).await.expect("a lease") {
            assert!(before.elapsed() < super::PATIENCE, "the lease of nobody never ends");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        store.release(&name, &theirs, &patience()).await.expect("a release");
        if taken.is_some() && released.is_some() {
            break;
        }
    }
}

/// Calls whose deadline has passed end at once: with what they were asked for, or with a time-out.
pub async fn late_calls_end(store: &dyn PartitionStore) {
    let name = name();
    let late = Deadline::after(Duration::ZERO);
    let before = Instant::now();
    let what = stored("late");
    let errors = [
        store.load(&name, &late).await.err(),
        store.probe(&name, &late).await.err(),
        store.put(&name, &what, Condition::Absent, LONG, &late).await.err(),
        store.touch(&name, what.etag, LONG, &late).await.err(),
        store.remove(&name, Some(stored("").etag), &late).await.err(),
    ];
    assert!(before.elapsed() < Duration::from_secs(5), "late calls took {:?}", before.elapsed());
    for error in errors.into_iter().flatten() {
        assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
    }
    let loaded = load(store, &name).await;
    assert!(loaded.is_none() || loaded.as_ref() == Some(&what));
    remove(store, &name).await;
}

/// Poll it until it is done or has had to wait so many times, then drop it.
async fn until<F: Future>(awaits: usize, future: F) -> Option<F::Output> {
    let (mut future, mut waited) = (pin!(future), 0);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if waited >= awaits => Poll::Ready(None),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}
