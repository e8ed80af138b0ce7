//! Adding: what MSAL Python's `TokenCache.add` does with a response.

use sealed_cache::{
    ErrorKind, SerializableCache,
    token_cache::{AccountId, TokenCache, TokenResponse},
};
use serde_json::{Value, json};

use super::common::{COM, NOW, client_info, id_token, keys, only, read, response, sign_in, u1, value, write};

/// The times of the access token of a response with these members.
fn times(members: &Value) -> [Option<u64>; 4] {
    let mut answer = json!({"access_token": "AT"});
    answer.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let mut cache = read("");
    cache.add(&response(&answer)).unwrap();
    let (_, entry) = only(&cache, "AccessToken");
    ["cached_at", "expires_on", "extended_expires_on", "refresh_on"]
        .map(|field| entry.get(field).map(|time| time.as_str().unwrap().parse::<u64>().unwrap() - NOW))
}

#[test]
fn expiries_count_from_when_the_response_was_received() {
    let now = Some(0);
    assert_eq!(times(&json!({"expires_in": 60})), [now, Some(60), Some(60), None]);
    assert_eq!(times(&json!({"expires_in": "60", "ext_expires_in": "90"})), [now, Some(60), Some(90), None]);
    assert_eq!(times(&json!({"expires_in": 60, "refresh_in": 30})), [now, Some(60), Some(60), Some(30)]);
    assert_eq!(times(&json!({"expires_on": (NOW + 70).to_string()})), [now, Some(70), Some(70), None]);
    assert_eq!(times(&json!({"expires_in": 60, "expires_on": NOW + 70})), [now, Some(60), Some(60), None]);
}

#[test]
fn a_response_without_an_expiry_is_good_for_ten_minutes() {
    for members in
        [json!({}), json!({"expires_in": null}), json!({"expires_in": "soon"}), json!({"expires_in": ""})]
    {
        assert_eq!(times(&members)[1], Some(600), "{members}");
    }
}

#[test]
fn an_expiry_beyond_all_numbers_does_no_harm() {
    let mut cache = read("");
    cache
        .add(&response(&json!({"access_token": "AT", "expires_in": u64::MAX, "ext_expires_in": 1e99})))
        .unwrap();
    assert_eq!(only(&cache, "AccessToken").1["expires_on"], u64::MAX.to_string());
    assert_eq!(times(&json!({"expires_in": -5}))[1], Some(0));
}

#[test]
fn the_scopes_that_were_granted_count_more_than_those_asked_for() {
    let mut cache = read("");
    let target = |cache: &TokenCache| only(cache, "AccessToken").1["target"].clone();
    cache.add(&response(&json!({"access_token": "AT", "scope": "b a"})).requested_scopes(["c"])).unwrap();
    assert_eq!(target(&cache), "a b");
    let mut cache = read("");
    cache.add(&response(&json!({"access_token": "AT"})).requested_scopes(["c b", "a", "b"])).unwrap();
    assert_eq!(target(&cache), "a b c");
}

#[test]
fn the_same_scopes_in_another_order_and_case_are_the_same_token() {
    let mut cache = read("");
    for scope in ["User.Read Mail.Read", "mail.read USER.READ", "Mail.Read User.Read Mail.Read"] {
        cache.add(&response(&json!({"access_token": scope, "scope": scope}))).unwrap();
    }
    assert_eq!(only(&cache, "AccessToken").1["secret"], "Mail.Read User.Read Mail.Read");
    cache.add(&response(&json!({"access_token": "AT", "scope": "Mail.Read"}))).unwrap();
    assert_eq!(keys(&cache, "AccessToken").len(), 2, "fewer scopes are another token");
}

#[test]
fn a_token_without_scopes_is_one_token() {
    let mut cache = read("");
    for secret in ["1", "2"] {
        cache.add(&response(&json!({"access_token": secret}))).unwrap();
    }
    assert_eq!(only(&cache, "AccessToken").1["secret"], "2");
}

