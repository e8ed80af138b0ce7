//! Copies in a process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sealed_cache::{
    ErrorKind,
    partition::{Coherence, PartitionedCaches, StoreErrorKind},
};

use super::{Connect, answer, count, gone, namespace, node, observed::Observed, person, sign_in};

pub(super) struct Node {
    pub(super) caches: PartitionedCaches,
    pub(super) store: Arc<Observed>,
}

pub(super) async fn with(
    connect: Connect<'_>,
    namespace: &sealed_cache::partition::Namespace,
    coherence: Coherence,
) -> Node {
    let store = Observed::new(connect());
    let caches = node(namespace, store.clone()).coherence(coherence).open().await.unwrap();
    Node { caches, store }
}

impl Node {
    /// How often the engine was asked for this.
    pub(super) async fn asked<R>(&self, work: impl Future<Output = R>) -> (u64, u64, R) {
        let before = (count(&self.store.loads), count(&self.store.probes));
        let result = work.await;
        (count(&self.store.loads) - before.0, count(&self.store.probes) - before.1, result)
    }

    async fn tokens(&self) -> Option<usize> {
        self.tokens_of("u1").await
    }

    pub(super) async fn tokens_of(&self, user: &str) -> Option<usize> {
        self.caches.read(&person(user), |cache| cache.access_tokens().count()).await.unwrap()
    }

    /// Until reads do without the engine: what was written before has been told by then.
    async fn is_fresh(&self) {
        self.is_fresh_for("u1").await;
    }

