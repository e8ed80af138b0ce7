//! [`TokenResponse`]: what an authorization server answered, and what was asked, ready to be added to a cache.

use std::{
    borrow::Cow,
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::{
    extended_key,
    text::{Members, name, scalar, seconds},
};
use crate::{Error, ErrorKind, Result};

type Secret = Zeroizing<String>;

/// The answer of a token endpoint ([RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)), with
/// what the answer does not say: the application, the authority, the scopes that were asked for, the time.
///
/// It is what MSAL calls the event of `TokenCache.add`.
///
/// # Security
///
/// Tokens are wiped when it is dropped; `Debug` shows none.
///
/// # Examples
///
/// ```
/// use sealed_cache::token_cache::{TokenCache, TokenResponse};
///
/// let answer = br#"{"access_token":"AT","refresh_token":"RT","expires_in":3599,"scope":"User.Read"}"#;
/// let response = TokenResponse::from_json("client-id", answer)?
///     .token_endpoint("https://login.microsoftonline.com/contoso/oauth2/v2.0/token")
///     .grant_type("authorization_code");
/// let mut cache = TokenCache::new();
/// cache.add(&response)?;
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone)]
pub struct TokenResponse {
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) environment: String,
    pub(super) realm: String,
    pub(super) grant_type: String,
    pub(super) username: String,
    pub(super) authority_type: Option<String>,
    pub(super) home_account_id: Option<String>,
    /// Whose tokens they are, if `client_info` does not tell: known better than the subject of the id token.
    pub(super) owner: Option<String>,
    /// A hash of the claims that were asked for.
    pub(super) claims: Option<String>,
    pub(super) local_account_id: Option<String>,
    pub(super) key_id: Option<String>,
    pub(super) extended_key: String,
    pub(super) skip_account_creation: bool,
    pub(super) received_at: SystemTime,
    pub(super) answer: Answer,
}

/// The members of the answer that a cache is interested in.
#[derive(Clone, Default)]
pub(super) struct Answer {
    pub(super) access_token: Option<Secret>,
    pub(super) refresh_token: Option<Secret>,
    pub(super) id_token: Option<Secret>,
    pub(super) client_info: Option<Secret>,
    pub(super) token_type: Option<String>,
    pub(super) foci: Option<String>,
    scope: Option<String>,
    error: Option<String>,
    pub(super) expires_in: Option<u64>,
    pub(super) expires_on: Option<u64>,
    pub(super) ext_expires_in: Option<u64>,
    pub(super) refresh_in: Option<u64>,
}

impl Answer {
    /// Read without copies of the tokens in between. A member that is empty or of an unexpected type counts as absent.
    fn read(answer: &[u8]) -> Result<Self> {
        let text = valid_object(answer)?;
        let mut read = Self::default();
        for (key, value) in Members::of(text, 0).texts() {
            let text = || scalar(value).map(Cow::into_owned).filter(|text| !text.is_empty());
            match &*name(key) {
                "access_token" => read.access_token = text().map(Zeroizing::new),
                "refresh_token" => read.refresh_token = text().map(Zeroizing::new),
                "id_token" => read.id_token = text().map(Zeroizing::new),
                "client_info" => read.client_info = text().map(Zeroizing::new),
                "token_type" => read.token_type = text(),
                "foci" => read.foci = text(),
                "scope" => read.scope = text(),
                "error" => read.error = text(),
                "expires_in" => read.expires_in = seconds(value),
                "expires_on" => read.expires_on = seconds(value),
                "ext_expires_in" => read.ext_expires_in = seconds(value),
                "refresh_in" => read.refresh_in = seconds(value),
                _ => {}
            }
        }
        Ok(read)
    }
}

impl TokenResponse {
    /// The answer of the token endpoint to this application, as it came: a JSON object, UTF-8. It is taken to have
    /// been received now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidContents`] if it is not a JSON object, or holds no token; the message names the OAuth
    /// error code (`invalid_grant`), if there is one.
    pub fn from_json(client_id: impl Into<String>, answer: &[u8]) -> Result<Self> {
        let answer = Answer::read(answer)?;
        if answer.access_token.is_none() && answer.refresh_token.is_none() && answer.id_token.is_none() {
            return Err(without_token(&answer));
        }
        Ok(Self::with(client_id.into(), answer))
    }

    /// An access token that this application got by other means, and that is good for so many seconds from now.
    pub fn of_access_token(client_id: impl Into<String>, token: impl Into<String>, expires_in: u64) -> Self {
        let token = Some(Zeroizing::new(token.into()));
        Self::with(
            client_id.into(),
            Answer { access_token: token, expires_in: Some(expires_in), ..Answer::default() },
        )
    }

    fn with(client_id: String, answer: Answer) -> Self {
        let scopes = split(answer.scope.as_deref());
        Self {
            client_id,
            scopes,
            environment: String::new(),
            realm: String::new(),
            grant_type: String::new(),
            username: String::new(),
            authority_type: None,
            home_account_id: None,
            owner: None,
            claims: None,
            local_account_id: None,
            key_id: None,
            extended_key: String::new(),
            skip_account_creation: false,
            received_at: SystemTime::now(),
            answer,
        }
    }

