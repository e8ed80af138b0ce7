//! Getting tokens: one refresh at a time, in this process and among all nodes.

mod failure;
mod flights;
mod lease;
mod remembered;
mod run;
mod token;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

pub use failure::RefreshFailure;
use moka::sync::Cache;
pub use token::{AcquiredToken, TokenSource};

use self::{
    flights::{FlightKey, Flights},
    remembered::Remembered,
    run::{Mode, Run},
};
use super::{Partition, PartitionName, PartitionedCaches, caches::Turns, canonical, whose::Kind};
use crate::{
    ErrorKind, Result, TokenCache,
    cache::token_cache::{AccessTokenMatch, AccessTokenQuery, TokenResponse},
    random,
};

/// What refreshes of one process share.
#[derive(Debug)]
pub(super) struct Refreshes {
    flights: Flights,
    turns: Turns,
    remembered: Remembered,
    /// Which partitions were prolonged not long ago.
    touched: Cache<PartitionName, SystemTime>,
    /// Makes the moment of an early refresh another one on each node.
    node: u8,
}

impl Refreshes {
    pub(super) fn new() -> Self {
        Self {
            flights: Flights::default(),
            turns: Turns::default(),
            remembered: Remembered::new(),
            touched: Cache::new(100_000),
            node: random::array::<1>().map_or(128, |[byte]| byte),
        }
    }

    /// Whether a partition that lives so long from use to use may be prolonged again; remembers that it was.
    pub(super) fn may_touch(&self, name: &PartitionName, window: u32) -> bool {
        let (now, pause) = (SystemTime::now(), Duration::from_secs(u64::from(window / 8)));
        let last = self.touched.get(name).and_then(|last| now.duration_since(last).ok());
        let may = last.is_none_or(|since| since >= pause);
        if may {
            self.touched.insert(name.clone(), now);
        }
        may
    }
}

