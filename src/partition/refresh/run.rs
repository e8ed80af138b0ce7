//! [`Run`]: one refresh from its beginning to its end.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time;

use super::{
    super::{
        Etag, LeaseHolder, Partition, PartitionName,
        caches::{Beginning, Job, Opened, Shared, random_fraction},
        sealing::Lineage,
    },
    AcquiredToken, RefreshFailure, TokenSource,
    flights::FlightKey,
    lease::{Asked, Lease},
    lease_name,
    token::{Fingerprint, fingerprint},
};
use crate::{
    Deadline, Error, ErrorKind, Result, TokenCache,
    cache::token_cache::{AccessTokenMatch, AccessTokenQuery, TokenResponse},
    event::event,
};

/// When the issuer is to be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Unless there is a good token.
    IfNeeded,
    /// Unless another one has appeared since this began: a resource did not take the one that there is.
    InAnyCase,
    /// The token that there is will do; do not wait for another node.
    IfNobodyElse,
}

pub(super) struct Run {
    shared: Arc<Shared>,
    partition: Partition,
    name: PartitionName,
    wanted: AccessTokenQuery,
    mode: Mode,
    key: FlightKey,
    lease: PartitionName,
    deadline: Deadline,
}

/// The partition at one moment.
struct Seen {
    cache: TokenCache,
    /// `None` where there is nothing yet, and nobody has to sign in.
    stored: Option<(Lineage, Etag)>,
}

impl Run {
    pub(super) fn new(
        shared: Arc<Shared>,
        partition: Partition,
        wanted: AccessTokenQuery,
        mode: Mode,
        key: FlightKey,
    ) -> Self {
        let (name, lease) = (shared.name(&partition), lease_name(&shared, &partition, &key));
        let deadline = Deadline::after(shared.settings.refresh_timeout);
        Self { shared, partition, name, wanted, mode, key, lease, deadline }
    }

    pub(super) async fn run<F, A>(self, ask: F) -> Result<AcquiredToken>
    where
        F: FnOnce(TokenCache) -> A + Send + 'static,
        A: Future<Output = Result<TokenResponse, RefreshFailure>> + Send + 'static,
    {
        let first = self.look().await?;
        let before = fingerprint(&first.cache, &self.wanted);
        let turns = &self.shared.refreshes.turns;
        let Some(_turn) = turns.take(&self.lease, &self.deadline).await else { return Err(waited()) };
        let lease = match self.wait_for_lease(before).await? {
            Waited::Lease(lease) => lease,
            Waited::Token(token) => return Ok(token),
        };
        // What was looked at before the lease was held may be older than what its last holder has stored.
        let outcome = match self.look().await {
            Ok(seen) => self.get(seen, before, lease.as_ref(), ask).await,
            Err(error) => Err(error),
        };
        if let Some(lease) = lease {
            lease.end().await;
        }
        outcome
    }

    /// The partition as the engine has it now.
    async fn look(&self) -> Result<Seen> {
        let deadline = Deadline::after(self.shared.settings.update_timeout());
        let stored = self.shared.engine.load(&self.name, &deadline).await?;
        match self.shared.open(&self.partition, &self.name, stored.as_ref()) {
            Opened::Cache(opened) => {
                let (cache, facts, etag) = *opened;
                Ok(Seen { cache, stored: Some((facts.lineage, etag)) })
            }
            _ if self.partition.kind().begins_by_itself() => {
                Ok(Seen { cache: TokenCache::new(), stored: None })
            }
            _ => Err(signed_out()),
        }
    }

    /// The token, if it will do without asking the issuer.
    fn good(&self, cache: &TokenCache, before: Option<Fingerprint>) -> Option<AcquiredToken> {
        let is_another = || fingerprint(cache, &self.wanted) != before;
        match cache.access_token(&self.wanted) {
            AccessTokenMatch::Fresh(token) if self.mode == Mode::IfNeeded || is_another() => {
                let source = if is_another() { TokenSource::Meanwhile } else { TokenSource::Cache };
                Some(AcquiredToken::new(token, source))
            }
            AccessTokenMatch::RefreshSoon(token) if is_another() => {
                Some(AcquiredToken::new(token, TokenSource::Meanwhile))
            }
            _ => None,
        }
    }

    /// Wait until this node may ask the issuer, or another one has stored the token.
    async fn wait_for_lease(&self, before: Option<Fingerprint>) -> Result<Waited> {
        let holder = LeaseHolder::generate()?;
        let mut etag = None;
        loop {
            match Lease::ask(&self.shared.engine, &self.lease, holder, self.shared.settings.lease).await {
                Asked::Held(lease) => return Ok(Waited::Lease(Some(lease))),
                Asked::Unavailable => {
                    self.shared.engine.counters.lease_unavailable.one();
                    return Ok(Waited::Lease(None));
                }
                Asked::Taken => {}
            }
            if self.mode == Mode::IfNobodyElse || self.deadline.has_passed() {
                return Err(waited());
            }
            time::sleep(Duration::from_millis(25).mul_f64(1.0 + 3.0 * random_fraction())).await;
            let now = self.shared.engine.probe(&self.name, &self.deadline).await;
            if let Ok(now) = now
                && Some(now) != etag
            {
                etag = Some(now);
                if let Some(token) = self.good(&self.look().await?.cache, before) {
                    self.shared.engine.counters.refreshed_elsewhere.one();
                    return Ok(Waited::Token(token));
                }
            }
        }
    }