    /// The scopes that were asked for. They count only if the answer does not say which ones were granted.
    #[must_use]
    pub fn requested_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        if self.answer.scope.is_none() {
            self.scopes = split(scopes);
        }
        self
    }

    /// Where the answer came from: `https://HOST/TENANT/..`. It says the environment and the realm.
    #[must_use]
    pub fn token_endpoint(self, url: &str) -> Self {
        let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
        let mut parts = after_scheme.split(['/', '?', '#']);
        let (host, realm) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        // The name of the cloud is the host without user or port.
        let host = host.rsplit('@').next().unwrap_or_default();
        let host = match host.strip_prefix('[') {
            Some(ip_v6) => ip_v6.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        self.environment(host).realm(realm)
    }

    /// The host name of the cloud, if not that of the token endpoint.
    #[must_use]
    pub fn environment(mut self, host: &str) -> Self {
        self.environment = host.to_ascii_lowercase();
        self
    }

    /// The tenant, if not that of the token endpoint.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// The grant: `authorization_code`, `refresh_token`, `client_credentials`, ... Those by which a person signs in are
    /// recorded with the account.
    #[must_use]
    pub fn grant_type(mut self, grant_type: impl Into<String>) -> Self {
        self.grant_type = grant_type.into();
        self
    }

    /// The name that the person typed, for answers whose id token does not tell one.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = username.into();
        self
    }

    /// `MSSTS` or `ADFS`, if not what the realm suggests.
    #[must_use]
    pub fn authority_type(mut self, authority_type: impl Into<String>) -> Self {
        self.authority_type = Some(authority_type.into());
        self
    }

    /// Whose tokens they are, for an answer that does not tell: many issuers send neither `client_info` nor an id token
    /// when they refresh. Without it such tokens are filed under nobody, as those of the application itself are.
    #[must_use]
    pub fn home_account_id(mut self, id: impl Into<String>) -> Self {
        self.home_account_id = Some(id.into());
        self
    }

    /// Who it is in the tenant, if not what the id token says.
    #[must_use]
    pub fn local_account_id(mut self, id: impl Into<String>) -> Self {
        self.local_account_id = Some(id.into());
        self
    }

    /// The key that a proof-of-possession token is bound to.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Extra parameters of the request which make the access token another one (`fmi_path`): a token that was asked for
    /// with some is only found with the same ones.
    #[must_use]
    pub fn extra_parameters<'a>(mut self, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.extended_key = extended_key::of(parameters);
        self
    }

    /// Whether to leave the accounts as they are: for tokens that a service got on behalf of somebody.
    #[must_use]
    pub const fn skip_account_creation(mut self, skip: bool) -> Self {
        self.skip_account_creation = skip;
        self
    }

    /// When the answer was received, if not now. All expiries count from then.
    #[must_use]
    pub const fn received_at(mut self, at: SystemTime) -> Self {
        self.received_at = at;
        self
    }

    /// What the answer says of who it is, as it came.
    #[cfg(feature = "server")]
    pub(crate) fn client_info(&self) -> Option<&str> {
        self.answer.client_info.as_ref().map(|info| info.as_str())
    }

    /// Of this account, unless `client_info` says otherwise.
    #[cfg(feature = "server")]
    pub(crate) fn owned_by(mut self, id: String) -> Self {
        self.owner = Some(id);
        self
    }

    /// Asked for with the claims of this hash, which is kept with the access token.
    #[cfg(feature = "server")]
    pub(crate) fn asked_with_claims(mut self, hash: Option<String>) -> Self {
        self.claims = hash;
        self
    }

    pub(super) fn now(&self) -> u64 {
        self.received_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// Scopes in order, with one space between them.
    pub(super) fn target(&self) -> String {
        let mut scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes.join(" ")
    }
}

/// Scopes one by one, where a text may hold several with spaces between them.
pub(super) fn split<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Vec<String> {
    let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
    scopes.iter().flat_map(|scopes| scopes.split_ascii_whitespace()).map(str::to_owned).collect()
}

/// Only a code of the form that RFC 6749 allows is repeated.
fn without_token(answer: &Answer) -> Error {
    let code = answer.error.as_deref().unwrap_or_default();
    let is_code =
        (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let what = if is_code {
        Cow::Owned(format!("the token response is the error `{code}`"))
    } else {
        Cow::Borrowed("the token response holds no token")
    };
    Error::new(ErrorKind::InvalidContents, what).with_remedy("only successful answers belong into a cache")
}

/// The text of a JSON object.
fn valid_object(json: &[u8]) -> Result<&str> {
    let text =
        std::str::from_utf8(json).map_err(|_| unexpected("the token response is not UTF-8"))?.trim_ascii();
    // serde_json's words about what it does not expect here never quote the text.
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| unexpected(format!("the token response is not JSON: {error}")))?;
    if text.starts_with('{') {
        return Ok(text);
    }
    Err(unexpected("the token response is not a JSON object"))
}

fn unexpected(what: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidContents, what).with_remedy(
        "give it the body of the token endpoint's answer as it came; is it a proxy's error page?",
    )
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("client_id", &self.client_id)
            .field("environment", &self.environment)
            .field("realm", &self.realm)
            .field("scopes", &self.scopes.len())
            .field("grant_type", &self.grant_type)
            .finish_non_exhaustive()
    }
}
