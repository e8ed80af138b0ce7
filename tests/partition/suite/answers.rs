//! What an issuer answers, and what becomes of it.

use std::{sync::Arc, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};
use sealed_cache::{
    TokenCache,
    partition::{ApplicationPartition, Lifetimes, Partition, PartitionedCaches},
    token_cache::{AccessTokenQuery, TokenResponse},
};
use tokio::sync::Barrier;

use super::{
    CLIENT, CLOUD, Connect, ENDPOINT, answer, home, issuer::Issuer, namespace, node, open, person, sign_in,
    wanted,
};

fn from(json: &str) -> TokenResponse {
    TokenResponse::from_json(CLIENT, json.as_bytes()).unwrap().token_endpoint(ENDPOINT)
}

/// Tokens that are good for less than the usual five minutes do for who waits for them.
pub(crate) async fn a_token_of_two_minutes_is_a_token(connect: Connect<'_>) {
    let (namespace, issuer) = (namespace(), Issuer::that_takes(Duration::ZERO));
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    let response = issuer.begin("u1");
    one.create_or_update(&person("u1"), |cache| cache.add(&response)).await.unwrap();
    let callers: Vec<_> = [&one, &other, &one, &other]
        .into_iter()
        .map(|caches| {
            let (caches, issuer) = (caches.clone(), Arc::clone(&issuer));
            tokio::spawn(async move {
                let ask = move |cache| async move {
                    issuer.refresh(cache, "u1", "User.Read").await?;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    let info = super::client_info("u1");
                    Ok(from(&format!(
                        r#"{{"access_token":"short","expires_in":120,"scope":"User.Read","client_info":"{info}"}}"#
                    )))
                };
                caches.token(&person("u1"), &wanted("u1", "User.Read"), ask).await
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().unwrap().secret(), "short");
    }
    assert_eq!(issuer.counts(), (1, 0));
    assert!(one.remove(&person("u1")).await.unwrap());
}

/// What nobody signs in to ends with its last token. That is no sign-out, not even while another one is got.
pub(crate) async fn partitions_that_end_meanwhile_begin_anew(connect: Connect<'_>) {
    let lifetimes = Lifetimes::default().least(Duration::ZERO);
    let caches = node(&namespace(), connect()).lifetimes(lifetimes).open().await.unwrap();
    let vault = Partition::application(ApplicationPartition::new("t1").resource("vault"));
    let own = AccessTokenQuery::new(CLIENT, ["vault/.default"]).environment(CLOUD).realm("t1");
    let of_vault = |secret: &str, seconds| {
        let response = TokenResponse::of_access_token(CLIENT, secret, seconds).token_endpoint(ENDPOINT);
        response.requested_scopes(["vault/.default"])
    };
    let info = super::client_info("u1");
    let delegated = move |secret: &str, seconds: u64| {
        from(&format!(
            r#"{{"access_token":"{secret}","expires_in":{seconds},"scope":"User.Read","client_info":"{info}"}}"#
        ))
    };
    let cases = [
        (vault, own, of_vault("AT", 8), of_vault("next", 3600)),
        (
            Partition::on_behalf_of("assertion"),
            wanted("u1", "User.Read"),
            delegated("AT", 8),
            delegated("next", 3600),
        ),
    ];
    let ended = cases.map(|case| tokio::spawn(ends_meanwhile(caches.clone(), case)));
    for ended in ended {
        ended.await.unwrap();
    }
}

type Case = (Partition, AccessTokenQuery, TokenResponse, TokenResponse);

async fn ends_meanwhile(caches: PartitionedCaches, (partition, wanted, first, next): Case) {
    caches.create_or_update(&partition, |cache| cache.add(&first)).await.unwrap();
    let (other, ended) = (caches.clone(), partition.clone());
    let ask = move |cache: TokenCache| async move {
        assert!(!cache.is_empty(), "it was there when this began");
        while other.read_current(&ended, |_| ()).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(next)
    };
    let token = caches.token(&partition, &wanted, ask).await.unwrap().unwrap();
    assert_eq!((token.secret(), token.is_stored()), ("next", true));
    let there = caches.read_current(&partition, |cache| cache.access_tokens().count()).await.unwrap();
    assert_eq!(there, Some(1), "{partition:?}");
    assert!(caches.remove(&partition).await.unwrap());
}

/// An answer without `client_info` is filed under whose the partition is, whatever its id token calls them.
pub(crate) async fn answers_that_do_not_say_whose_they_are_are_filed(connect: Connect<'_>) {
    let caches = open(&namespace(), connect()).await;
    let claims = Base64UrlUnpadded::encode_string(br#"{"sub":"another-name","oid":"o"}"#);
    let cases = [
        (person("u1"), wanted("u1", "Mail.Read")),
        (Partition::web_session("session"), wanted("u1", "Mail.Read")),
        (Partition::long_running("key"), wanted("u1", "Mail.Read")),
        (Partition::on_behalf_of("assertion"), wanted("u1", "Mail.Read")),
    ];
    for (partition, wanted) in cases {
        for id_token in [String::new(), format!(r#""id_token":"h.{claims}.s","#)] {
            let response = answer("u1", "User.Read", "AT", Some("first"));
            caches.create_or_update(&partition, |cache| cache.add(&response)).await.unwrap();
            let json = format!(
                r#"{{"access_token":"next",{id_token}"refresh_token":"next","expires_in":3600,"scope":"Mail.Read"}}"#
            );
            let ask = move |_| async move { Ok(from(&json)) };
            let token = caches.token(&partition, &wanted, ask).await.unwrap().unwrap();
            assert_eq!((token.secret(), token.is_stored()), ("next", true), "{partition:?}");
            let refresh = |cache: &TokenCache| {
                let tokens = cache.all_refresh_tokens();
                tokens.map(|token| (token.home_account_id().into(), token.secret().to_string())).collect()
            };
            let refresh: Vec<(String, String)> = caches.read(&partition, refresh).await.unwrap().unwrap();
            assert_eq!(refresh, [(home("u1").as_str().to_owned(), "next".to_owned())], "{partition:?}");
            assert!(caches.remove(&partition).await.unwrap());
        }
    }
}

/// A token that somebody else got meanwhile, and without the claims that a resource asks for, does not do.
pub(crate) async fn a_token_without_the_claims_is_not_taken(connect: Connect<'_>) {
    let namespace = namespace();
    let (one, other) = (open(&namespace, connect()).await, open(&namespace, connect()).await);
    sign_in(&one, "u1").await;
    let meet = Arc::new(Barrier::new(2));
    let (plain, asked) = (one.clone(), Arc::clone(&meet));
    let plain = tokio::spawn(async move {
        let ask = move |_: TokenCache| async move {
            asked.wait().await;
            asked.wait().await;
            Ok(answer("u1", "User.Read", "other claims", None))
        };
        plain.refresh(&person("u1"), &wanted("u1", "User.Read"), Some("{}"), ask).await
    });
    meet.wait().await;
    let stepping = other.clone();
    let stepping = tokio::spawn(async move {
        let ask = |_: TokenCache| async { Ok(answer("u1", "User.Read", "stepped up", None)) };
        stepping.refresh(&person("u1"), &wanted("u1", "User.Read"), Some("{claims}"), ask).await
    });
    // It has looked by then, and waits for the lease.
    tokio::time::sleep(Duration::from_millis(500)).await;
    meet.wait().await;
    assert_eq!(plain.await.unwrap().unwrap().secret(), "other claims");
    assert_eq!(stepping.await.unwrap().unwrap().secret(), "stepped up");
    assert_eq!(other.statistics().token_requests, 1);
    assert!(one.remove(&person("u1")).await.unwrap());
}
