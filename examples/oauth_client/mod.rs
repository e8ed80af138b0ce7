//! The OAuth 2.0 client of the examples: what an application would take from a library, or from its provider's SDK.

#![allow(dead_code, reason = "each example uses a part of it")]

use std::{
    error::Error,
    fmt, thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ureq::{Agent, Body, http::Response};
use zeroize::Zeroizing;

/// How long a request may take. Give `.lock_timeout(..)` more than that: who waits for the lock may be waiting for
/// somebody else's request.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// An access token with less time left than this counts as expired: it might not survive the journey.
const MARGIN: u64 = 60;

const CLIENT_ID: &str = "sealed-cache-examples";
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a sign-in or a refresh brings, and what is kept in the cache. The secrets wipe themselves, and there is no
/// `Debug` that could show them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) user: String,
    pub(crate) access_token: Zeroizing<String>,
    pub(crate) refresh_token: Zeroizing<String>,
    /// When the access token expires, in seconds since 1970.
    pub(crate) expires_at: u64,
}

impl Tokens {
    /// For how long the access token can still be used: `None` if it has to be refreshed.
    pub(crate) fn good_for(&self) -> Option<Duration> {
        let left = self.expires_at.saturating_sub(now());
        (left > MARGIN).then(|| Duration::from_secs(left))
    }
}

/// Talks to one provider.
pub(crate) struct OAuthClient {
    agent: Agent,
    provider: String,
}

/// What to tell the person who signs in.
#[derive(Deserialize)]
pub(crate) struct DeviceCode {
    pub(crate) user_code: String,
    pub(crate) verification_uri: String,
    device_code: Zeroizing<String>,
    interval: u64,
}

impl OAuthClient {
    pub(crate) fn new(provider: impl Into<String>) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(REQUEST_TIMEOUT))
            .http_status_as_error(false) // the provider says in JSON what is wrong
            .proxy(None) // the provider of the examples is on this machine; a real application leaves this line out
            .build();
        Self { agent: config.into(), provider: provider.into() }
    }

    /// Begin to sign in: the person is to type the code at the address.
    pub(crate) fn begin_sign_in(&self) -> Result<DeviceCode, OAuthError> {
        self.post(
            "device_authorization",
            &[("client_id", CLIENT_ID), ("scope", "openid offline_access user.read")],
        )
    }

    /// Wait until the person has typed the code.
    pub(crate) fn finish_sign_in(&self, code: &DeviceCode) -> Result<Tokens, OAuthError> {
        let mut interval = Duration::from_secs(code.interval);
        loop {
            thread::sleep(interval);
            match self.token(&[("grant_type", DEVICE_CODE_GRANT), ("device_code", &code.device_code)]) {
                Err(OAuthError::Refused { code, .. }) if code == "authorization_pending" => {}
                Err(OAuthError::Refused { code, .. }) if code == "slow_down" => {
                    interval += Duration::from_secs(5);
                }
                result => return result,
            }
        }
    }

    /// New tokens for a refresh token, which is used up by this. Call it under the lock of the cache.
    pub(crate) fn refresh(&self, refresh_token: &str) -> Result<Tokens, OAuthError> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    /// Tell the provider that a refresh token is not needed any more.
    pub(crate) fn revoke(&self, refresh_token: &str) -> Result<(), OAuthError> {
        let form = [("client_id", CLIENT_ID), ("token", refresh_token), ("token_type_hint", "refresh_token")];
        self.post::<serde_json::Value>("revoke", &form).map(drop)
    }

    /// Ask the provider whose access token it is: a call of an API with an access token.
    pub(crate) fn user(&self, access_token: &str) -> Result<String, OAuthError> {
        let bearer = Zeroizing::new(format!("Bearer {access_token}"));
        let request = self.agent.get(format!("{}/userinfo", self.provider)).header("Authorization", &*bearer);
        Ok(answer::<Claims>(request.call()?)?.preferred_username)
    }

    fn token(&self, grant: &[(&str, &str)]) -> Result<Tokens, OAuthError> {
        let form = [&[("client_id", CLIENT_ID)], grant].concat();
        let answer: TokenAnswer = self.post("token", &form)?;
        Ok(Tokens {
            user: user(&answer.id_token).ok_or(OAuthError::NotUnderstood)?,
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            expires_at: now() + answer.expires_in,
        })
    }

    fn post<T: DeserializeOwned>(&self, endpoint: &str, form: &[(&str, &str)]) -> Result<T, OAuthError> {
        let request = self.agent.post(format!("{}/{endpoint}", self.provider));
        answer(request.send_form(form.iter().copied())?)
    }
}

/// The play is short of a person: this is the browser, the typing and the "yes, it is me".
pub(crate) fn play_the_person(code: &DeviceCode) -> Result<(), OAuthError> {
    let client = OAuthClient::new(&code.verification_uri);
    client.agent.post(&client.provider).send_form([("user_code", &code.user_code)])?;
    Ok(())
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Zeroizing<String>,
    refresh_token: Zeroizing<String>,
    id_token: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct Claims {
    preferred_username: String,
}

/// Who signed in, from the identity token. It came straight from the provider, so its signature need not be checked
/// (OpenID Connect Core, section 3.1.3.7).
fn user(id_token: &str) -> Option<String> {
    let claims = Base64UrlUnpadded::decode_vec(id_token.split('.').nth(1)?).ok()?;
    Some(serde_json::from_slice::<Claims>(&claims).ok()?.preferred_username)
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

fn answer<T: DeserializeOwned>(mut response: Response<Body>) -> Result<T, OAuthError> {
    let succeeded = response.status().is_success();
    let body = response.body_mut();
    if succeeded {
        return Ok(body.read_json()?);
    }
    let refusal: Refusal = body.read_json()?;
    Err(OAuthError::Refused { code: refusal.error, description: refusal.error_description })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Why there are no tokens.
#[derive(Debug)]
pub(crate) enum OAuthError {
    /// The provider said no, with an error code of RFC 6749.
    Refused { code: String, description: String },
    /// The provider's answer makes no sense.
    NotUnderstood,
    /// The provider was not reached.
    Unreachable(ureq::Error),
}

impl OAuthError {
    /// Whether the refresh token is worth nothing any more, so that the person has to sign in again.
    pub(crate) fn needs_sign_in(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "invalid_grant")
    }
}

impl From<ureq::Error> for OAuthError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Json(_) => Self::NotUnderstood,
            error => Self::Unreachable(error),
        }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, description } => {
                write!(f, "the identity provider refused: {description} ({code})")
            }
            Self::NotUnderstood => f.write_str("the identity provider gave an answer that makes no sense"),
            Self::Unreachable(error) => write!(f, "the identity provider cannot be reached: {error}"),
        }
    }
}

impl Error for OAuthError {}
