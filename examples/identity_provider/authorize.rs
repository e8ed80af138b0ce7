//! The door for web applications: [RFC 6749 section 4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1) with PKCE.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    Provider,
    families::random,
    http::Problem,
    people::{PEOPLE, Person},
};

/// What a web application asks for, in the address that it sends a browser to.
#[derive(Clone, Deserialize)]
pub(super) struct Wanted {
    response_type: String,
    redirect_uri: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

/// The codes that were given out and not redeemed.
pub(super) type Codes = Mutex<HashMap<String, Code>>;

pub(super) struct Code {
    person: &'static Person,
    wanted: Wanted,
    ends: Instant,
}

const CODE_LIVES: Duration = Duration::from_secs(60);

/// The page on which a person says who it is.
pub(super) async fn page(Query(wanted): Query<Wanted>) -> Response {
    if let Err(refusal) = check(&wanted) {
        return (StatusCode::BAD_REQUEST, refusal).into_response();
    }
    let person = |person: &Person| {
        format!(r#"<li><button name="person" value="{}">Sign in as {}</button></li>"#, person.id, person.name)
    };
    let hidden = |(name, value): (&str, &String)| {
        format!(r#"<input type="hidden" name="{name}" value="{}">"#, escaped(value))
    };
    let fields = wanted.fields().into_iter().map(hidden).collect::<String>();
    let people = PEOPLE.iter().map(person).collect::<String>();
    Html(format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Example identity provider</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b}}
ul{{list-style:none;padding:0}}button{{font:inherit;width:100%;padding:.7rem;margin:.3rem 0}}</style>
<main><h1>Who are you?</h1><p>This is the identity provider of the example. It asks for no password.</p>
<form method="post" action="/authorize">{fields}<ul>{people}</ul>
<button name="person" value="">Cancel</button></form></main></html>"#
    ))
    .into_response()
}

#[derive(Deserialize)]
pub(super) struct Decision {
    person: String,
    #[serde(flatten)]
    wanted: Wanted,
}

/// Back to the application, with a code or with a refusal.
pub(super) async fn decide(
    State(provider): State<Arc<Provider>>,
    Form(decision): Form<Decision>,
) -> Response {
    let Decision { person, wanted } = decision;
    if let Err(refusal) = check(&wanted) {
        return (StatusCode::BAD_REQUEST, refusal).into_response();
    }
    let answer = match Person::of_id(&person) {
        Some(person) => {
            let (code, ends) = (random(), Instant::now() + CODE_LIVES);
            codes(&provider).insert(code.clone(), Code { person, wanted: wanted.clone(), ends });
            format!("code={code}")
        }
        None => "error=access_denied".to_owned(),
    };
    // The state is ours to give back as it came; `check` has seen that it needs no escaping.
    Redirect::to(&format!("{}?{answer}&state={}", wanted.redirect_uri, wanted.state)).into_response()
}

/// What the application sends for its code.
#[derive(Deserialize)]
pub(super) struct Redemption {
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
}

/// Whose code it is, and the nonce for the identity token. It is good once.
pub(super) fn redeem(provider: &Provider, asked: &Redemption) -> Result<(&'static Person, String), Problem> {
    let code = codes(provider).remove(&asked.code);
    let code = code.ok_or(Problem("invalid_grant", "the code is unknown or was used before"))?;
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(&asked.code_verifier));
    if code.ends < Instant::now() || code.wanted.redirect_uri != asked.redirect_uri {
        return Err(Problem("invalid_grant", "the code is too old or was meant for another address"));
    }
    if code.wanted.code_challenge != challenge {
        return Err(Problem("invalid_grant", "the code was asked for by somebody else"));
    }
    Ok((code.person, code.wanted.nonce))
}

impl Wanted {
    fn fields(&self) -> [(&'static str, &String); 6] {
        [
            ("response_type", &self.response_type),
            ("redirect_uri", &self.redirect_uri),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ]
    }
}

/// Only to an application on this machine, at whatever port, as [RFC 8252](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)
/// has it.
fn check(wanted: &Wanted) -> Result<(), &'static str> {
    let rest = wanted.redirect_uri.strip_prefix("http://127.0.0.1:").unwrap_or_default();
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    if !rest.split_once('/').is_some_and(|(port, path)| is_port(port) && path == "callback") {
        return Err("the redirect_uri is not one of this application");
    }
    let is_plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if wanted.response_type != "code" || wanted.code_challenge_method != "S256" || !is_plain(&wanted.state) {
        return Err("this provider knows the authorization code with PKCE (S256) only");
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn codes(provider: &Provider) -> MutexGuard<'_, HashMap<String, Code>> {
    provider.codes.lock().unwrap_or_else(PoisonError::into_inner)
}
