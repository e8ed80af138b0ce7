//! No secret, and no whole name of a person, in what is shown.

use sealed_cache::{SecretBytes, SerializableCache, token_cache::TokenCache};
use serde_json::json;

use super::common::{client_info, id_token, read, response, u1, wanted};

#[test]
fn debug_shows_kinds_counts_and_expiry_only() {
    let answer = json!({
        "access_token": "SECRET-AT", "refresh_token": "SECRET-RT", "client_info": client_info("UID", "UTID"),
        "id_token": id_token(&json!({"sub": "SUBJECT", "preferred_username": "anna.somebody@contoso.test"})),
        "expires_in": 60, "scope": "User.Read",
    });
    let response = response(&answer).username("anna.somebody@contoso.test");
    let mut cache = read("");
    cache.add(&response).unwrap();
    let account = cache.accounts().next().unwrap();
    let shown = [
        format!("{cache:?} {response:?} {account:?} {:?}", cache.access_token(&wanted())),
        format!("{:?} {:?}", cache.access_tokens().next(), cache.all_refresh_tokens().next()),
        format!("{:?} {:?}", cache.all_id_tokens().next(), cache.app_metadata("c1", super::common::COM)),
        format!("{:?} {:?}", cache.access_tokens().next().unwrap().secret(), u1()),
        format!("{:?}", wanted()),
    ]
    .join(" ");
    for hidden in ["SECRET", "somebody", "UID", "SUBJECT", "u1.t1", "anna"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    for told in ["AccessToken: 1", "expires_on: Some(1790000060)", "a..@contoso.test", "SecretText(..)"] {
        assert!(shown.contains(told), "{told} not in {shown}");
    }
}

#[test]
fn a_user_name_is_masked_whatever_it_looks_like() {
    for (username, masked) in [("", "\"..\""), ("bob", "b.."), ("é@ö.test", "é..@ö.test"), ("@x", "..@x")]
    {
        let cache = super::common::read_value(&json!({"Account": {"k": {"username": username}}}));
        let shown = format!("{:?}", cache.accounts().next().unwrap());
        assert!(shown.contains(masked), "{username}: {shown}");
    }
}

/// .NET writes `+` as `\u002B`.
#[test]
fn a_secret_that_was_written_with_escapes_is_read_without() {
    let cache = read(r#"{"RefreshToken":{"k":{"secret":"a\u002Bb\/c\"d\ud83d\ude00"}}}"#);
    let token = cache.all_refresh_tokens().next().unwrap();
    assert_eq!(&*token.secret(), "a+b/c\"d😀");
    assert_eq!(*token.secret().to_zeroizing(), "a+b/c\"d😀");
}

/// What a reader of JSON believes.
#[test]
fn of_duplicate_secrets_the_last_one_is_read_and_replaced() {
    let text = r#"{"RefreshToken":{"k":{"secret":"first","secret":"last","home_account_id":"u1.t1","environment":"login.microsoftonline.com","client_id":"c1"}}}"#;
    let mut cache = read(text);
    assert_eq!(super::common::refresh_secrets(&cache, "c1"), ["last"]);
    cache.add(&super::common::sign_in("new")).unwrap();
    let text = super::common::write(&cache);
    assert!(!text.contains("first") && !text.contains("last\"") && text.contains("RT-new"), "{text}");
}

#[test]
fn the_cache_can_be_shared_between_threads() {
    fn is_shareable<T: Send + Sync + 'static>(_: &T) {}
    is_shareable(&TokenCache::deserialize(SecretBytes::new()).unwrap());
}
