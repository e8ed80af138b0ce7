//! Who it is: `client_info` and the claims of an id token, read without verification.
//!
//! A cache only files tokens. The claims say under which name; whoever relies on them must have verified the id token.

use std::borrow::Cow;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::{
    response::Answer,
    text::{self, Members, scalar, skip_whitespace},
};

/// The claims of an id token that name somebody.
#[derive(Default)]
pub(super) struct Claims {
    oid: Option<String>,
    sub: Option<String>,
    preferred_username: Option<String>,
    upn: Option<String>,
}

impl Claims {
    pub(super) fn of(answer: &Answer) -> Self {
        let payload = answer.id_token.as_deref().and_then(|token| token.split('.').nth(1));
        let Some(json) = payload.and_then(decoded) else { return Self::default() };
        let [oid, sub, preferred_username, upn] =
            ["oid", "sub", "preferred_username", "upn"].map(|claim| member(&json, claim));
        Self { oid, sub, preferred_username, upn }
    }

    /// Who it is in the tenant.
    pub(super) fn local_account_id(&self) -> Option<&str> {
        self.oid.as_deref().or(self.sub.as_deref())
    }

    /// What the person knows it by.
    pub(super) fn username(&self) -> Option<&str> {
        let mut names = [&self.preferred_username, &self.upn].into_iter().filter_map(Option::as_deref);
        names.find(|name| !name.is_empty())
    }
}

/// The `uid` and `utid` of a `client_info`, as it came from the issuer.
#[cfg(feature = "server")]
pub(crate) fn client_info(text: &str) -> Option<(String, String)> {
    let json = decoded(text)?;
    Some((member(&json, "uid")?, member(&json, "utid")?))
}

/// `uid.utid` from `client_info`; without that the owner that is known, or else the subject of the id token; for an
/// application itself, nobody.
pub(super) fn home_account_id(answer: &Answer, claims: &Claims, owner: Option<&str>) -> Option<String> {
    let info = answer.client_info.as_deref().and_then(|info| decoded(info)).unwrap_or_default();
    match (member(&info, "uid"), member(&info, "utid")) {
        (Some(uid), Some(utid)) => Some(format!("{uid}.{utid}")),
        _ => owner.or(claims.sub.as_deref()).map(str::to_owned),
    }
}

/// The JSON in base64url, with or without padding.
fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let json = Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')).ok()?;
    let json = Zeroizing::new(String::from_utf8(json).ok()?);
    serde_json::from_str::<IgnoredAny>(&json).ok()?;
    Some(json)
}

fn member(json: &str, name: &str) -> Option<String> {
    let start = skip_whitespace(json.as_bytes(), 0);
    let (_, value) = Members::of(json, start).texts().filter(|(key, _)| text::name(key) == name).last()?;
    scalar(value).map(Cow::into_owned)
}
