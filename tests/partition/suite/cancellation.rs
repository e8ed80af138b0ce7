//! Futures that nobody waits for any more.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::Ordering,
    task::Poll,
    time::Duration,
};

use sealed_cache::partition::{Coherence, PartitionedCaches};

use super::{
    Connect, answer, gone, namespace, node,
    observed::{Fault, Observed},
    open, patience, person, scopes, sign_in,
};

/// A change, a sign-in and a removal, each dropped at each of its awaits in turn.
pub(crate) async fn dropped_futures_leave_old_or_new(connect: Connect<'_>) {
    let namespace = namespace();
    let (caches, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    sign_in(&caches, "u1").await;
    let marker = answer("u1", "marker", "AT", None);
    caches.update(&person("u1"), |cache| cache.add(&marker)).await.unwrap();
    for awaits in 0..1000 {
        let scope = format!("scope-{awaits:04}");
        let response = answer("u1", &scope, "AT", None);
        let before = other.read(&person("u1"), scopes).await.unwrap().unwrap();
        let changed = until(awaits, caches.update(&person("u1"), |cache| cache.add(&response))).await;
        let mut after = other.read(&person("u1"), scopes).await.unwrap().unwrap();
        if changed.is_some() {
            assert!(after.contains(&scope), "what is reported is done");
        }
        after.retain(|found| *found != scope);
        assert_eq!(after, before, "old or new");
        // The next one gets its turn; and what was dropped and is still under way comes too late after it.
        let next = answer("u1", "marker", &format!("AT {awaits}"), None);
        assert!(caches.update(&person("u1"), |cache| cache.add(&next)).await.unwrap().is_some());
        if changed.is_some() {
            break;
        }
    }
    for awaits in 0..1000 {
        sign_in(&caches, "u2").await;
        let removed = until(awaits, caches.remove(&person("u2"))).await;
        let read = until(awaits, caches.read(&person("u1"), |_| ())).await;
        assert!(caches.read(&person("u1"), |_| ()).await.unwrap().is_some());
        caches.remove(&person("u2")).await.unwrap();
        if removed.is_some() && read.is_some() {
            break;
        }
    }
    assert!(other.remove(&person("u1")).await.unwrap());
}

/// Nor does a write that is dropped, and done all the same, leave an older copy to answer in its place.
pub(crate) async fn dropped_writes_leave_no_older_copy(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), Observed::new(connect()));
    let bounded = Coherence::Bounded(Duration::from_secs(3600));
    let caches = node(&namespace, store.clone()).coherence(bounded).open().await.unwrap();
    sign_in(&caches, "u1").await;
    assert_eq!(copied(&caches).await, ["User.Read"]);

    *store.faults.lock().unwrap() = vec![Fault::DoneSilently];
    let (nobody, response) = (person("u1"), answer("u1", "more", "AT", None));
    tokio::select! {
        _ = caches.update(&nobody, |cache| cache.add(&response)) => panic!("there is no answer"),
        () = store.silenced.notified() => {}
    }
    assert_eq!(copied(&caches).await, ["User.Read", "more"]);

    // A read beside a sign-out brings a copy back, and then the engine does it.
    *store.faults.lock().unwrap() = vec![Fault::Silent];
    let mut removal = Box::pin(caches.remove(&nobody));
    tokio::select! {
        _ = &mut removal => panic!("there is no answer"),
        () = store.silenced.notified() => {}
    }
    assert_eq!(copied(&caches).await, ["User.Read", "more"]);
    drop(removal);
    assert!(connect().remove(&caches.name(&nobody), None, &patience()).await.unwrap());
    assert!(gone(&caches, &nobody).await.unwrap(), "somebody who signed out is still there");
}

async fn copied(caches: &PartitionedCaches) -> Vec<String> {
    caches.read(&person("u1"), scopes).await.unwrap().unwrap()
}

/// A read that began before a write of this process does not put its older copy in the place of the newer one.
pub(crate) async fn a_slow_read_leaves_the_copy_of_a_write(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), Observed::new(connect()));
    let bounded = Coherence::Bounded(Duration::from_secs(3600));
    let caches = node(&namespace, store.clone()).coherence(bounded).open().await.unwrap();
    sign_in(&caches, "u1").await;
    store.holds_load.store(true, Ordering::SeqCst);
    let reader = caches.clone();
    let slow =
        tokio::spawn(async move { reader.read_current(&person("u1"), scopes).await.unwrap().unwrap() });
    store.silenced.notified().await;
    let response = answer("u1", "more", "AT", None);
    caches.update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
    store.go_on.notify_one();
    assert_eq!(slow.await.unwrap(), ["User.Read"], "it began before");
    assert_eq!(copied(&caches).await, ["User.Read", "more"], "what was written is forgotten");
    assert!(caches.remove(&person("u1")).await.unwrap());
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
