//! The part to copy: a page for whoever is signed in, with a call of an API.

use std::{sync::Arc, time::SystemTime};

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use sealed_cache::{
    ErrorKind, TokenCache,
    partition::{SignedIn, TokenSource},
};
use tower_sessions::Session;

use crate::{
    KEY_ID, Site,
    issuer::{Failure, wanted},
    page::{self, Cached, Home},
    sign_in::{SIGNED_IN, prolong},
    trouble::Trouble,
};

pub(crate) async fn show(State(site): State<Arc<Site>>, session: Session) -> Result<Response, Trouble> {
    // An engine that is down is an error here, not somebody who has to sign in.
    let Some(signed_in) = session.get::<SignedIn>(SIGNED_IN).await? else { return Ok(page::sign_in()) };
    let partition = site.sessions.partition(&signed_in)?;
    let (issuer, wanted) = (site.issuer.clone(), wanted(signed_in.person()));
    let token = site.caches.token(&partition, &wanted, |cache| issuer.refresh(cache));
    let token = match token.await {
        Ok(Some(token)) => token,
        // Signed out in another browser, or on another node.
        Ok(None) => return signed_out(&session, "You have signed out.").await,
        Err(error) if error.kind() == ErrorKind::IssuerRefused => {
            return signed_out(&session, "Your sign-in has come to its end.").await;
        }
        Err(error) => return Err(error.into()),
    };
    let answer = match site.issuer.user_info(token.secret()).await {
        Ok(answer) => answer,
        Err(Failure::Refused(_)) => return signed_out(&session, "Your sign-in has come to its end.").await,
        Err(Failure::Unreachable) => return Err(Trouble::Issuer),
    };
    prolong(&session, site.stays_for).await?;
    let cached = site.caches.read(&partition, cached).await?.unwrap_or_default();
    let said = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    Ok(page::home(&Home {
        name: said("name"),
        username: said("preferred_username"),
        source: source(token.source()),
        cached,
        protection: format!("AES-256-GCM, key \"{KEY_ID}\""),
        engine: site.engine,
        stored_as: site.caches.name(&partition).as_str().to_owned(),
    }))
}

/// For the demonstration: take the access tokens for expired.
pub(crate) async fn expire(State(site): State<Arc<Site>>, session: Session) -> Result<Redirect, Trouble> {
    if let Some(signed_in) = session.get::<SignedIn>(SIGNED_IN).await? {
        let partition = site.sessions.partition(&signed_in)?;
        let all_removed = |cache: &mut TokenCache| {
            let keys: Vec<_> = cache.access_tokens().map(|token| token.key().into_owned()).collect();
            keys.iter().for_each(|key| {
                cache.remove_access_token(key);
            });
            Ok(())
        };
        site.caches.update(&partition, all_removed).await?;
    }
    Ok(Redirect::to("/"))
}

async fn signed_out(session: &Session, why: &str) -> Result<Response, Trouble> {
    session.flush().await?;
    Ok(page::not_signed_in(why).into_response())
}

const fn source(source: TokenSource) -> &'static str {
    match source {
        TokenSource::Cache => "from the cache",
        TokenSource::Meanwhile => "refreshed meanwhile by another request",
        _ => "refreshed just now, without asking you",
    }
}

/// What there is, never the secrets.
fn cached(cache: &TokenCache) -> Vec<Cached> {
    let now = SystemTime::now();
    let minutes = |end: Option<SystemTime>| match end.and_then(|end| end.duration_since(now).ok()) {
        Some(left) => format!("{} minutes more", left.as_secs() / 60),
        None => "expired".into(),
    };
    let access = cache
        .access_tokens()
        .map(|token| Cached::new("Access token", token.target().into_owned(), minutes(token.expires_on())));
    let refresh = cache.all_refresh_tokens().map(|_| {
        Cached::new("Refresh token", "new access tokens".into(), "until it is used or you sign out".into())
    });
    let id = cache
        .all_id_tokens()
        .map(|_| Cached::new("Id token", "who signed in".into(), "kept with the account".into()));
    access.chain(refresh).chain(id).collect()
}