    pub(super) async fn is_fresh_for(&self, user: &str) {
        let (started, mut fresh) = (Instant::now(), 0);
        while fresh < 10 {
            let (loads, probes, _) = self.asked(self.tokens_of(user)).await;
            fresh = if loads + probes == 0 { fresh + 1 } else { 0 };
            assert!(started.elapsed() < Duration::from_secs(30), "it never is");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Strict, notified and bounded.
pub(crate) async fn copies_are_as_coherent_as_was_asked_for(connect: Connect<'_>) {
    let namespace = namespace();
    let writer = super::open(&namespace, connect()).await;
    sign_in(&writer, "u1").await;

    let strict = with(connect, &namespace, Coherence::Strict).await;
    assert_eq!(strict.asked(strict.tokens()).await, (1, 0, Some(1)));
    assert_eq!(strict.asked(strict.tokens()).await, (0, 1, Some(1)), "16 bytes instead of all");
    let response = answer("u1", "more", "AT", None);
    writer.update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
    assert_eq!(strict.asked(strict.tokens()).await, (1, 1, Some(2)), "a change is seen at once");

    let bounded = with(connect, &namespace, Coherence::Bounded(Duration::from_secs(3600))).await;
    assert_eq!(bounded.asked(bounded.tokens()).await, (1, 0, Some(2)));
    let response = answer("u1", "third", "AT", None);
    writer.update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
    assert_eq!(bounded.asked(bounded.tokens()).await, (0, 0, Some(2)), "a change is seen later");
    let current =
        bounded.caches.read_current(&person("u1"), |cache| cache.access_tokens().count()).await.unwrap();
    assert_eq!(current, Some(3));
    assert_eq!(bounded.asked(bounded.tokens()).await, (0, 0, Some(3)), "what was written or read is kept");
    let short = with(connect, &namespace, Coherence::Bounded(Duration::from_millis(1))).await;
    assert_eq!(short.tokens().await, Some(3));
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(short.asked(short.tokens()).await, (0, 1, Some(3)), "its time is over");

    if connect().capabilities().tells_changes {
        notified(connect, &namespace, &writer).await;
    } else {
        let builder = node(&namespace, connect()).coherence(Coherence::Notified);
        assert_eq!(builder.open().await.unwrap_err().kind(), ErrorKind::Configuration);
    }
    assert!(writer.remove(&person("u1")).await.unwrap());
    assert_eq!(strict.tokens().await, None);
}

async fn notified(
    connect: Connect<'_>,
    namespace: &sealed_cache::partition::Namespace,
    writer: &PartitionedCaches,
) {
    let notified = with(connect, namespace, Coherence::Notified).await;
    assert_eq!(notified.tokens().await, Some(3));
    notified.is_fresh().await;
    for number in 0..20 {
        let response = answer("u1", &format!("told-{number}"), "AT", None);
        writer.update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
        let started = Instant::now();
        while notified.tokens().await != Some(4 + number) {
            assert!(started.elapsed() < Duration::from_secs(10), "the change was not told");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        notified.is_fresh().await;
    }
}

/// The engine is down: who has a valid token goes on, everybody else learns that it is not a sign-out.
pub(crate) async fn a_valid_token_outlives_the_engine(connect: Connect<'_>) {
    let namespace = namespace();
    for coherence in [Coherence::Strict, Coherence::Bounded(Duration::from_millis(1)), Coherence::Notified] {
        if coherence == Coherence::Notified && !connect().capabilities().tells_changes {
            continue;
        }
        let node = with(connect, &namespace, coherence).await;
        sign_in(&node.caches, "u1").await;
        let old = super::issuer::Issuer::default().begin("u2");
        node.caches.create_or_update(&person("u2"), |cache| cache.add(&old)).await.unwrap();
        assert!(
            !gone(&node.caches, &person("u1")).await.unwrap()
                && !gone(&node.caches, &person("u2")).await.unwrap()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
        if coherence == Coherence::Notified {
            node.is_fresh().await;
        }
        node.store.set_down(true);
        assert_eq!(node.tokens().await, Some(1), "{coherence:?}");
        assert_eq!(
            node.caches.statistics().stale_served,
            u64::from(coherence != Coherence::Notified),
            "{coherence:?}"
        );
        if coherence != Coherence::Notified {
            let error = gone(&node.caches, &person("u2")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::EngineUnavailable, "no token of it is good");
        }
        let error = gone(&node.caches, &person("u3")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::EngineUnavailable, "not the same as absent");
        // Who signs out here is out here, even if that cannot be stored.
        let nobody = person("u1");
        let removed = tokio::time::timeout(Duration::from_secs(1), node.caches.remove(&nobody)).await;
        assert!(removed.is_err(), "it goes on to try");
        assert_eq!(gone(&node.caches, &person("u1")).await.unwrap_err().kind(), ErrorKind::EngineUnavailable);
        node.store.set_down(false);
        assert!(node.caches.remove(&person("u1")).await.unwrap());
        assert!(node.caches.remove(&person("u2")).await.unwrap());
    }
    refusals(connect).await;
    let store = Observed::new(connect());
    let never = node(&namespace, store.clone()).serve_stale(false).open().await.unwrap();
    sign_in(&never, "u1").await;
    assert!(!gone(&never, &person("u1")).await.unwrap());
    store.set_down(true);
    assert!(gone(&never, &person("u1")).await.is_err());
    store.set_down(false);
    assert!(never.remove(&person("u1")).await.unwrap());
}

/// An engine that refuses did answer: an older copy is no answer instead.
async fn refusals(connect: Connect<'_>) {
    let node = with(connect, &namespace(), Coherence::Strict).await;
    sign_in(&node.caches, "u1").await;
    assert_eq!(node.tokens().await, Some(1));
    let refused = async |kind| {
        *node.store.refusal.lock().unwrap() = Some(kind);
        gone(&node.caches, &person("u1")).await.map_err(|error| error.kind())
    };
    assert_eq!(refused(StoreErrorKind::Denied).await, Err(ErrorKind::AccessDenied));
    assert_eq!(refused(StoreErrorKind::Corrupt).await, Err(ErrorKind::Damaged));
    assert_eq!(node.caches.statistics().stale_served, 0);
    assert_eq!(refused(StoreErrorKind::Timeout).await, Ok(false));
    assert_eq!(refused(StoreErrorKind::Unavailable).await, Ok(false));
    assert_eq!(node.caches.statistics().stale_served, 2);
    *node.store.refusal.lock().unwrap() = None;
    assert!(node.caches.remove(&person("u1")).await.unwrap());
}
