//! Signing out wins.

use std::sync::Arc;

use sealed_cache::{ErrorKind, TokenCache, partition::PartitionedCaches};
use tokio::sync::Barrier;

use super::{Connect, answer, namespace, open, person, raw, sign_in, wanted};

const ROUNDS: usize = 2000;

/// A refresh that is under way while somebody signs out, 2,000 times.
pub(crate) async fn nobody_comes_back_who_signed_out(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, other, store) =
        (open(&namespace, connect()).await, open(&namespace, connect()).await, connect());
    let mut dropped = 0;
    for round in 0..ROUNDS {
        sign_in(&one, "u1").await;
        let meet = Arc::new(Barrier::new(2));
        let refresh = tokio::spawn(refresh(one.clone(), Arc::clone(&meet), round));
        meet.wait().await;
        if round % 2 == 0 {
            // The answer of the issuer comes at the same time.
            tokio::task::yield_now().await;
        }
        assert!(other.remove(&person("u1")).await.unwrap());
        match refresh.await.unwrap() {
            Ok(()) => {}
            Err(kind) => {
                assert_eq!(kind, ErrorKind::SignedOut);
                dropped += 1;
            }
        }
        assert_eq!(raw(&one, &store, &person("u1")).await, None, "round {round}: somebody is back");
    }
    assert!(dropped > 0, "no sign-out came before the end of a refresh");
    assert_eq!(one.statistics().signed_out_meanwhile, dropped);
    signed_in_again(&one, &other).await;
}

async fn refresh(caches: PartitionedCaches, meet: Arc<Barrier>, round: usize) -> Result<(), ErrorKind> {
    let ask = move |_: TokenCache| async move {
        meet.wait().await;
        Ok(answer("u1", "Mail.Read", "late", Some(&format!("refresh-{round}"))))
    };
    let token = caches.refresh(&person("u1"), &wanted("u1", "Mail.Read"), None, ask).await;
    token.map(|_| ()).map_err(|error| error.kind())
}

/// Also not into the session of a new sign-in.
async fn signed_in_again(one: &PartitionedCaches, other: &PartitionedCaches) {
    sign_in(one, "u1").await;
    let meet = Arc::new(Barrier::new(2));
    let (asked, caches) = (Arc::clone(&meet), one.clone());
    let refresh = tokio::spawn(async move {
        let ask = move |_: TokenCache| async move {
            asked.wait().await;
            asked.wait().await;
            Ok(answer("u1", "Mail.Read", "late", Some("late")))
        };
        caches.refresh(&person("u1"), &wanted("u1", "Mail.Read"), None, ask).await.map(|_| ())
    });
    meet.wait().await;
    assert!(other.remove(&person("u1")).await.unwrap());
    sign_in(other, "u1").await;
    meet.wait().await;
    assert_eq!(refresh.await.unwrap().unwrap_err().kind(), ErrorKind::SignedOut);
    let tokens = other.read(&person("u1"), |cache| cache.access_tokens().count()).await.unwrap();
    assert_eq!(tokens, Some(1), "the session of before got into the new one");
    assert!(other.remove(&person("u1")).await.unwrap());
}
