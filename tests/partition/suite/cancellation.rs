//! Futures that nobody waits for any more.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use super::{Connect, answer, namespace, open, person, scopes, sign_in};

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
