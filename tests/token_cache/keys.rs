//! Keys: each SDK spells its own, so entries are known by their fields (§ "Keys" of the schema).

use sealed_cache::token_cache::{AccessTokenMatch, AccessTokenQuery};
use serde_json::{Value, json};

use super::{
    common::{
        COM, NOW, at, client_info, id_token, keys, only, read, read_value, response, secret, sign_in, value,
        wanted, write,
    },
    peers::{PEERS, Peer},
};

#[test]
fn a_refresh_lands_under_the_keys_that_each_sdk_made() {
    for peer in &PEERS {
        let mut cache = read(&peer.text());
        let before = value(&cache);
        cache.add(&sign_in("new")).unwrap();
        let after = value(&cache);
        for (section, key, secret) in [
            ("AccessToken", peer.access_token, "AT-new".to_owned()),
            ("RefreshToken", peer.refresh_token, "RT-new".to_owned()),
            ("IdToken", peer.id_token, after_id_token()),
        ] {
            let count = |value: &Value| value[section].as_object().unwrap().len();
            assert_eq!(after[section][Peer::key(key)]["secret"], secret, "{}: {section}", peer.name);
            assert_eq!(count(&after), count(&before), "{}: {section} has no entry more", peer.name);
        }
        assert_eq!(keys(&cache, "Account"), [Peer::key(peer.account)], "{}", peer.name);
    }
}

fn after_id_token() -> String {
    id_token(&json!({"sub": "s1", "oid": "u1", "preferred_username": "a@contoso.test"}))
}

#[test]
fn other_tokens_of_the_account_are_left_alone_by_a_refresh() {
    for peer in &PEERS {
        let mut cache = read(&peer.text());
        let before = value(&cache);
        cache.add(&sign_in("new")).unwrap();
        let after = value(&cache);
        for (section, ours) in [("AccessToken", peer.access_token), ("RefreshToken", peer.refresh_token)] {
            for (key, entry) in before[section].as_object().unwrap() {
                let is_left = *key == Peer::key(ours) || after[section][key] == *entry;
                assert!(is_left, "{}: {key}", peer.name);
            }
        }
    }
}

#[test]
fn tokens_with_extra_parameters_are_found_whether_as_hash_or_as_object() {
    for peer in PEERS.iter().filter(|peer| peer.text().contains("ATX-old")) {
        let mut cache = read(&peer.text());
        let with = wanted().extra_parameters([("fmi_path", "SomeFmiPath/Path")]);
        assert_eq!(secret(cache.access_token(&with)).as_deref(), Some("ATX-old"), "{}", peer.name);
        let others = wanted().extra_parameters([("fmi_path", "Another")]);
        assert!(matches!(cache.access_token(&others), AccessTokenMatch::Missing), "{}", peer.name);

        let count = keys(&cache, "AccessToken").len();
        cache.add(&sign_in("new").extra_parameters([("fmi_path", "SomeFmiPath/Path")])).unwrap();
        assert_eq!(secret(cache.access_token(&with)).as_deref(), Some("AT-new"), "{}", peer.name);
        assert_eq!(keys(&cache, "AccessToken").len(), count, "{}: brought up to date in place", peer.name);
    }
}

#[test]
fn a_token_bound_to_a_key_is_not_taken_for_a_bearer_token() {
    for peer in PEERS.iter().filter(|peer| peer.text().contains("POP-old")) {
        let mut cache = read(&peer.text());
        assert!(matches!(cache.access_token(&wanted()), AccessTokenMatch::Expired(_)), "{}", peer.name);
        let bound = wanted().token_type("pop", "k1");
        assert_eq!(secret(cache.access_token(&bound)).as_deref(), Some("POP-old"), "{}", peer.name);
        let other_key = wanted().token_type("pop", "k2");
        assert!(matches!(cache.access_token(&other_key), AccessTokenMatch::Missing), "{}", peer.name);

        let count = keys(&cache, "AccessToken").len();
        cache.add(&bound_token("k1")).unwrap();
        assert_eq!(secret(cache.access_token(&bound)).as_deref(), Some("POP-new"), "{}", peer.name);
        assert_eq!(keys(&cache, "AccessToken").len(), count, "{}: brought up to date in place", peer.name);
    }
}

fn bound_token(key_id: &str) -> sealed_cache::token_cache::TokenResponse {
    let answer = json!({
        "access_token": "POP-new", "token_type": "pop", "scope": "User.Read", "expires_in": 3600,
        "client_info": client_info("u1", "t1"),
    });
    response(&answer).key_id(key_id)
}

#[test]
fn new_entries_have_the_keys_that_most_sdks_agree_on() {
    let mut cache = read("");
    cache.add(&sign_in("new").realm("T1")).unwrap();
    let key = |section| only(&cache, section).0;
    assert_eq!(key("AccessToken"), format!("u1.t1-{COM}-accesstoken-c1-t1-user.read"));
    assert_eq!(key("RefreshToken"), format!("u1.t1-{COM}-refreshtoken-c1--"));
    assert_eq!(key("IdToken"), format!("u1.t1-{COM}-idtoken-c1-t1-"));
    assert_eq!(key("Account"), format!("u1.t1-{COM}-t1"));
    assert_eq!(key("AppMetadata"), format!("appmetadata-{COM}-c1"));
}

