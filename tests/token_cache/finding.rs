//! Finding: what serves and what does not.

use std::time::Duration;

use sealed_cache::{
    SerializableCache,
    token_cache::{AccessTokenMatch, AccessTokenQuery, AccountId, TokenCache},
};
use serde_json::{Value, json};

use super::common::{
    COM, NOW, at, client_info, read, read_value, response, secret, sign_in, u1, value, wanted, write,
};

/// A cache with one access token of `u1` in `t1` for `c1`, with these fields as well.
fn with_token(fields: Value) -> TokenCache {
    let mut token = json!({
        "secret": "AT", "home_account_id": "u1.t1", "environment": COM, "client_id": "c1", "realm": "t1",
        "target": "User.Read Mail.Read", "expires_on": (NOW + 3600).to_string(),
    });
    token.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    read_value(&json!({"AccessToken": {"k": token}}))
}

fn kind(found: AccessTokenMatch<'_>) -> &'static str {
    match found {
        AccessTokenMatch::Fresh(_) => "fresh",
        AccessTokenMatch::RefreshSoon(_) => "refresh soon",
        AccessTokenMatch::Expired(_) => "expired",
        AccessTokenMatch::Missing => "missing",
    }
}

fn expiring(expires_on: impl Into<Value>) -> &'static str {
    let cache = with_token(json!({"expires_on": expires_on.into()}));
    kind(cache.access_token(&wanted()))
}

#[test]
fn a_token_must_be_good_for_five_minutes_more_unless_said_otherwise() {
    assert_eq!(expiring((NOW + 300).to_string()), "fresh");
    assert_eq!(expiring((NOW + 299).to_string()), "expired");
    let cache = with_token(json!({"expires_on": (NOW + 1).to_string()}));
    assert_eq!(kind(cache.access_token(&wanted().leeway(Duration::ZERO))), "fresh");
    assert_eq!(kind(cache.access_token(&wanted().leeway(Duration::ZERO).at(at(NOW + 1)))), "expired");
    assert_eq!(kind(cache.access_token(&wanted().leeway(Duration::MAX))), "expired");
}

#[test]
fn times_are_taken_as_strings_and_as_numbers_of_any_spelling() {
    let soon = NOW + 3600;
    for (time, expected) in [
        (json!(soon), "fresh"),
        (json!(soon as f64 + 0.5), "fresh"),
        (json!(format!("{soon}.9")), "fresh"),
        (json!(format!(" {soon} ")), "fresh"),
        (json!("1.79e9"), "expired"),
        (json!("1.8e9"), "fresh"),
        (json!(u64::MAX), "fresh"),
        (json!("99999999999999999999999999"), "fresh"),
        (json!(-1), "expired"),
        (json!("-99999999999999999999999999"), "expired"),
        (json!(""), "expired"),
        (json!(null), "expired"),
        (json!(true), "expired"),
        (json!("soon"), "expired"),
        (json!("inf"), "expired"),
        (json!({"at": soon}), "expired"),
    ] {
        assert_eq!(expiring(time.clone()), expected, "{time}");
    }
}

#[test]
fn a_number_in_scientific_notation_is_a_time() {
    let text = write(&with_token(json!({"expires_on": "T"}))).replace("\"T\"", "1.8e9");
    assert_eq!(kind(read(&text).access_token(&wanted())), "fresh");
}

#[test]
fn a_token_that_does_not_say_when_it_expires_has_expired() {
    let text = write(&with_token(json!({}))).replace("expires_on", "forgotten");
    let cache = read(&text);
    assert_eq!(kind(cache.access_token(&wanted())), "expired");
    assert_eq!(cache.access_tokens().next().unwrap().expires_on(), None);
}

#[test]
fn a_time_beyond_all_calendars_is_the_end_of_the_last_year() {
    let cache = with_token(json!({"expires_on": u64::MAX.to_string()}));
    assert_eq!(cache.access_tokens().next().unwrap().expires_on(), Some(at(253_402_300_799)));
}