    /// Ask the issuer, unless there is no need any more, and store what it answers.
    async fn get<F, A>(
        &self,
        seen: Seen,
        before: Option<Fingerprint>,
        lease: Option<&Lease>,
        ask: F,
    ) -> Result<AcquiredToken>
    where
        F: FnOnce(TokenCache) -> A,
        A: Future<Output = Result<TokenResponse, RefreshFailure>>,
    {
        if let Some(token) = self.good(&seen.cache, before) {
            if token.source() == TokenSource::Meanwhile {
                self.shared.engine.counters.refreshed_elsewhere.one();
            }
            return Ok(token);
        }
        let etag = seen.stored.map(|(_, etag)| etag);
        let remembered = &self.shared.refreshes.remembered;
        if let Some(failure) = remembered.get(&self.key, etag) {
            return Err(failure.into());
        }
        match self.ask(ask(seen.cache.clone()), lease).await {
            Ok(response) => self.store(seen, self.owned(response)).await,
            Err(failure) => {
                remembered.add(&self.key, &failure, etag);
                Err(failure.into())
            }
        }
    }

    /// The token request, with the lease renewed beside it.
    async fn ask<A>(&self, request: A, lease: Option<&Lease>) -> Result<TokenResponse, RefreshFailure>
    where
        A: Future<Output = Result<TokenResponse, RefreshFailure>>,
    {
        let counters = &self.shared.engine.counters;
        counters.token_requests.one();
        let (started, longest) = (Instant::now(), self.shared.settings.token_request_timeout);
        let keep = async {
            match lease {
                Some(lease) => lease.keep().await,
                None => std::future::pending().await,
            }
        };
        let (mut request, mut keep) = (pin!(time::timeout(longest, request)), pin!(keep));
        let answer = poll_fn(|context| {
            let _ = keep.as_mut().poll(context);
            request.as_mut().poll(context)
        });
        let outcome = answer
            .await
            .unwrap_or_else(|_| Err(RefreshFailure::temporary("the token request took too long")));
        counters.took("token_request", started.elapsed());
        outcome
    }

    /// Filed under the account of the partition: many issuers do not say whose the tokens of a refresh are.
    fn owned(&self, response: TokenResponse) -> TokenResponse {
        match self.partition.home_account_id() {
            Some(id) => response.home_account_id(id.as_str()),
            None => response,
        }
    }

    async fn store(&self, seen: Seen, response: TokenResponse) -> Result<AcquiredToken> {
        let mut ours = seen.cache.clone();
        ours.add(&response)?;
        let Some(token) = ours.access_token(&self.wanted).valid() else {
            self.merge(&seen, &ours).await?;
            return Err(RefreshFailure::refused("the answer does not hold the token that was wanted").into());
        };
        let token = AcquiredToken::new(token, TokenSource::Issuer);
        match self.merge(&seen, &ours).await {
            Ok(()) => Ok(token),
            Err(error) if error.kind().is_temporary() => {
                self.shared.engine.counters.refreshed_not_stored.one();
                event!(error, %error, "a token was got and could not be stored");
                Ok(token.not_stored())
            }
            Err(error) => Err(error),
        }
    }

    /// What the issuer answered, merged into what is stored now. A sign-out meanwhile wins.
    async fn merge(&self, seen: &Seen, ours: &TokenCache) -> Result<()> {
        let beginning = seen.stored.map_or(Beginning::SinceNothing, |(lineage, _)| Beginning::Since(lineage));
        let job = Job { beginning, timeout: self.shared.settings.store_token_timeout };
        let had_account = seen.cache.accounts().next().is_some();
        let merged = self.shared.change(&self.partition, job, |theirs| {
            if had_account && theirs.accounts().next().is_none() {
                return Err(signed_out());
            }
            *theirs = ours.merge(&seen.cache, theirs);
            Ok(())
        });
        let outcome = merged.await.and_then(|done| done.map(|_| ()).ok_or_else(signed_out));
        if outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::SignedOut) {
            self.shared.engine.counters.signed_out_meanwhile.one();
        }
        outcome
    }
}

/// What the wait for the lease brought.
enum Waited {
    /// This node's turn; without a lease if the engine gives none.
    Lease(Option<Lease>),
    Token(AcquiredToken),
}

fn signed_out() -> Error {
    Error::new(ErrorKind::SignedOut, "nobody is signed in, or not any more")
        .with_remedy("send the person to the sign-in page")
}

fn waited() -> Error {
    Error::new(ErrorKind::LockTimeout, "another caller or node is refreshing the token for too long")
        .with_remedy("try again; look whether the issuer is slow")
}
