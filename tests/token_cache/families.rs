//! Families of applications that share refresh tokens (FOCI).

use serde_json::{Value, json};

use super::{
    common::{COM, client_info, keys, only, read, read_value, refresh_secrets, response, u1, value},
    peers::{PEERS, Peer},
};

/// A response with a refresh token, of the family `1` or of none.
fn refreshed(secret: &str, foci: Option<&str>) -> sealed_cache::token_cache::TokenResponse {
    let mut answer = json!({"refresh_token": secret, "client_info": client_info("u1", "t1")});
    if let Some(foci) = foci {
        answer["foci"] = json!(foci);
    }
    response(&answer)
}

fn token(secret: &str, client_id: &str, family_id: Option<&str>, time: &str) -> Value {
    json!({"secret": secret, "home_account_id": "u1.t1", "environment": COM, "client_id": client_id,
        "family_id": family_id, "last_modification_time": time})
}

fn cache(metadata: &Value) -> sealed_cache::token_cache::TokenCache {
    read_value(&json!({
        "RefreshToken": {
            "own": token("own", "c1", None, "9"),
            "family": token("family", "c2", Some("1"), "1"),
            "other family": token("other family", "c3", Some("2"), "9"),
            "stranger": token("stranger", "c4", None, "9"),
        },
        "AppMetadata": metadata,
    }))
}

#[test]
fn an_unknown_application_tries_the_family_first() {
    assert_eq!(refresh_secrets(&cache(&json!({})), "c1"), ["family", "own"]);
    assert_eq!(refresh_secrets(&cache(&json!({})), "c9"), ["family"]);
}

#[test]
fn an_application_of_a_family_tries_its_own_family_first() {
    let of = |family: &str| json!({"k": {"client_id": "c1", "environment": COM, "family_id": family}});
    assert_eq!(refresh_secrets(&cache(&of("1")), "c1"), ["family", "own"]);
    assert_eq!(refresh_secrets(&cache(&of("2")), "c1"), ["other family", "own"]);
}

#[test]
fn an_application_that_is_known_to_be_of_no_family_has_its_own_only() {
    for family in [json!(null), json!("")] {
        let metadata = json!({"k": {"client_id": "c1", "environment": COM, "family_id": family}});
        assert_eq!(refresh_secrets(&cache(&metadata), "c1"), ["own"]);
    }
    let elsewhere = json!({"k": {"client_id": "c1", "environment": "login.microsoftonline.us"}});
    assert_eq!(refresh_secrets(&cache(&elsewhere), "c1"), ["family", "own"], "known in another cloud only");
}

#[test]
fn a_family_token_takes_the_place_of_the_familys_and_of_the_applications_own() {
    let mut cache = cache(&json!({}));
    cache.add(&refreshed("new", Some("1"))).unwrap();
    let value = value(&cache);
    let tokens = &value["RefreshToken"];
    for (key, secret, family) in [
        ("own", "new", json!("1")),
        ("family", "new", json!("1")),
        ("other family", "other family", json!("2")),
        ("stranger", "stranger", Value::Null),
    ] {
        assert_eq!((&tokens[key]["secret"], &tokens[key]["family_id"]), (&json!(secret), &family), "{key}");
    }
    assert_eq!(tokens["family"]["client_id"], "c2", "an entry keeps who got it");
    assert_eq!(tokens.as_object().unwrap().len(), 4);
    assert_eq!(only(&cache, "AppMetadata").1["family_id"], "1");
}

#[test]
fn the_family_token_of_each_sdk_is_updated_under_its_key() {
    for peer in &PEERS {
        let mut cache = read(&peer.text());
        let before = keys(&cache, "RefreshToken");
        cache.add(&refreshed("new", Some("1"))).unwrap();
        assert_eq!(keys(&cache, "RefreshToken"), before, "{}", peer.name);
        assert_eq!(refresh_secrets(&cache, "c1"), ["new", "new"], "{}", peer.name);
        assert_eq!(refresh_secrets(&cache, "c2"), ["new", "new"], "{}: c2 is new to the cache", peer.name);
    }
}

#[test]
fn a_token_of_no_family_leaves_the_familys_to_the_others() {
    for peer in &PEERS {
        let mut cache = read(&peer.text());
        cache.add(&refreshed("new", None)).unwrap();
        assert_eq!(
            value(&cache)["RefreshToken"][Peer::key(peer.refresh_token)]["secret"],
            "new",
            "{}",
            peer.name
        );
        assert_eq!(refresh_secrets(&cache, "c2"), ["FRT-old"], "{}", peer.name);
        assert_eq!(refresh_secrets(&cache, "c1"), ["new"], "{}", peer.name);
    }
}

#[test]
fn an_application_that_leaves_its_family_gets_a_token_of_its_own() {
    let mut cache = read("");
    cache.add(&refreshed("shared", Some("1"))).unwrap();
    cache.add(&refreshed("alone", None)).unwrap();
    assert_eq!(cache.app_metadata("c1", COM).unwrap().family_id(), "");
    assert_eq!(refresh_secrets(&cache, "c2"), ["shared"], "the family keeps its own");
    let mut secrets = refresh_secrets(&cache, "c1");
    secrets.sort_unstable();
    assert_eq!(secrets, ["alone", "shared"], "both were got by it");
    cache.add(&refreshed("alone again", None)).unwrap();
    assert_eq!(cache.refresh_tokens("c1", u1()).len(), 2, "the second refresh finds the first");
}

#[test]
fn an_answer_without_a_refresh_token_says_nothing_of_the_family() {
    let mut cache = read("");
    cache.add(&refreshed("shared", Some("1"))).unwrap();
    cache.add(&response(&json!({"access_token": "AT", "client_info": client_info("u1", "t1")}))).unwrap();
    assert_eq!(cache.app_metadata("c1", COM).unwrap().family_id(), "1");
}
