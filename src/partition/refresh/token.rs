//! [`AcquiredToken`]: a token that is good, and where it came from.

use std::{fmt, time::SystemTime};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    TokenCache,
    cache::token_cache::{AccessToken, AccessTokenMatch, AccessTokenQuery},
};

/// An access token that is good, and where it came from. It is wiped when it is dropped; `Debug` does not show it.
///
/// ```
/// # use sealed_cache::partition::{AcquiredToken, TokenSource};
/// # fn example(token: &AcquiredToken) {
/// let header = format!("{} {}", token.token_type(), token.secret());
/// if token.source() == TokenSource::Issuer && !token.is_stored() {
///     // It is good, and the next request will have to get another one.
/// }
/// # let _ = header;
/// # }
/// ```
#[derive(Clone)]
pub struct AcquiredToken {
    secret: Zeroizing<String>,
    token_type: String,
    expires_on: Option<SystemTime>,
    source: TokenSource,
    is_stored: bool,
}

/// Where a token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenSource {
    /// It was in the cache.
    Cache,
    /// It was in the cache once it was this call's turn: another caller or node had got it meanwhile.
    Meanwhile,
    /// The issuer gave it.
    Issuer,
}

impl AcquiredToken {
    pub(super) fn new(token: AccessToken<'_>, source: TokenSource) -> Self {
        Self {
            secret: token.secret().to_zeroizing(),
            token_type: token.token_type().into_owned(),
            expires_on: token.expires_on(),
            source,
            is_stored: true,
        }
    }

    pub(super) const fn not_stored(mut self) -> Self {
        self.is_stored = false;
        self
    }

    /// The token, for the `Authorization` header.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// `Bearer`, usually; empty if the cache does not say.
    #[must_use]
    pub fn token_type(&self) -> &str {
        &self.token_type
    }

    /// Until when it is good.
    #[must_use]
    pub const fn expires_on(&self) -> Option<SystemTime> {
        self.expires_on
    }

    /// Where it came from.
    #[must_use]
    pub const fn source(&self) -> TokenSource {
        self.source
    }

    /// Whether the engine has it. If it does not, only this process knows it, and the refresh token that came with it: if
    /// the issuer rotates them, and another node refreshes before the engine is back, the person has to sign in again.
    #[must_use]
    pub const fn is_stored(&self) -> bool {
        self.is_stored
    }
}

impl fmt::Debug for AcquiredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquiredToken")
            .field("expires_on", &self.expires_on)
            .field("source", &self.source)
            .field("is_stored", &self.is_stored)
            .finish_non_exhaustive()
    }
}

/// Which token it is, whatever it is worth.
pub(super) type Fingerprint = [u8; 32];

pub(super) fn fingerprint(cache: &TokenCache, wanted: &AccessTokenQuery) -> Option<Fingerprint> {
    match cache.access_token(wanted) {
        AccessTokenMatch::Fresh(token)
        | AccessTokenMatch::RefreshSoon(token)
        | AccessTokenMatch::Expired(token) => Some(Sha256::digest(token.secret().as_bytes()).into()),
        AccessTokenMatch::Missing => None,
    }
}
