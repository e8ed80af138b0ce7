//! Subscriptions that are lost.

use std::time::{Duration, Instant};

use sealed_cache::{ErrorKind, partition::Coherence};

use super::{Connect, answer, coherence::with, namespace, node, open, person, sign_in};

/// Copies from before and during the loss do not answer without asking: what was changed meanwhile was told to nobody.
pub(crate) async fn a_lost_subscription_is_noticed(connect: Connect<'_>) {
    let namespace = namespace();
    if !connect().capabilities().tells_changes {
        let error = node(&namespace, connect()).coherence(Coherence::Notified).open().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "there is nothing to lose");
        return;
    }
    let writer = open(&namespace, connect()).await;
    let listening = with(connect, &namespace, Coherence::Notified).await;
    for user in ["u1", "u2"] {
        sign_in(&writer, user).await;
        listening.is_fresh_for(user).await;
    }

    listening.store.is_deaf.send_replace(true);
    let started = Instant::now();
    while listening.caches.statistics().subscriptions_lost == 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "it goes unnoticed");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..2 {
        assert_eq!(listening.asked(listening.tokens_of("u2")).await, (0, 1, Some(1)), "as with `Strict`");
    }
    for user in ["u1", "u2"] {
        let response = answer(user, "untold", "AT", None);
        writer.update(&person(user), |cache| cache.add(&response)).await.unwrap();
    }
    assert_eq!(listening.asked(listening.tokens_of("u2")).await, (1, 1, Some(2)));

    listening.store.is_deaf.send_replace(false);
    listening.is_fresh_for("u2").await;
    // This one was copied before, and not looked at since.
    assert_eq!(
        listening.asked(listening.tokens_of("u1")).await,
        (1, 1, Some(2)),
        "it is older than the loss"
    );
    for user in ["u1", "u2"] {
        assert!(writer.remove(&person(user)).await.unwrap());
    }
}