impl PartitionedCaches {
    /// A token that is good: from the cache, or else from the issuer. `None` if nobody is signed in.
    ///
    /// A token that is good, and that its issuer advises to refresh by now, is returned at once; one node gets another one
    /// meanwhile. For what `ask` has to do, and for errors, see [`refresh`](Self::refresh).
    ///
    /// # Errors
    ///
    /// As [`refresh`](Self::refresh), but that nobody is signed in is none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use sealed_cache::{partition::*, token_cache::{AccessTokenQuery, TokenResponse}};
    /// # async fn post(_: String) -> Vec<u8> { vec![] }
    /// # async fn example(caches: &PartitionedCaches, person: &Partition, wanted: &AccessTokenQuery) -> sealed_cache::Result<()> {
    /// let token = caches.token(person, wanted, |cache| async move {
    ///     let Some(token) = cache.all_refresh_tokens().next() else { return Err(RefreshFailure::invalid_grant()) };
    ///     let answer = post(token.secret().to_string()).await;
    ///     TokenResponse::from_json("client-id", &answer)
    ///         .map(|response| response.token_endpoint("https://login.microsoftonline.com/t1/oauth2/v2.0/token"))
    ///         .map_err(|error| RefreshFailure::temporary(error.what()))
    /// });
    /// match token.await? {
    ///     Some(token) => { /* call the API with `token.secret()` */ }
    ///     None => { /* send the person to the sign-in page */ }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn token<F, A>(
        &self,
        partition: &Partition,
        wanted: &AccessTokenQuery,
        ask: F,
    ) -> Result<Option<AcquiredToken>>
    where
        F: FnOnce(TokenCache) -> A + Send + 'static,
        A: Future<Output = Result<TokenResponse, RefreshFailure>> + Send + 'static,
    {
        let found = self
            .read(partition, |cache| match cache.access_token(wanted) {
                AccessTokenMatch::Fresh(token) => Some((AcquiredToken::new(token, TokenSource::Cache), None)),
                AccessTokenMatch::RefreshSoon(token) => {
                    Some((AcquiredToken::new(token, TokenSource::Cache), token.refresh_on()))
                }
                AccessTokenMatch::Expired(_) | AccessTokenMatch::Missing => None,
            })
            .await?;
        match found {
            None if !partition.kind().begins_by_itself() => Ok(None),
            Some(Some((token, refresh_on))) => {
                if self.is_due(&token, refresh_on) {
                    // Nobody waits for it.
                    drop(self.start(partition, wanted, None, Mode::IfNobodyElse, ask));
                }
                Ok(Some(token))
            }
            None | Some(None) => {
                match self.start(partition, wanted, None, Mode::IfNeeded, ask).landed().await {
                    Err(error) if error.kind() == ErrorKind::SignedOut => Ok(None),
                    outcome => outcome.map(Some),
                }
            }
        }
    }

    /// A token that the cache does not have, from the issuer; with the `claims` that a resource has asked for, if it did.
    ///
    /// However many callers on however many nodes want it at the same time, one of them asks the issuer, and all have its
    /// token. `ask` gets the cache as it is then, and sends the token request, with the claims if there are some: it is to
    /// return what the issuer answered, and must not change caches by itself. It runs on a task of its own, and goes on when
    /// this future is dropped.
    ///
    /// The partition is locked by nothing meanwhile. Refreshes of one account wait for each other, also those for other
    /// scopes: issuers that rotate refresh tokens end the session of whoever presents an old one. What the issuer answers
    /// is [merged](TokenCache::merge) into what is stored then; if the account has signed out meanwhile, it is dropped.
    ///
    /// An `invalid_grant` is remembered for 2 minutes in this process, or until the cache changes; a time that the issuer
    /// asked to wait, until it is over. Nobody asks it again before.
    ///
    /// # Errors
    ///
    /// | kind | what it means |
    /// |---|---|
    /// | [`SignedOut`](ErrorKind::SignedOut) | nobody is signed in, or not any more |
    /// | [`IssuerRefused`](ErrorKind::IssuerRefused) | the person has to sign in again; see [`RefreshFailure::of`] |
    /// | [`IssuerUnavailable`](ErrorKind::IssuerUnavailable) | later, see [`RefreshFailure::retry_after`] |
    /// | [`LockTimeout`](ErrorKind::LockTimeout) | another node was at it for too long |
    /// | [`EngineTimeout`](ErrorKind::EngineTimeout), [`EngineUnavailable`](ErrorKind::EngineUnavailable) | the engine could not be asked |
    ///
    /// # Examples
    ///
    /// See [`token`](Self::token).
    pub async fn refresh<F, A>(
        &self,
        partition: &Partition,
        wanted: &AccessTokenQuery,
        claims: Option<&str>,
        ask: F,
    ) -> Result<AcquiredToken>
    where
        F: FnOnce(TokenCache) -> A + Send + 'static,
        A: Future<Output = Result<TokenResponse, RefreshFailure>> + Send + 'static,
    {
        let mode = if claims.is_some() { Mode::InAnyCase } else { Mode::IfNeeded };
        self.start(partition, wanted, claims, mode, ask).landed().await
    }

    fn start<F, A>(
        &self,
        partition: &Partition,
        wanted: &AccessTokenQuery,
        claims: Option<&str>,
        mode: Mode,
        ask: F,
    ) -> flights::Flight
    where
        F: FnOnce(TokenCache) -> A + Send + 'static,
        A: Future<Output = Result<TokenResponse, RefreshFailure>> + Send + 'static,
    {
        let key = self.flight_key(partition, wanted, claims, mode);
        let (flight, joined) = self.0.refreshes.flights.join(key.clone(), || {
            let shared = Arc::clone(&self.0);
            let run = Run::new(shared, partition.clone(), wanted.clone(), mode, key);
            async move { run.run(ask).await }
        });
        if joined {
            self.0.engine.counters.flights_joined.one();
        }
        flight
    }

    /// Of the partition and of all that is asked for: not of the refresh token alone, which serves several tokens.
    fn flight_key(
        &self,
        partition: &Partition,
        wanted: &AccessTokenQuery,
        claims: Option<&str>,
        mode: Mode,
    ) -> FlightKey {
        let name = self.name(partition);
        let mode = if mode == Mode::IfNobodyElse { "early" } else { "" };
        let parts = [&[name.as_str(), mode, claims.unwrap_or_default()], &wanted.parts()[..]].concat();
        let bytes: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
        self.0.keys.hash(&canonical::of(&bytes))
    }

    /// Whether it is time for an early refresh: up to a tenth of what is left later than the issuer says, so that nodes do
    /// not come all at once.
    fn is_due(&self, token: &AcquiredToken, refresh_on: Option<SystemTime>) -> bool {
        let Some(refresh_on) = refresh_on else { return false };
        let left = token.expires_on().and_then(|end| end.duration_since(refresh_on).ok()).unwrap_or_default();
        let later = left.mul_f64(0.1 * f64::from(self.0.refreshes.node) / 255.0);
        SystemTime::now() >= refresh_on + later
    }
}

/// Under which name the lease is. The tokens of a person wait for each other, those of the application itself do not.
fn lease_name(caches: &super::caches::Shared, partition: &Partition, key: &FlightKey) -> PartitionName {
    match partition.kind() {
        Kind::Application => PartitionName::new(caches.namespace.prefix(), "application", key),
        _ => caches.name(partition),
    }
}
