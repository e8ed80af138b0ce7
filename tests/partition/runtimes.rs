//! Runtimes that end while tokens are got, or that are not there at all.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, mpsc},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, SystemTime},
};

use sealed_cache::{
    ErrorKind, Result, TokenCache,
    partition::{Coherence, MemoryStore, PartitionedCaches, RefreshFailure},
    token_cache::TokenResponse,
};
use tokio::runtime::{Handle, Runtime};

use crate::suite::{answer, namespace, node, person, wanted};

/// A person whose token has expired, and a copy of it in this process: reading it needs no runtime.
fn expired(runtime: &Runtime) -> PartitionedCaches {
    runtime.block_on(async {
        let store = Arc::new(MemoryStore::new(1 << 20));
        let copies = Coherence::Bounded(Duration::from_secs(3600));
        let caches = node(&namespace(), store).coherence(copies).open().await.unwrap();
        let hours_ago = SystemTime::now() - Duration::from_secs(7200);
        let response = answer("u1", "User.Read", "expired", Some("refresh")).received_at(hours_ago);
        caches.create_or_update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
        caches
    })
}

async fn ask(_: TokenCache) -> Result<TokenResponse, RefreshFailure> {
    Ok(answer("u1", "User.Read", "fresh", Some("next")))
}

/// One step of a call for a token: how it ended, if it did.
fn step(caches: &PartitionedCaches) -> Option<Result<String, ErrorKind>> {
    let (person, wanted) = (person("u1"), wanted("u1", "User.Read"));
    let call = pin!(caches.token(&person, &wanted, ask));
    match call.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(token)) => Some(Ok(token.expect("signed in").secret().to_owned())),
        Poll::Ready(Err(error)) => Some(Err(error.kind())),
        Poll::Pending => None,
    }
}

/// Run this on a thread of its own, and do not wait for it for ever.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, done) = mpsc::channel();
    let thread = thread::spawn(move || send.send(work()));
    let outcome = done.recv_timeout(Duration::from_secs(60)).expect("it hangs");
    thread.join().unwrap().unwrap();
    outcome
}

#[test]
fn a_call_on_a_runtime_that_has_shut_down_ends() {
    let runtime = Runtime::new().unwrap();
    let (caches, handle) = (expired(&runtime), runtime.handle().clone());
    runtime.shutdown_background();
    let outcome = in_time(move || {
        let _on = Handle::enter(&handle);
        step(&caches)
    });
    assert_eq!(outcome, Some(Err(ErrorKind::Cancelled)));
}

#[test]
fn a_call_without_a_runtime_leaves_nothing_behind() {
    let runtime = Runtime::new().unwrap();
    let caches = expired(&runtime);
    let other = caches.clone();
    let outcome = in_time(move || catch_unwind(AssertUnwindSafe(|| step(&other))).is_err());
    assert!(outcome, "tokio says that there is no runtime");
    let token =
        runtime.block_on(async { caches.token(&person("u1"), &wanted("u1", "User.Read"), ask).await });
    assert_eq!(token.unwrap().unwrap().secret(), "fresh");
}
