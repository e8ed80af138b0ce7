//! The identity provider as the application sees it, and the API that it calls. An application takes this from a library.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use sealed_cache::{
    TokenCache,
    partition::{HomeAccountId, RefreshFailure},
    token_cache::{AccessTokenQuery, AccountId, TokenResponse},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use ureq::Agent;
use zeroize::Zeroizing;

pub(crate) const CLIENT_ID: &str = "sealed-cache-web-app";
/// The host name of the provider and its one tenant, as they are recorded in token caches.
pub(crate) const CLOUD: &str = "127.0.0.1";
const TENANT: &str = "t1";
const SCOPES: &str = "openid offline_access user.read";

#[derive(Clone)]
pub(crate) struct Issuer {
    agent: Agent,
    url: String,
    redirect_uri: String,
}

/// A sign-in that was begun: it stays in the session until the browser comes back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) state: String,
    nonce: String,
    verifier: String,
}

/// Why the provider or the API did not do it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// With an OAuth error code.
    Refused(String),
    Unreachable,
}

impl Issuer {
    pub(crate) fn new(url: &str, application: &str) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(20)))
            .http_status_as_error(false) // the provider says in JSON what is wrong
            .proxy(None) // it is on this machine; a real application leaves this line out
            .build();
        Self { agent: config.into(), url: url.to_owned(), redirect_uri: format!("{application}/callback") }
    }

    /// Where to send the browser.
    pub(crate) fn authorization_url(&self, begun: &Begun) -> String {
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(&begun.verifier));
        format!(
            "{}/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri={}&scope={}&client_info=1&state={}&nonce={}\
             &code_challenge={challenge}&code_challenge_method=S256",
            self.url,
            self.redirect_uri.replace(':', "%3A").replace('/', "%2F"),
            SCOPES.replace(' ', "+"),
            begun.state,
            begun.nonce
        )
    }

    /// The tokens for a code, and whose they are.
    pub(crate) async fn redeem(
        &self,
        code: String,
        begun: Begun,
    ) -> Result<(TokenResponse, HomeAccountId), Failure> {
        let form = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", self.redirect_uri.clone()),
            ("code_verifier", begun.verifier),
        ];
        let answer = self.post("token", form).await?;
        if !claims(&answer).is_some_and(|claims| self.vouches(&claims, &begun.nonce)) {
            return Err(Failure::Refused("an id token that is not of this sign-in".into()));
        }
        let response = understood(&answer)?.grant_type("authorization_code");
        let person = HomeAccountId::of_response(&response).map_err(|_| Failure::Unreachable)?;
        Ok((response, person))
    }

    /// Whether an id token is of this provider, for this application, still good, and of this very sign-in. It came straight from
    /// the provider, so that its signature need not be checked (OpenID Connect Core, section 3.1.3.7).
    fn vouches(&self, claims: &Value, nonce: &str) -> bool {
        let expires = Duration::from_secs(claims["exp"].as_u64().unwrap_or_default());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        claims["iss"] == self.url && claims["aud"] == CLIENT_ID && expires > now && claims["nonce"] == nonce
    }

    /// Fresh tokens for the refresh token of a cache: what `PartitionedCaches::token` calls if it has to.
    pub(crate) async fn refresh(self, cache: TokenCache) -> Result<TokenResponse, RefreshFailure> {
        let Some(token) = refresh_token(&cache) else { return Err(RefreshFailure::invalid_grant()) };
        let form = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_string())];
        let answer = self.post("token", form).await.and_then(|answer| understood(&answer));
        answer.map_err(|failure| match failure {
            Failure::Refused(code) if code == "invalid_grant" => RefreshFailure::invalid_grant(),
            Failure::Refused(code) => RefreshFailure::refused(code),
            Failure::Unreachable => RefreshFailure::temporary("the identity provider cannot be reached"),
        })
    }

    /// Tell the provider that somebody has signed out.
    pub(crate) async fn revoke(&self, token: Zeroizing<String>) -> Result<(), Failure> {
        let form = [("token", token.to_string()), ("token_type_hint", "refresh_token".to_owned())];
        self.post("revoke", form).await.map(drop)
    }

    /// A call of a protected API.
    pub(crate) async fn user_info(&self, access_token: &str) -> Result<Value, Failure> {
        let (agent, url) = (self.agent.clone(), format!("{}/userinfo", self.url));
        let bearer = Zeroizing::new(format!("Bearer {access_token}"));
        off_the_runtime(move || agent.get(url).header("Authorization", &*bearer).call())
            .await
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|_| Failure::Unreachable))
    }

    async fn post<const N: usize>(
        &self,
        endpoint: &str,
        form: [(&'static str, String); N],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let (agent, url) = (self.agent.clone(), format!("{}/{endpoint}", self.url));
        let form: Vec<_> = [("client_id", CLIENT_ID.to_owned())].into_iter().chain(form).collect();
        off_the_runtime(move || agent.post(url).send_form(form)).await
    }
}

impl Begun {
    pub(crate) fn new() -> Self {
        Self { state: random(), nonce: random(), verifier: random() }
    }
}

/// The token for the API, of this person.
pub(crate) fn wanted(person: &HomeAccountId) -> AccessTokenQuery {
    AccessTokenQuery::new(CLIENT_ID, ["user.read"])
        .account(&AccountId::new(person.as_str(), CLOUD))
        .realm(TENANT)
}

pub(crate) fn refresh_token(cache: &TokenCache) -> Option<Zeroizing<String>> {
    cache.all_refresh_tokens().next().map(|token| token.secret().to_zeroizing())
}

fn understood(answer: &[u8]) -> Result<TokenResponse, Failure> {
    let response = TokenResponse::from_json(CLIENT_ID, answer).map_err(|_| Failure::Unreachable)?;
    Ok(response.environment(CLOUD).realm(TENANT))
}

/// What the id token says.
fn claims(answer: &[u8]) -> Option<Value> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let claims = Base64UrlUnpadded::decode_vec(answer["id_token"].as_str()?.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// The HTTP client of the examples blocks.
async fn off_the_runtime(
    call: impl FnOnce() -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let called = tokio::task::spawn_blocking(move || {
        let mut response = call()?;
        let body = Zeroizing::new(response.body_mut().read_to_vec()?);
        Ok::<_, ureq::Error>((response.status().is_success(), body))
    });
    match called.await {
        Ok(Ok((true, body))) => Ok(body),
        Ok(Ok((false, body))) => Err(refusal(&body)),
        Ok(Err(_)) | Err(_) => Err(Failure::Unreachable),
    }
}

fn refusal(body: &[u8]) -> Failure {
    let code =
        serde_json::from_slice::<Value>(body).ok().and_then(|body| body["error"].as_str().map(str::to_owned));
    match code {
        Some(code) if code != "server_error" => Failure::Refused(code),
        _ => Failure::Unreachable,
    }
}

/// 256 random bits.
fn random() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    Base64UrlUnpadded::encode_string(&bytes)
}
