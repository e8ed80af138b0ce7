//! The provider's endpoints.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Provider, authorize,
    families::{Families, Issued, Refused, random},
    people::PEOPLE,
};

pub(super) fn routes(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/authorize", get(authorize::page).post(authorize::decide))
        .route("/device_authorization", post(device_authorization))
        .route("/device", post(approve))
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .route("/userinfo", get(userinfo))
        .with_state(provider)
}

/// The sign-ins that were begun and not finished, by device code.
pub(super) type SignIns = Mutex<HashMap<String, SignIn>>;

pub(super) struct SignIn {
    user_code: String,
    approved: bool,
    ends: Instant,
    /// When the client may ask again.
    ask_again: Instant,
}

/// How long a person may take to type the code, in seconds.
const SIGN_IN_TAKES: u64 = 900;

/// RFC 8628 section 3.1: a device begins to sign somebody in.
async fn device_authorization(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let (device_code, random) = (random(), random().to_uppercase());
    let user_code = format!("{}-{}", &random[..4], &random[4..8]);
    let ends = Instant::now() + Duration::from_secs(SIGN_IN_TAKES);
    let sign_in = SignIn { user_code: user_code.clone(), approved: false, ends, ask_again: Instant::now() };
    sign_ins(&provider, |sign_ins| sign_ins.insert(device_code.clone(), sign_in));
    Json(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": format!("{}/device", provider.url),
        "expires_in": SIGN_IN_TAKES,
        "interval": provider.settings.interval,
    }))
}

#[derive(Deserialize)]
struct Approval {
    user_code: String,
}

/// RFC 8628 section 3.3: the page where the person types the code.
async fn approve(State(provider): State<Arc<Provider>>, Form(approval): Form<Approval>) -> StatusCode {
    sign_ins(&provider, |sign_ins| {
        match sign_ins.values_mut().find(|sign_in| sign_in.user_code == approval.user_code) {
            Some(sign_in) => {
                sign_in.approved = true;
                StatusCode::OK
            }
            None => StatusCode::NOT_FOUND,
        }
    })
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    #[serde(default)]
    device_code: String,
    #[serde(default)]
    refresh_token: String,
    #[serde(default)]
    client_id: String,
    #[serde(flatten)]
    code: authorize::Redemption,
}

async fn token(State(provider): State<Arc<Provider>>, Form(request): Form<TokenRequest>) -> Answer {
    match request.grant_type.as_str() {
        "urn:ietf:params:oauth:grant-type:device_code" => finish_sign_in(&provider, &request),
        "authorization_code" => {
            let (person, nonce) = authorize::redeem(&provider, &request.code)?;
            let issued = change(&provider, |families| families.begin(person, provider.settings.expires_in))?;
            Ok(tokens(&provider, issued, &request.client_id, Some(&nonce)))
        }
        "refresh_token" => refresh(&provider, &request).await,
        _ => Err(Problem("unsupported_grant_type", "this provider does not know the grant type")),
    }
}

/// RFC 8628 section 3.4 and 3.5: has the person signed in by now?
fn finish_sign_in(provider: &Provider, TokenRequest { device_code, client_id, .. }: &TokenRequest) -> Answer {
    sign_ins(provider, |sign_ins| {
        let now = Instant::now();
        let sign_in = sign_ins.get_mut(device_code).ok_or(Problem("invalid_grant", "unknown device code"))?;
        if sign_in.ends < now {
            return Err(Problem("expired_token", "the code was not typed in time"));
        }
        if now < sign_in.ask_again {
            return Err(Problem("slow_down", "leave more time between two questions"));
        }
        if !sign_in.approved {
            sign_in.ask_again = now + Duration::from_secs(provider.settings.interval);
            return Err(Problem("authorization_pending", "the code was not typed yet"));
        }
        sign_ins.remove(device_code);
        Ok(())
    })?;
    // The code does not say who typed it: there is only one person at this door.
    let issued = change(provider, |families| families.begin(&PEOPLE[0], provider.settings.expires_in))?;
    Ok(tokens(provider, issued, client_id, None))
}

/// RFC 6749 section 6, with rotation.
async fn refresh(
    provider: &Provider,
    TokenRequest { refresh_token, client_id, .. }: &TokenRequest,
) -> Answer {
    provider.refreshes.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(provider.settings.refresh_takes).await;
    match change(provider, |families| families.rotate(refresh_token, provider.settings.expires_in))? {
        Ok(issued) => Ok(tokens(provider, issued, client_id, None)),
        Err(Refused::Unknown) => Err(Problem("invalid_grant", "the refresh token is unknown or was revoked")),
        Err(Refused::Reused) => {
            provider.reuses.fetch_add(1, Ordering::SeqCst);
            Err(Problem(
                "invalid_grant",
                "the refresh token was used before: all tokens of this sign-in are revoked",
            ))
        }
    }
}

#[derive(Deserialize)]
struct Revocation {
    token: String,
}

async fn revoke(State(provider): State<Arc<Provider>>, Form(revocation): Form<Revocation>) -> Answer {
    change(&provider, |families| families.end(&revocation.token))?;
    Ok(Json(json!({})))
}

async fn userinfo(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Answer {
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match change(&provider, |families| bearer.and_then(|token| families.person_of(token)))? {
        Some(person) => Ok(Json(person.claims())),
        None => Err(Problem("invalid_token", "the access token has expired or was revoked")),
    }
}

/// In seconds.
const ID_TOKEN_LIVES: u64 = 3600;

/// RFC 6749 section 5.1, with the identity of the user as OpenID Connect and Microsoft's providers send it. The
/// identity token is not signed: the client got it straight from us.
fn tokens(provider: &Provider, issued: Issued, client_id: &str, nonce: Option<&str>) -> Json<Value> {
    let base64 = |value: Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let mut claims = issued.person.claims();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    claims["iss"] = json!(provider.url);
    claims["aud"] = json!(client_id);
    claims["iat"] = json!(now);
    claims["exp"] = json!(now + ID_TOKEN_LIVES);
    claims["tid"] = json!("t1");
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    (provider.settings.alters)(&mut claims);
    Json(json!({
        "token_type": "Bearer",
        "access_token": issued.access_token,
        "expires_in": provider.settings.expires_in,
        "refresh_token": issued.refresh_token,
        "scope": "openid offline_access user.read",
        "id_token": format!("{}.{}.", base64(json!({ "alg": "none" })), base64(claims)),
        "client_info": base64(json!({ "uid": issued.person.id, "utid": "t1" })),
    }))
}

type Answer = Result<Json<Value>, Problem>;

/// RFC 6749 section 5.2: an error code and a sentence.
pub(super) struct Problem(pub(super) &'static str, pub(super) &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self.0 {
            "invalid_token" => StatusCode::UNAUTHORIZED,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": self.0, "error_description": self.1 }))).into_response()
    }
}

fn sign_ins<R>(provider: &Provider, work: impl FnOnce(&mut HashMap<String, SignIn>) -> R) -> R {
    work(&mut provider.sign_ins.lock().unwrap_or_else(PoisonError::into_inner))
}

fn change<R>(provider: &Provider, work: impl FnOnce(&mut Families) -> R) -> Result<R, Problem> {
    provider
        .store
        .change(work)
        .map_err(|_| Problem("server_error", "the provider cannot read or write its state"))
}
