//! The part to copy: how an application opens its cache, gets a token that is good, signs in and signs out.

use std::error::Error;

use sealed_cache::{Json, KeyFile, PersistedCache};
use serde::{Deserialize, Serialize};

use crate::oauth_client::{DeviceCode, OAuthClient, REQUEST_TIMEOUT, Tokens};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) type Cache = PersistedCache<Json<Session>>;

/// What is kept between two runs.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) tokens: Option<Tokens>,
}

/// Where the tokens came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Cache,
    OurRefresh,
    AnotherProcess,
}

/// Open the cache of this user.
pub(crate) fn open() -> sealed_cache::Result<Cache> {
    PersistedCache::builder("com.example.sealed-cache-desktop")
        .name("tokens")
        // Who holds the lock may be waiting for the provider.
        .lock_timeout(2 * REQUEST_TIMEOUT)
        // For machines without a keychain, such as containers. Without this line, `open` is an error there.
        .fallback(KeyFile::in_state_dir())
        .open()
}

/// Tokens that are good now: out of the cache, or refreshed by exactly one process. `None`: somebody has to sign in.
pub(crate) fn tokens(cache: &Cache, client: &OAuthClient) -> Result<Option<(Tokens, Source)>> {
    // The usual case waits for nobody and needs no network.
    match cache.read(|session| session.tokens.clone())? {
        Some(tokens) if tokens.good_for().is_some() => return Ok(Some((tokens, Source::Cache))),
        Some(_expired) => {}
        None => return Ok(None),
    }
    // From here on, the processes of this user stand in line...
    let mut session = cache.lock()?;
    let Some(tokens) = &session.tokens else { return Ok(None) };
    // ...and whoever comes second finds what the first one got.
    if tokens.good_for().is_some() {
        return Ok(Some((tokens.clone(), Source::AnotherProcess)));
    }
    match client.refresh(&tokens.refresh_token) {
        Ok(tokens) => {
            session.tokens = Some(tokens.clone());
            session.commit()?;
            Ok(Some((tokens, Source::OurRefresh)))
        }
        Err(refused) if refused.needs_sign_in() => {
            session.tokens = None;
            session.commit()?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Sign somebody in. Not under the lock: people take their time.
pub(crate) fn sign_in(
    cache: &Cache,
    client: &OAuthClient,
    show: impl FnOnce(&DeviceCode) -> Result<()>,
) -> Result<Tokens> {
    let code = client.begin_sign_in()?;
    show(&code)?;
    let tokens = client.finish_sign_in(&code)?;
    cache.update(|session| session.tokens = Some(tokens.clone()))?;
    Ok(tokens)
}

/// Remove the cache and its key, and return the tokens that were in it, so that the provider can be told.
pub(crate) fn sign_out(cache: &Cache) -> sealed_cache::Result<Option<Tokens>> {
    let tokens = match cache.read(|session| session.tokens.clone()) {
        // A cache that cannot be read any more can still be removed.
        Err(error) if error.kind().is_unreadable() => None,
        result => result?,
    };
    cache.clear()?;
    Ok(tokens)
}