#[test]
fn tokens_of_other_tenants_clouds_clients_and_accounts_are_other_tokens() {
    let mut cache = read("");
    let answer = json!({"access_token": "AT", "scope": "s", "client_info": client_info("u1", "t1")});
    let other = json!({"access_token": "AT", "scope": "s", "client_info": client_info("u2", "t1")});
    cache.add(&response(&answer)).unwrap();
    cache.add(&response(&answer).realm("t2")).unwrap();
    cache.add(&response(&answer).environment("login.microsoftonline.us")).unwrap();
    cache.add(&response(&other)).unwrap();
    cache.add(&response(&answer).extra_parameters([("a", "b")])).unwrap();
    assert_eq!(keys(&cache, "AccessToken").len(), 5);
    cache.add(&response(&answer).environment("login.windows.net")).unwrap();
    assert_eq!(keys(&cache, "AccessToken").len(), 5, "an alias is the same cloud");
}

#[test]
fn who_it_is_comes_from_client_info_else_from_the_subject_else_from_the_caller() {
    let home = |answer: &Value| {
        let mut cache = read("");
        cache.add(&response(answer).home_account_id("said")).unwrap();
        only(&cache, "AccessToken").1["home_account_id"].clone()
    };
    let subject = id_token(&json!({"sub": "s"}));
    let info = |text: &str| super::common::base64(text);
    for (answer, expected) in [
        (json!({"access_token": "AT", "client_info": client_info("u", "t"), "id_token": subject}), "u.t"),
        (json!({"access_token": "AT", "client_info": info(r#"{"uid":"u"}"#), "id_token": subject}), "s"),
        (json!({"access_token": "AT", "client_info": "&&&", "id_token": subject}), "s"),
        (json!({"access_token": "AT", "client_info": info(r#"{"ui\u0064":"u","utid":"t"} "#) + "=="}), "u.t"),
        (json!({"access_token": "AT", "client_info": info(r#"{"uid":"x","uid":"u","utid":"t"}"#)}), "u.t"),
        (json!({"access_token": "AT", "id_token": "no.token"}), "said"),
        (json!({"access_token": "AT"}), "said"),
    ] {
        assert_eq!(home(&answer), expected, "{answer}");
    }
}

#[test]
fn a_refresh_that_does_not_say_whose_it_is_updates_the_account_that_the_caller_names() {
    let mut cache = read("");
    cache.add(&sign_in("1")).unwrap();
    let bare =
        json!({"access_token": "AT-2", "refresh_token": "RT-2", "expires_in": 60, "scope": "User.Read"});
    cache.add(&response(&bare).home_account_id("u1.t1").grant_type("refresh_token")).unwrap();
    assert_eq!(only(&cache, "AccessToken").1["secret"], "AT-2");
    assert_eq!(only(&cache, "RefreshToken").1["secret"], "RT-2");
    assert_eq!(
        only(&cache, "Account").1["username"],
        "a@contoso.test",
        "what it does not tell is left as it was"
    );
}

#[test]
fn the_name_that_was_typed_counts_if_the_id_token_tells_none() {
    let username = |claims: &Value| {
        let mut cache = read("");
        let answer = json!({"access_token": "AT", "client_info": client_info("u1", "t1"), "id_token": id_token(claims)});
        cache.add(&response(&answer).username("typed")).unwrap();
        only(&cache, "Account").1["username"].clone()
    };
    assert_eq!(username(&json!({"preferred_username": "p", "upn": "u"})), "p");
    assert_eq!(username(&json!({"preferred_username": "", "upn": "u"})), "u");
    assert_eq!(username(&json!({"sub": "s"})), "typed");
}

#[test]
fn accounts_can_be_left_alone() {
    let mut cache = read("");
    cache.add(&sign_in("1").skip_account_creation(true)).unwrap();
    assert_eq!(cache.accounts().count(), 0);
    assert_eq!(cache.refresh_tokens("c1", u1()).len(), 1);
}

#[test]
fn what_the_caller_says_of_the_account_counts() {
    let mut cache = read("");
    cache.add(&sign_in("1").local_account_id("l").authority_type("ADFS")).unwrap();
    let (_, account) = only(&cache, "Account");
    assert_eq!((&account["local_account_id"], &account["authority_type"]), (&json!("l"), &json!("ADFS")));
}

#[test]
fn the_endpoint_says_cloud_and_tenant() {
    let host_and_realm = |url: &str| {
        let mut cache = read("");
        cache.add(&response(&json!({"access_token": "AT"})).token_endpoint(url)).unwrap();
        let (_, entry) = only(&cache, "AccessToken");
        [entry["environment"].as_str().unwrap().to_owned(), entry["realm"].as_str().unwrap().to_owned()]
    };
    for (url, expected) in [
        ("https://LOGIN.microsoftonline.com/t1/oauth2/v2.0/token", [COM, "t1"]),
        ("https://user@adfs.test:8443/adfs/oauth2/token", ["adfs.test", "adfs"]),
        ("https://[::1]:8443/t1/token?x=/y", ["::1", "t1"]),
        ("https://host.test?x=1", ["host.test", "x=1"]),
        ("host.test", ["host.test", ""]),
    ] {
        assert_eq!(host_and_realm(url), expected, "{url}");
    }
}

#[test]
fn a_response_that_does_not_say_where_it_came_from_is_an_error_and_no_change() {
    let mut cache = read("");
    let homeless = TokenResponse::from_json("c1", br#"{"access_token":"AT"}"#).unwrap();
    assert_eq!(cache.add(&homeless).unwrap_err().kind(), ErrorKind::Configuration);
    assert!(cache.is_empty() && !cache.has_state_changed());
}

#[test]
fn what_is_no_successful_response_is_an_error_that_quotes_nothing_but_the_code() {
    for (answer, expected) in [
        (&br#"{"error":"invalid_grant","error_description":"SECRET"}"#[..], "`invalid_grant`"),
        (br#"{"error":"Invalid SECRET"}"#, "holds no token"),
        (br#"{"access_token":"","refresh_token":null,"id_token":{}}"#, "holds no token"),
        (br#"["SECRET"]"#, "not a JSON object"),
        (br#"{"access_token":"SECRET""#, "not JSON"),
        (b"\"\xff\"", "not UTF-8"),
        (b"", "not JSON"),
    ] {
        let error = TokenResponse::from_json("c1", answer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidContents);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
    }
}

#[test]
fn members_that_are_empty_are_absent() {
    let mut cache = read("");
    let answer = json!({"access_token": "AT", "refresh_token": "", "id_token": "", "foci": "", "token_type": "", "scope": ""});
    cache.add(&response(&answer).requested_scopes(["s"])).unwrap();
    let value = value(&cache);
    assert!(value.get("RefreshToken").is_none() && value.get("IdToken").is_none());
    let (_, token) = only(&cache, "AccessToken");
    assert_eq!((&token["token_type"], &token["target"]), (&json!("Bearer"), &json!("s")));
}

#[test]
fn a_token_got_by_other_means_is_added_as_well() {
    let mut cache = read("");
    let token =
        TokenResponse::of_access_token("c1", "AT", 60).environment("HOST.test").requested_scopes(["s"]);
    cache.add(&token.received_at(super::common::at(NOW))).unwrap();
    let (key, entry) = only(&cache, "AccessToken");
    assert_eq!(key, "-host.test-accesstoken-c1--s");
    assert_eq!(entry["expires_on"], "1790000060");
}

#[test]
fn the_state_has_changed_after_a_change_and_not_after_reading() {
    let mut cache = read("");
    assert!(!cache.has_state_changed());
    cache.add(&sign_in("1")).unwrap();
    assert!(cache.has_state_changed());
    cache.set_state_changed(false);
    assert!(!cache.remove_id_token("no such key") && cache.prune(super::common::at(0)) == 0);
    assert!(!cache.has_state_changed());
    let key = keys(&cache, "IdToken").remove(0);
    assert!(cache.remove_id_token(&key) && cache.has_state_changed());
    assert!(!read(&write(&cache)).has_state_changed());
}

#[test]
fn views_tell_what_was_added() {
    let mut cache = read("");
    cache.add(&sign_in("1")).unwrap();
    let account = cache.accounts().next().unwrap();
    assert_eq!((&*account.username(), &*account.account_source()), ("a@contoso.test", "authorization_code"));
    assert_eq!(AccountId::from(&account), u1());
    assert_eq!(account.member("realm"), Some("\"t1\""));
    assert_eq!(account.member("no such member"), None);
    let token = cache.access_tokens().next().unwrap();
    assert_eq!((token.cached_at(), token.refresh_on()), (Some(super::common::at(NOW)), None));
    assert_eq!(cache.all_id_tokens().count() + cache.all_refresh_tokens().count(), 2);
}
