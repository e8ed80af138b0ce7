//! Getting tokens: one refresh at a time, in this process and among all nodes.

mod failure;
mod flights;
mod lease;
mod remembered;
mod request;
mod run;
mod seen;
mod spans;
mod storing;
mod token;
mod unstored;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

pub use failure::RefreshFailure;
use moka::sync::Cache;
pub use token::{AcquiredToken, TokenSource};

use self::{
    flights::{Flight, Flights},
    remembered::Remembered,
    request::Request,
    run::{Ask, Mode, Run},
    unstored::Unstored,
};
use super::{Partition, PartitionName, PartitionedCaches, caches::Turns};
use crate::{
    Error, ErrorKind, Result, TokenCache,
    cache::token_cache::{AccessTokenMatch, AccessTokenQuery, TokenResponse},
    random,
};

/// What refreshes of one process share.
#[derive(Debug)]
pub(super) struct Refreshes {
    flights: Flights,
    turns: Turns,
    remembered: Remembered,
    unstored: Unstored,
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
            unstored: Unstored::default(),
            touched: Cache::new(100_000),
            node: random::array::<1>().map_or(128, |[byte]| byte),
        }
    }

    /// Somebody signs out: what could not be stored is not to be stored any more.
    pub(super) fn forget(&self, name: &PartitionName) {
        self.unstored.forget(name);
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

/// A good token, if there is one, with when it is to be refreshed early.
type Cached = Option<(AcquiredToken, Option<SystemTime>)>;

impl PartitionedCaches {
    /// A token that is good: from the cache, or else from the issuer. `None` if nobody is signed in.
    ///
    /// A token that is good, and that its issuer advises to refresh by now, is returned at once; one node gets another one
    /// meanwhile, and if that fails, tries again a minute later. For what `ask` has to do, and for errors, see
    /// [`refresh`](Self::refresh).
    ///
    /// A token is good if it has the leeway of the query left, 5 minutes by default. One that was just got is good however
    /// short its life; but where all live for less than the leeway, each call gets another one: ask with a shorter
    /// [`leeway`](AccessTokenQuery::leeway) then.
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
        match self.cached(partition, wanted).await? {
            None if !partition.kind().begins_by_itself() => Ok(None),
            Some(Some((token, refresh_on))) => {
                let early = Request { partition, wanted, claims: None, mode: Mode::IfNobodyElse };
                if self.is_due(&token, refresh_on) && !self.is_paused(&early) {
                    // Nobody waits for it.
                    drop(self.start(&early, boxed(ask)));
                }
                Ok(Some(token))
            }
            None | Some(None) => {
                let request = Request { partition, wanted, claims: None, mode: Mode::IfNeeded };
                match self.land(&request, boxed(ask)).await {
                    Err(error) if error.kind() == ErrorKind::SignedOut => Ok(None),
                    outcome => outcome.map(Some),
                }
            }
        }
    }

    /// A token that the cache does not have, from the issuer; with the `claims` that a resource has asked for, if it did.
    ///
    /// However many callers on however many nodes want it at the same time, one of them asks the issuer, and all have its
    /// token; a token that was got without the claims, or with others, is not taken for one with them. `ask` gets the cache
    /// as it is then, and sends the token request, with the claims if there are some: it is to return what the issuer
    /// answered, and must not change caches by itself. It runs on a task of its own, and goes on when this future is
    /// dropped. It may be called although the caller joined a refresh that was under way: that one may have been for a
    /// session that is over by now.
    ///
    /// Send `client_info=1` with the request, as Microsoft's libraries do. An answer without it is filed under whose the
    /// partition is, or the query, or all that is in the cache: in this order.
    ///
    /// The partition is locked by nothing meanwhile. Refreshes of one account wait for each other, also those for other
    /// scopes: issuers that rotate refresh tokens end the session of whoever presents an old one. What the issuer answers
    /// is [merged](TokenCache::merge) into what is stored then; if the account has signed out meanwhile, it is dropped. If
    /// the engine does not take it, the token is returned all the same, with [`is_stored`](AcquiredToken::is_stored)
    /// `false`. The answer is then kept in this process, at most 1,000 of them, and stored when the same partition is
    /// refreshed the next time, unless its session is over.
    ///
    /// An `invalid_grant` is remembered for 2 minutes in this process, any other refusal for 10 seconds, or for as long as
    /// the issuer asked to wait; all of them at most until the cache changes. That the issuer cannot answer is remembered
    /// for as long as it asked to wait, whatever changes. Nobody asks it again before.
    ///
    /// While an engine is full or lets nobody write, the issuer is not asked for what has a refresh token: the new one would
    /// be lost, and an issuer that rotates them would end the session when it sees the old one again.
    ///
    /// # Errors
    ///
    /// | kind | what it means |
    /// |---|---|
    /// | [`SignedOut`](ErrorKind::SignedOut) | nobody is signed in, or not any more |
    /// | [`IssuerRefused`](ErrorKind::IssuerRefused) | the person has to sign in again; see [`RefreshFailure::of`] |
    /// | [`IssuerUnavailable`](ErrorKind::IssuerUnavailable) | later, see [`RefreshFailure::retry_after`] |
    /// | [`LockTimeout`](ErrorKind::LockTimeout) | another node was at it for too long |
    /// | [`EngineTimeout`](ErrorKind::EngineTimeout), [`EngineUnavailable`](ErrorKind::EngineUnavailable) | the engine could not be asked, or would not have stored the answer |
    /// | [`EngineFull`](ErrorKind::EngineFull) | the engine would not have stored the answer; the issuer was not asked |
    /// | [`ForeignEntry`](ErrorKind::ForeignEntry) | the answer says that it belongs to another account |
    /// | [`Cancelled`](ErrorKind::Cancelled) | `ask` panicked, or the runtime ends |
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
        self.land(&Request { partition, wanted, claims, mode }, boxed(ask)).await
    }

    /// What the cache has. `None` if there is no cache: nobody is signed in.
    async fn cached(&self, partition: &Partition, wanted: &AccessTokenQuery) -> Result<Option<Cached>> {
        let look = |cache: &TokenCache| {
            let (token, refresh_on) = match cache.access_token(wanted) {
                AccessTokenMatch::Fresh(token) => (token, None),
                AccessTokenMatch::RefreshSoon(token) => (token, token.refresh_on()),
                AccessTokenMatch::Expired(_) | AccessTokenMatch::Missing => return None,
            };
            Some((AcquiredToken::new(token, TokenSource::Cache), refresh_on))
        };
        self.read(partition, look).await
    }

    /// Join a refresh or start one, and wait for it. One that had begun before may have been for a session that is over:
    /// who only joined it begins once more.
    async fn land(&self, request: &Request<'_>, ask: Ask) -> Result<AcquiredToken> {
        let (flight, unused) = self.start(request, ask);
        let outcome = flight.landed().await;
        let kind = outcome.as_ref().err().map(Error::kind);
        match unused {
            Some(ask) if matches!(kind, Some(ErrorKind::SignedOut | ErrorKind::IssuerRefused)) => {
                self.start(request, ask).0.landed().await
            }
            _ => outcome,
        }
    }

    /// A refresh that is under way, or a new one; gives `ask` back if it is not needed.
    fn start(&self, request: &Request<'_>, ask: Ask) -> (Flight, Option<Ask>) {
        let mut ask = Some(ask);
        let flight = self.0.refreshes.flights.join(request.flight_key(&self.0), || {
            let ask = ask.take().expect("a flight starts once");
            Run::new(Arc::clone(&self.0), request).run(ask)
        });
        if ask.is_some() {
            self.0.engine.counters.flights_joined.one();
        }
        (flight, ask)
    }

    fn is_paused(&self, request: &Request<'_>) -> bool {
        self.0.refreshes.remembered.is_paused(&request.key(&self.0))
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

fn boxed<F, A>(ask: F) -> Ask
where
    F: FnOnce(TokenCache) -> A + Send + 'static,
    A: Future<Output = Result<TokenResponse, RefreshFailure>> + Send + 'static,
{
    Box::new(move |cache| Box::pin(ask(cache)))
}
