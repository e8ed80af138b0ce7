//! What kills or loses data between SDKs: we read it, keep it, and do not write it.

use sealed_cache::{
    ErrorKind, SerializableCache,
    token_cache::{AccessTokenMatch, AccessTokenQuery, AccountId, TokenCache},
};
use serde_json::{Value, json};

use super::common::{
    COM, client_info, only, read, read_value, response, sign_in, try_read, u1, value, write,
};

/// What is written back for what was read.
fn kept(text: &str) -> String {
    write(&read(text))
}

#[test]
fn numbers_where_strings_belong_are_kept_until_the_entry_is_updated() {
    let token = r#"{"secret":"AT","home_account_id":"u1.t1","environment":"login.microsoftonline.com","client_id":"c1","realm":"t1","target":"User.Read","expires_on":1.5e9,"cached_at":0,"ext_expires_on":7}"#;
    let text = format!(r#"{{"AccessToken":{{"k":{token}}}}}"#);
    assert_eq!(kept(&text), text);
    let mut cache = read(&text);
    cache.add(&sign_in("new")).unwrap();
    let (_, entry) = only(&cache, "AccessToken");
    for field in ["expires_on", "cached_at", "extended_expires_on", "ext_expires_on"] {
        assert!(entry[field].is_string(), "{field} is a string, or .NET throws the whole store away");
    }
}

#[test]
fn times_that_are_empty_null_or_fractions_are_kept_until_the_entry_is_updated() {
    for time in [r#""""#, "null", r#""1.5""#] {
        let token = r#"{"secret":"AT","home_account_id":"u1.t1","environment":"login.microsoftonline.com","client_id":"c1","realm":"t1","target":"User.Read","expires_on":T,"extended_expires_on":T,"refresh_on":T,"cached_at":T}"#;
        let text = format!(r#"{{"AccessToken":{{"k":{token}}}}}"#).replace(":T", &format!(":{time}"));
        assert_eq!(kept(&text), text);
        let mut cache = read(&text);
        cache.add(&sign_in("new")).unwrap();
        let (_, entry) = only(&cache, "AccessToken");
        assert!(entry.get("refresh_on").is_none(), "the response had none");
        for field in ["expires_on", "cached_at", "extended_expires_on"] {
            let text = entry[field].as_str().unwrap_or_default();
            assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()), "{field}: {text}");
        }
    }
}

