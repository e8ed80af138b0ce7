//! [`HomeAccountId`]: who it is in all tenants.

use std::fmt;

use crate::{
    Error, ErrorKind, Result,
    cache::token_cache::{Account, TokenResponse, client_info},
};

/// Who it is in all tenants: `uid.utid`.
///
/// There is no way to make one of the `oid` and `tid` of an id token: for a guest they are other values, and the partition
/// would never be found again.
///
/// # Security
///
/// It is personal data: `Debug` does not show it.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::HomeAccountId;
///
/// // {"uid":"u1","utid":"t1"}, as the token endpoint sends it with `client_info=1`.
/// let id = HomeAccountId::from_client_info("eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9")?;
/// assert_eq!(id.as_str(), "u1.t1");
/// assert_eq!(format!("{id:?}"), "HomeAccountId(..)");
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HomeAccountId(String);

/// Of either half, in bytes.
const LONGEST: usize = 256;

impl HomeAccountId {
    /// The one that this `client_info` names: base64url of a JSON object with `uid` and `utid`, as the issuer sent it.
    ///
    /// # Errors
    ///
    /// [`InvalidContents`](ErrorKind::InvalidContents) if it is anything else. The message does not quote it.
    pub fn from_client_info(text: &str) -> Result<Self> {
        let Some((uid, utid)) = client_info(text) else {
            return Err(unusable("the `client_info` is not base64url of an object with `uid` and `utid`"));
        };
        // With a dot in both halves, two people could have one id.
        if !is_sound(&uid) || !is_sound(&utid) || utid.contains('.') {
            return Err(unusable("the `uid` or `utid` of the `client_info` cannot be an id"));
        }
        Ok(Self(format!("{uid}.{utid}")))
    }

    /// The one that the `client_info` of this answer names.
    ///
    /// # Errors
    ///
    /// As [`from_client_info`](Self::from_client_info), also if the answer has none.
    pub fn of_response(response: &TokenResponse) -> Result<Self> {
        let info = response.client_info();
        info.ok_or_else(|| unusable("the token response has no `client_info`"))
            .and_then(Self::from_client_info)
    }

    /// The one of an account of a [`TokenCache`](crate::TokenCache).
    ///
    /// # Errors
    ///
    /// [`InvalidContents`](ErrorKind::InvalidContents) if the account has none.
    pub fn of_account(account: &Account<'_>) -> Result<Self> {
        let id = account.home_account_id();
        if id.len() > 2 * LONGEST || !is_sound_text(&id) {
            return Err(unusable("the account has no home account id"));
        }
        Ok(Self(id.into_owned()))
    }

    /// One that was kept as text by this crate.
    #[cfg(feature = "sessions")]
    pub(super) fn remembered(text: String) -> Option<Self> {
        (text.len() <= 2 * LONGEST && is_sound_text(&text)).then_some(Self(text))
    }

    /// The same as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_sound(half: &str) -> bool {
    half.len() <= LONGEST && is_sound_text(half)
}

fn is_sound_text(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|letter| letter.is_control() || letter.is_whitespace())
}

fn unusable(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidContents, what).with_remedy(
        "ask the token endpoint for it with `client_info=1`, or take the id of an account of the cache",
    )
}

impl fmt::Debug for HomeAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HomeAccountId(..)")
    }
}