#[test]
fn the_extended_expiry_is_read_in_either_spelling() {
    for field in ["extended_expires_on", "ext_expires_on"] {
        let cache = with_token(json!({field: "7000"}));
        assert_eq!(cache.access_tokens().next().unwrap().extended_expires_on(), Some(at(7000)));
    }
}

#[test]
fn a_token_past_its_refresh_time_is_good_and_says_so() {
    let cache = with_token(json!({"refresh_on": NOW.to_string()}));
    assert_eq!(kind(cache.access_token(&wanted())), "refresh soon");
    assert_eq!(secret(cache.access_token(&wanted())).as_deref(), Some("AT"));
    assert_eq!(kind(cache.access_token(&wanted().at(at(NOW - 1)))), "fresh");
}

#[test]
fn scopes_are_a_subset_whatever_their_case_and_order() {
    let cache = with_token(json!({}));
    let with = |scopes: &[&str]| {
        kind(cache.access_token(
            &AccessTokenQuery::new("c1", scopes.iter().copied()).account(&u1()).realm("t1").at(at(NOW)),
        ))
    };
    for scopes in [&["mail.read"][..], &["MAIL.READ", "user.read"], &["Mail.Read User.Read"], &[]] {
        assert_eq!(with(scopes), "fresh", "{scopes:?}");
    }
    for scopes in [&["Mail"][..], &["User.Read", "Mail.Send"], &["User.Read Mail.Send"]] {
        assert_eq!(with(scopes), "missing", "{scopes:?}");
    }
}

#[test]
fn account_client_and_tenant_are_compared_exactly_and_clouds_by_their_aliases() {
    let cache = with_token(json!({}));
    let query = || AccessTokenQuery::new("c1", ["User.Read"]).at(at(NOW));
    let of = |home: &str, environment: &str, realm: &str| {
        kind(cache.access_token(&query().account(&AccountId::new(home, environment)).realm(realm)))
    };
    assert_eq!(of("u1.t1", "LOGIN.windows.net", "t1"), "fresh");
    for (home, environment, realm) in [
        ("U1.t1", COM, "t1"),
        ("u1.t1", COM, "T1"),
        ("u1.t1", COM, ""),
        ("", COM, "t1"),
        ("u1.t1", "login.microsoftonline.us", "t1"),
        ("u1.t1", "", "t1"),
    ] {
        assert_eq!(of(home, environment, realm), "missing", "{home} {environment} {realm}");
    }
    let other = AccessTokenQuery::new("C1", ["User.Read"]).account(&u1()).realm("t1").at(at(NOW));
    assert_eq!(kind(cache.access_token(&other)), "missing");
}

#[test]
fn a_token_with_extra_parameters_is_not_found_without_them() {
    let cache = with_token(json!({"ext_cache_key": "hash"}));
    assert_eq!(kind(cache.access_token(&wanted())), "missing");
    let any = AccessTokenQuery::new("c1", [""; 0]).account(&u1()).realm("t1").at(at(NOW));
    assert_eq!(kind(cache.access_token(&any)), "missing");
}

#[test]
fn absent_null_and_empty_mean_the_same() {
    for home in [json!(null), json!("")] {
        let cache = with_token(json!({"home_account_id": home, "ext_cache_key": home, "token_type": home}));
        let query = AccessTokenQuery::new("c1", ["User.Read"]).environment(COM).realm("t1").at(at(NOW));
        assert_eq!(kind(cache.access_token(&query)), "fresh");
        assert_eq!(kind(cache.access_token(&query.token_type("Bearer", ""))), "fresh");
    }
}

#[test]
fn of_several_tokens_the_one_that_is_good_for_longest_is_found() {
    let token = |secret: &str, expires_on: u64, target: &str| {
        json!({"secret": secret, "home_account_id": "u1.t1", "environment": COM, "client_id": "c1", "realm": "t1",
            "target": target, "expires_on": expires_on.to_string()})
    };
    let cache = read_value(&json!({"AccessToken": {
        "1": token("first", NOW + 400, "User.Read"),
        "2": token("longest", NOW + 4000, "User.Read Mail.Read"),
        "3": token("old", NOW - 4000, "User.Read"),
    }}));
    assert_eq!(secret(cache.access_token(&wanted())).as_deref(), Some("longest"));
}