#[test]
fn a_section_that_is_null_is_an_empty_section() {
    assert_eq!(kept(r#"{"AccessToken":null,"x":null}"#), r#"{"AccessToken":{},"x":null}"#);
}

#[test]
fn a_section_that_is_no_object_is_an_error_that_says_where_and_quotes_nothing() {
    for section in ["[\"SECRET\"]", "\"SECRET\"", "7", "true"] {
        let error = try_read(&format!("{{\n  \"RefreshToken\": {section}}}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidContents);
        let text = format!("{error} {error:?}");
        assert!(text.contains("RefreshToken") && text.contains("line 2 column 19"), "{text}");
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn what_is_not_json_is_an_error_that_says_where_and_quotes_nothing() {
    for text in [
        "{\n\"a\": SECRET}",
        "{\n\"SECRET",
        "{\n\"a\":\"SECRET\"",
        "{}\nSECRET",
        "\n[\"SECRET\"]",
        "\n\"SECRET\"",
        "\nnull",
        "{\n\"SECRET\":\"\u{1}\"}",
        "{\n'SECRET':1}",
        "{\n\"a\":1,}",
    ] {
        let error = try_read(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidContents, "{text}");
        let message = format!("{error} {error:?}");
        assert!(message.contains("line 2"), "{text}: {message}");
        assert!(!message.contains("SECRET"), "{text}: {message}");
    }
    let error = TokenCache::deserialize(b"{\n\"SECRET\": \"\xff\"}"[..].into()).unwrap_err();
    assert!(error.to_string().contains("not UTF-8, at line 2 column 12"), "{error}");
}

#[test]
fn what_is_no_object_in_a_section_is_kept() {
    let text =
        r#"{"AccessToken":{"a":null,"b":[1,{"c":2}],"d":"x","e":1.50,"f":true},"Account":{"g":false}}"#;
    assert_eq!(kept(text), text);
    let mut cache = read(text);
    cache.add(&sign_in("new")).unwrap();
    cache.remove_account(u1());
    let mut left = value(&cache);
    let left = left.as_object_mut().unwrap();
    left.retain(|name, _| name == "AccessToken" || name == "Account");
    assert_eq!(Value::Object(left.clone()), serde_json::from_str::<Value>(text).unwrap());
}

#[test]
fn an_access_token_of_the_credential_type_atext_is_kept() {
    let text = r#"{"AccessToken":{"k":{"credential_type":"ATExt","secret":"AT"}}}"#;
    assert_eq!(kept(text), text);
}

#[test]
fn a_new_access_token_never_has_a_credential_type_that_node_deletes() {
    let mut cache = read("");
    cache.add(&sign_in("new").extra_parameters([("a", "b")])).unwrap();
    assert_eq!(only(&cache, "AccessToken").1["credential_type"], "AccessToken");
}

#[test]
fn metadata_keys_that_do_not_start_with_appmetadata_are_kept_and_new_ones_do() {
    let text = r#"{"AppMetadata":{"AppMetadata-x-C9":{"client_id":"C9"},"other":{}}}"#;
    assert_eq!(kept(text), text);
    let mut cache = read("");
    cache.add(&sign_in("new")).unwrap();
    assert!(only(&cache, "AppMetadata").0.starts_with("appmetadata-"));
}

#[test]
fn tenant_profiles_are_kept_as_strings_or_objects() {
    for profiles in [r#"["{\"tenantId\":\"t1\"}"]"#, r#"[{"tenantId":"t1"}]"#] {
        let text = format!(
            r#"{{"Account":{{"k":{{"home_account_id":"u1.t1","environment":"{COM}","realm":"t1","tenantProfiles":{profiles}}}}}}}"#
        );
        assert_eq!(kept(&text), text);
        let mut cache = read(&text);
        cache.add(&sign_in("new")).unwrap();
        let (key, entry) = only(&cache, "Account");
        assert_eq!((key.as_str(), entry["username"].as_str()), ("k", Some("a@contoso.test")));
        assert_eq!(entry["tenantProfiles"], serde_json::from_str::<Value>(profiles).unwrap());
    }
}

#[test]
fn unknown_fields_of_an_entry_are_kept_when_it_is_updated() {
    let before = json!({
        "unknown": {"deep": [1, 2.50, null]}, "secret": "RT", "home_account_id": "u1.t1", "environment": COM,
        "client_id": "c1", "client_info": "ci", "user_assertion_hash": "uah", "ext": {}, "zeta": "last",
    });
    let mut cache = read_value(&json!({"RefreshToken": {"k": before}}));
    cache.add(&sign_in("new")).unwrap();
    let (_, after) = only(&cache, "RefreshToken");
    for (field, value) in before.as_object().unwrap() {
        assert!(field == "secret" || after[field] == *value, "{field}");
    }
    assert_eq!(after["secret"], "RT-new");
}

#[test]
fn a_home_account_id_that_is_null_or_empty_is_kept() {
    for home in ["null", r#""""#] {
        let text = format!(r#"{{"AccessToken":{{"k":{{"home_account_id":{home},"secret":"AT"}}}}}}"#);
        assert_eq!(kept(&text), text);
    }
}

#[test]
fn unknown_members_of_the_whole_cache_are_kept_in_their_places() {
    let text =
        r#"{"first":1,"AccessToken":{},"RefreshTokens":{"k":{"secret":"x"}},"accesstoken":{},"last":[{}]}"#;
    let mut cache = read(text);
    assert_eq!(write(&cache), text);
    cache.add(&sign_in("new")).unwrap();
    cache.remove_account(u1());
    assert!(write(&cache).starts_with(
        r#"{"first":1,"AccessToken":{},"RefreshTokens":{"k":{"secret":"x"}},"accesstoken":{},"last":[{}]"#
    ));
}

#[test]
fn duplicate_sections_are_joined() {
    let text = r#"{"RefreshToken":{"a":1},"x":0,"RefreshToken":{"b":2},"RefreshToken":null}"#;
    assert_eq!(kept(text), r#"{"RefreshToken":{"a":1,"b":2},"x":0}"#);
}

#[test]
fn duplicate_keys_and_members_are_kept() {
    let text = r#"{"x":1,"RefreshToken":{"a":{"s":1,"s":2},"a":{"s":3}},"x":2}"#;
    assert_eq!(kept(text), text);
}

#[test]
fn a_section_whose_name_is_written_with_escapes_is_that_section() {
    assert_eq!(kept(r#"{"\u0041ccessToken":{"k":{}}}"#), r#"{"AccessToken":{"k":{}}}"#);
}

#[test]
fn a_byte_order_mark_and_whitespace_are_read_and_not_written() {
    assert_eq!(
        kept("\u{feff} {\r\n\t\"AccessToken\" : { } , \"x\" : [ 1 , \"a b\" ] }\n\n"),
        r#"{"AccessToken":{},"x":[1,"a b"]}"#
    );
}

#[test]
fn nothing_at_all_is_an_empty_cache() {
    for text in ["", " \r\n\t ", "\u{feff}", "\u{feff}\n", "{}"] {
        let cache = read(text);
        assert!(cache.is_empty() && !cache.has_state_changed());
        assert_eq!(write(&cache), "{}");
    }
}

#[test]
fn only_ascii_is_written() {
    let text = r#"{"é":"😀","Account":{"ключ":{"name":"Zoë","escaped":"\u00eb\/"}}}"#;
    let expected = r#"{"\u00e9":"\ud83d\ude00","Account":{"\u043a\u043b\u044e\u0447":{"name":"Zo\u00eb","escaped":"\u00eb\/"}}}"#;
    assert_eq!(kept(text), expected);
    let mut cache = read(text);
    cache.add(&sign_in("é").username("Zoë")).unwrap();
    assert!(write(&cache).is_ascii());
    assert_eq!(super::common::refresh_secrets(&cache, "c1"), ["RT-é"]);
}

#[test]
fn a_lone_surrogate_is_kept() {
    let text = r#"{"\ud800":1,"RefreshToken":{"\udc00":{"home_account_id":"\ud800","secret":"\ud800x","\ud800":2}}}"#;
    assert_eq!(kept(text), text);
    let cache = read(text);
    assert_eq!(&*cache.all_refresh_tokens().next().unwrap().secret(), "");
    let token = text.replace("RefreshToken", "AccessToken");
    let query = AccessTokenQuery::new("", [""; 0]);
    assert!(matches!(read(&token).access_token(&query), AccessTokenMatch::Missing), "it is not nobody's");
    let mut cache = read(&text.replace("RefreshToken", "Account"));
    let account = cache.accounts().next().map(|account| AccountId::from(&account).into_owned()).unwrap();
    assert_eq!((cache.account(&account).len(), cache.remove_account(&account)), (1, 1), "it is its own");
}

#[test]
fn numbers_that_no_machine_can_hold_are_kept_digit_by_digit() {
    let text =
        r#"{"x":123456789012345678901234567890.10,"y":-0.0,"z":1E+400,"AccessToken":{"k":{"n":1e-999}}}"#;
    assert_eq!(kept(text), text);
}

#[test]
fn a_user_name_is_never_null() {
    let nameless = response(&json!({"access_token": "AT", "client_info": client_info("u1", "t1")}));
    let entry = json!({"home_account_id": "u1.t1", "environment": COM, "realm": "t1", "username": null});
    for mut cache in [read(""), read_value(&json!({"Account": {"k": entry}}))] {
        cache.add(&nameless).unwrap();
        assert_eq!(only(&cache, "Account").1["username"], "");
    }
}