#[test]
fn a_new_refresh_token_has_the_key_that_python_computes_from_its_fields() {
    let mut cache = read("");
    cache.add(&sign_in("new")).unwrap();
    let (key, entry) = only(&cache, "RefreshToken");
    let target = entry["target"].as_str().unwrap_or_default().to_lowercase();
    assert_eq!(key, format!("u1.t1-{COM}-refreshtoken-c1--{target}"));
}

#[test]
fn a_new_token_with_extra_parameters_has_their_hash_in_lower_case_in_its_key() {
    let mut cache = read("");
    cache.add(&sign_in("new").extra_parameters([("fmi_path", "SomeFmiPath/Path")])).unwrap();
    let (key, entry) = only(&cache, "AccessToken");
    let hash = "hai-va57u1u3bj1elra_dz5bpghftdmyv5vuyfopbqo";
    assert_eq!(key, format!("u1.t1-{COM}-atext-c1-t1-user.read-{hash}"));
    assert_eq!((&entry["ext_cache_key"], &entry["credential_type"]), (&json!(hash), &json!("AccessToken")));
}

/// Python would overwrite it with a bearer token for the same scopes, and hand it out as one.
#[test]
fn a_new_token_bound_to_a_key_is_not_under_the_key_of_the_bearer_token() {
    let mut cache = read("");
    cache.add(&bound_token("k1")).unwrap();
    cache.add(&sign_in("new")).unwrap();
    let bearer = format!("u1.t1-{COM}-accesstoken-c1-t1-user.read");
    assert_eq!(keys(&cache, "AccessToken"), [bearer.clone(), format!("{bearer}-pop")]);
    assert_eq!(value(&cache)["AccessToken"][&bearer]["secret"], "AT-new");
}

#[test]
fn the_metadata_of_an_application_is_found_whatever_the_case_of_its_key() {
    let key = "AppMetadata-login.microsoftonline.com-C1";
    let mut cache = read_value(&json!({"AppMetadata": {key: {"client_id": "C1", "environment": COM}}}));
    assert!(cache.app_metadata("c1", COM).is_some());
    cache.add(&sign_in("new")).unwrap();
    assert_eq!(keys(&cache, "AppMetadata"), [key]);
}

#[test]
fn duplicates_of_one_identity_under_several_keys_are_all_kept_and_updated_together() {
    let token = |secret: &str| {
        json!({"secret": secret, "home_account_id": "u1.t1", "environment": COM, "client_id": "c1",
            "realm": "t1", "target": "user.read", "expires_on": "5"})
    };
    let mut cache = read_value(&json!({"AccessToken": {"a": token("1"), "b": token("2"), "c": token("3")}}));
    assert_eq!(cache.len(), 3);
    cache.add(&sign_in("new")).unwrap();
    let value = value(&cache);
    for key in ["a", "b", "c"] {
        assert_eq!(value["AccessToken"][key]["secret"], "AT-new");
    }
    assert_eq!(value["AccessToken"].as_object().unwrap().len(), 3);
}

#[test]
fn a_key_that_another_entry_has_is_not_taken_from_it() {
    let key = format!("u1.t1-{COM}-accesstoken-c1-t1-user.read");
    let mut cache = read_value(&json!({"AccessToken": {
        &key: {"secret": "theirs", "client_id": "somebody"}, format!("{key}-"): "no entry"
    }}));
    cache.add(&sign_in("new")).unwrap();
    let value = value(&cache);
    assert_eq!(value["AccessToken"][&key]["secret"], "theirs");
    assert_eq!(value["AccessToken"][format!("{key}-")], "no entry");
    assert_eq!(value["AccessToken"][format!("{key}--")]["secret"], "AT-new");
}

#[test]
fn a_key_is_free_again_when_its_entry_is_gone() {
    let mut cache = read("");
    let key = format!("u1.t1-{COM}-accesstoken-c1-t1-user.read");
    for round in 0..3 {
        cache.add(&sign_in(&round.to_string())).unwrap();
        assert_eq!(keys(&cache, "AccessToken"), [key.as_str()]);
        if round == 1 {
            assert!(cache.remove_access_token(&key));
            assert!(!cache.remove_access_token(&key), "it is gone");
        } else {
            cache.remove_account(super::common::u1());
        }
    }
}

#[test]
fn an_entry_is_removed_by_a_key_with_escapes_and_letters_of_any_alphabet() {
    let mut cache = read(r#"{"AccessToken":{"k\u0065y \"é\"":{"secret":"1"},"other":{"secret":"2"}}}"#);
    assert!(!cache.remove_access_token(r#"k\u0065y \"é\""#));
    assert!(!cache.remove_refresh_token("key \"é\""), "of its own section only");
    assert!(cache.remove_access_token("key \"é\""));
    assert_eq!(write(&cache), r#"{"AccessToken":{"other":{"secret":"2"}}}"#);
}

#[test]
fn keys_are_kept_as_they_were_found() {
    for peer in &PEERS {
        let text: Value = serde_json::from_str(&peer.text()).unwrap();
        assert_eq!(value(&read(&peer.text())), text, "{}", peer.name);
    }
}

#[test]
fn a_token_is_found_in_what_each_sdk_wrote() {
    for peer in &PEERS {
        let cache = read(&peer.text());
        let earlier = AccessTokenQuery::new("c1", ["user.read"]).account(&cache.accounts().next().unwrap());
        let found = secret(cache.access_token(&earlier.at(at(NOW - 8000))));
        assert_eq!(found.as_deref(), Some("AT-old"), "{}", peer.name);
    }
}