#[test]
fn a_read_never_writes() {
    let cache = with_token(json!({"expires_on": "1"}));
    let before = write(&cache);
    assert_eq!(kind(cache.access_token(&wanted())), "expired");
    let _ = (cache.accounts().count(), cache.refresh_tokens("c1", u1()), cache.id_tokens("c1", u1()));
    assert!(!cache.has_state_changed());
    assert_eq!(write(&cache), before);
}

#[test]
fn refresh_tokens_come_newest_first_and_those_without_a_time_last() {
    let token = |secret: &str, time: Value| {
        json!({"secret": secret, "home_account_id": "u1.t1", "environment": COM, "client_id": "c1",
            "last_modification_time": time})
    };
    let cache = read_value(&json!({"RefreshToken": {
        "1": token("none", json!(null)), "2": token("older", json!("5")), "3": token("newest", json!(9)),
        "4": {"secret": "other client", "home_account_id": "u1.t1", "environment": COM, "client_id": "c2"},
        "5": {"secret": "other account", "home_account_id": "u2.t1", "environment": COM, "client_id": "c1"},
    }}));
    assert_eq!(super::common::refresh_secrets(&cache, "c1"), ["newest", "older", "none"]);
}

#[test]
fn accounts_and_id_tokens_are_found_in_all_tenants() {
    let mut cache = read("");
    for realm in ["t1", "t2"] {
        cache.add(&sign_in("x").realm(realm)).unwrap();
    }
    assert_eq!(
        cache.account(u1()).iter().map(|account| account.realm().into_owned()).collect::<Vec<_>>(),
        ["t1", "t2"]
    );
    assert_eq!(cache.id_tokens("c1", u1()).len(), 2);
    assert_eq!(cache.id_tokens("c2", u1()).len(), 0);
    assert_eq!(cache.account(AccountId::new("u1.t1", "sts.windows.net")).len(), 2);
    let guest = cache.accounts().nth(1).unwrap();
    let query = AccessTokenQuery::new("c1", ["User.Read"]).account(&guest).at(at(NOW));
    assert_eq!(
        secret(cache.access_token(&query)).as_deref(),
        Some("AT-x"),
        "the tenant is that of the account"
    );
}

#[test]
fn an_application_has_tokens_of_its_own() {
    let mut cache = read("");
    let answer = json!({"access_token": "AT-app", "expires_in": 3600});
    cache
        .add(
            &response(&answer)
                .requested_scopes(["https://vault.azure.net/.default"])
                .grant_type("client_credentials"),
        )
        .unwrap();
    let query =
        AccessTokenQuery::new("c1", ["https://vault.azure.net/.default"]).environment(COM).realm("t1");
    assert_eq!(secret(cache.access_token(&query.at(at(NOW)))).as_deref(), Some("AT-app"));
    assert_eq!(
        value(&cache)["AccessToken"].as_object().unwrap().values().next().unwrap()["home_account_id"],
        Value::Null
    );
    assert_eq!(cache.accounts().count(), 0);
}

#[test]
fn what_is_no_entry_is_never_found() {
    let mut cache = read(
        r#"{"AccessToken":{"a":null,"b":[1],"c":"x","d":{}},"Account":{"a":7},"RefreshToken":{"r":false}}"#,
    );
    assert_eq!(
        (cache.access_tokens().count(), cache.accounts().count(), cache.all_refresh_tokens().count()),
        (1, 0, 0)
    );
    let answer = json!({"access_token": "AT", "client_info": client_info("u1", "t1")});
    cache.add(&response(&answer)).unwrap();
    assert_eq!(cache.remove_account(AccountId::new("", "")), 0, "nobody has no entries");
    assert_eq!(cache.account(AccountId::new("", "")).len(), 0);
    assert_eq!(cache.remove_client(""), 1, "what is no entry is of no client");
    assert_eq!(cache.access_tokens().count(), 1);
}
