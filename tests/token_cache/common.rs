//! Texts to caches and back, and the token responses of the tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use sealed_cache::{
    Result, SecretBytes, SerializableCache,
    token_cache::{AccessTokenMatch, AccessTokenQuery, AccountId, TokenCache, TokenResponse},
};
use serde_json::{Value, json};

pub(crate) const COM: &str = "login.microsoftonline.com";
/// The time of all tests, in seconds since 1970.
pub(crate) const NOW: u64 = 1_790_000_000;

pub(crate) fn try_read(text: &str) -> Result<TokenCache> {
    TokenCache::deserialize(SecretBytes::from(text.as_bytes()))
}

pub(crate) fn read(text: &str) -> TokenCache {
    try_read(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn read_value(value: &Value) -> TokenCache {
    read(&value.to_string())
}

pub(crate) fn write(cache: &TokenCache) -> String {
    let bytes = cache.serialize().expect("a token cache can always be written");
    String::from_utf8(bytes.to_vec()).expect("ASCII")
}

pub(crate) fn value(cache: &TokenCache) -> Value {
    serde_json::from_str(&write(cache)).expect("what we write is JSON")
}

/// The keys of a section, in order.
pub(crate) fn keys(cache: &TokenCache, section: &str) -> Vec<String> {
    let value = value(cache);
    value[section].as_object().map(|section| section.keys().cloned().collect()).unwrap_or_default()
}

/// The only entry of a section.
pub(crate) fn only(cache: &TokenCache, section: &str) -> (String, Value) {
    let value = value(cache);
    let entries = value[section].as_object().unwrap_or_else(|| panic!("no section {section}"));
    assert_eq!(entries.len(), 1, "{section} has one entry");
    let (key, entry) = entries.iter().next().unwrap();
    (key.clone(), entry.clone())
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn base64(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

pub(crate) fn client_info(uid: &str, utid: &str) -> String {
    base64(&json!({"uid": uid, "utid": utid}).to_string())
}

pub(crate) fn id_token(claims: &Value) -> String {
    format!("h.{}.s", base64(&claims.to_string()))
}

/// The person of most tests.
pub(crate) fn u1() -> AccountId<'static> {
    AccountId::new("u1.t1", COM)
}

/// A response to `c1` in the tenant `t1`, from these members.
pub(crate) fn response(answer: &Value) -> TokenResponse {
    TokenResponse::from_json("c1", answer.to_string().as_bytes())
        .expect("a response with tokens")
        .token_endpoint("https://login.microsoftonline.com/t1/oauth2/v2.0/token")
        .received_at(at(NOW))
}

/// A response with everything that a person's sign-in brings.
pub(crate) fn sign_in(secret: &str) -> TokenResponse {
    response(&json!({
        "access_token": format!("AT-{secret}"),
        "refresh_token": format!("RT-{secret}"),
        "id_token": id_token(&json!({"sub": "s1", "oid": "u1", "preferred_username": "a@contoso.test"})),
        "client_info": client_info("u1", "t1"),
        "expires_in": 3600,
        "scope": "User.Read",
        "token_type": "Bearer",
    }))
    .grant_type("authorization_code")
}

/// The wish for `User.Read` of `u1` in `t1`.
pub(crate) fn wanted() -> AccessTokenQuery {
    AccessTokenQuery::new("c1", ["User.Read"]).account(&u1()).realm("t1").at(at(NOW))
}

pub(crate) fn secret(found: AccessTokenMatch<'_>) -> Option<String> {
    found.valid().map(|token| token.secret().to_string())
}

/// The secrets of the refresh tokens that may serve `c1`, the best first.
pub(crate) fn refresh_secrets(cache: &TokenCache, client_id: &str) -> Vec<String> {
    cache.refresh_tokens(client_id, u1()).iter().map(|token| token.secret().to_string()).collect()
}
