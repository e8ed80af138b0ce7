//! The part to copy: signing in and signing out.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use sealed_cache::partition::SignedIn;
use serde::Deserialize;
use tower_sessions::{
    Expiry, Session,
    cookie::time::{Duration, OffsetDateTime},
};

use crate::{
    Site,
    issuer::{Begun, Failure, refresh_token},
    page,
    trouble::Trouble,
};

/// Under these names it is in the session.
const BEGUN: &str = "sign-in";
pub(crate) const SIGNED_IN: &str = "signed in";
const PROLONGED: &str = "prolonged";

/// How long a person may take at the provider.
const SIGNING_IN: Duration = Duration::minutes(10);

pub(crate) async fn begin(State(site): State<Arc<Site>>, session: Session) -> Result<Redirect, Trouble> {
    let begun = Begun::new();
    session.insert(BEGUN, &begun).await?;
    let_go_of_strangers(&session).await?;
    Ok(Redirect::to(&site.issuer.authorization_url(&begun)))
}

/// What the provider lets the browser bring back.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    #[serde(default)]
    error: String,
}

pub(crate) async fn finish(
    State(site): State<Arc<Site>>,
    session: Session,
    Query(answer): Query<Answer>,
) -> Result<Response, Trouble> {
    // Each sign-in that was begun can be finished once, and only in the browser where it was begun.
    let begun: Option<Begun> = session.remove(BEGUN).await?;
    let_go_of_strangers(&session).await?;
    let Some(begun) = begun.filter(|begun| begun.state == answer.state) else {
        return Ok(page::not_signed_in("This was not a sign-in that began here."));
    };
    let Some(code) = answer.code else { return Ok(page::not_signed_in(&reason(&answer.error))) };
    let (response, person) = match site.issuer.redeem(code, begun).await {
        Ok(got) => got,
        Err(Failure::Refused(code)) => return Ok(page::not_signed_in(&reason(&code))),
        Err(Failure::Unreachable) => return Err(Trouble::Issuer),
    };

    let signed_in = site.sessions.signed_in(person)?;
    let partition = site.sessions.partition(&signed_in)?;
    site.caches.create_or_update(&partition, |cache| cache.add(&response)).await?;
    // Whoever knew the id of the session before does not have this one.
    session.cycle_id().await?;
    session.insert(SIGNED_IN, &signed_in).await?;
    prolong(&session, site.stays_for).await?;
    Ok(Redirect::to("/").into_response())
}

/// Whoever only looks, a crawler for instance, leaves no session behind that lives as long as that of a person.
async fn let_go_of_strangers(session: &Session) -> Result<(), Trouble> {
    if session.get::<SignedIn>(SIGNED_IN).await?.is_none() {
        session.set_expiry(Some(Expiry::OnInactivity(SIGNING_IN)));
    }
    Ok(())
}

/// At each visit of somebody who is signed in. The layer stores a session, and sends its cookie, only when something in it has
/// changed: without this, who comes every day would be signed out as late after the sign-in as who never comes again.
pub(crate) async fn prolong(session: &Session, stays_for: Duration) -> Result<(), Trouble> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let last = session.get::<i64>(PROLONGED).await?.unwrap_or_default();
    // Not at each visit, since it costs a write: when half of the time is over.
    if now - last > stays_for.whole_seconds() / 2 {
        session.insert(PROLONGED, now).await?;
        session.set_expiry(Some(Expiry::OnInactivity(stays_for)));
    }
    Ok(())
}

pub(crate) async fn sign_out(State(site): State<Arc<Site>>, session: Session) -> Result<Redirect, Trouble> {
    if let Some(signed_in) = session.get::<SignedIn>(SIGNED_IN).await.map_err(Trouble::at_sign_out)? {
        let partition = site.sessions.partition(&signed_in)?;
        let token =
            site.caches.read(&partition, refresh_token).await.map_err(Trouble::at_sign_out)?.flatten();
        // First what counts: from here on no node has tokens of this person. Only when that is certain it is said.
        site.caches.remove(&partition).await.map_err(Trouble::at_sign_out)?;
        session.flush().await.map_err(Trouble::at_sign_out)?;
        if let Some(token) = token {
            // Signing out here must not depend on the provider.
            let _ = site.issuer.revoke(token).await;
        }
    }
    Ok(Redirect::to("/"))
}

fn reason(code: &str) -> String {
    match code {
        "access_denied" => "You chose not to sign in.".into(),
        _ => "The identity provider did not let you in.".into(),
    }
}
