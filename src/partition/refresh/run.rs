//! [`Run`]: one refresh from its beginning to its end.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time;

use super::{
    super::{
        Partition, PartitionName, StoreError, StoreErrorKind,
        caches::{Shared, random_fraction},
    },
    AcquiredToken, RefreshFailure, Request, TokenSource,
    lease::Lease,
    seen::Seen,
    spans::in_span,
    token::{Fingerprint, fingerprint},
};
use crate::{
    Deadline, Error, ErrorKind, Result, TokenCache,
    cache::token_cache::{AccessTokenQuery, TokenResponse},
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

/// The caller's token request. What is below is compiled once, and not for each of them.
pub(super) type Ask = Box<dyn FnOnce(TokenCache) -> Answer + Send>;
/// What the issuer will answer.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<TokenResponse, RefreshFailure>> + Send>>;

pub(super) struct Run {
    pub(super) shared: Arc<Shared>,
    pub(super) partition: Partition,
    pub(super) name: PartitionName,
    pub(super) wanted: AccessTokenQuery,
    /// The same, however short its life.
    pub(super) just_got: AccessTokenQuery,
    /// A hash of the claims that a resource asks for.
    pub(super) claims: Option<String>,
    pub(super) mode: Mode,
    key: String,
    lease: PartitionName,
    deadline: Deadline,
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>, request: &Request<'_>) -> Self {
        let wanted = request.wanted.clone();
        Self {
            partition: request.partition.clone(),
            name: shared.name(request.partition),
            just_got: wanted.clone().leeway(Duration::ZERO),
            wanted,
            claims: request.claims_hash(&shared),
            mode: request.mode,
            key: request.key(&shared),
            lease: request.lease_name(&shared),
            deadline: Deadline::after(shared.settings.refresh_timeout),
            shared,
        }
    }

    pub(super) async fn run(self, ask: Ask) -> Result<AcquiredToken> {
        let outcome = self.in_turn(ask).await;
        if self.mode == Mode::IfNobodyElse && outcome.is_err() {
            self.shared.refreshes.remembered.pause(&self.key);
        }
        outcome
    }

    async fn in_turn(&self, ask: Ask) -> Result<AcquiredToken> {
        let first = self.look().await?;
        let before = fingerprint(&first.cache, &self.wanted);
        if let Some(token) = self.good(&first, before) {
            return Ok(token);
        }
        self.is_not_refused(&first)?;
        let turns = &self.shared.refreshes.turns;
        let Some(_turn) = turns.take(&self.lease, &self.deadline).await else { return Err(waited()) };
        let mut lease = Lease::new(&self.shared.engine, &self.lease, self.shared.settings.lease)?;
        let wait = in_span!("sealed_cache_lease_wait", self.wait_for_lease(&mut lease, &first, before));
        let outcome = match wait.await {
            Ok(None) => self.get(before, &lease, ask).await,
            Ok(Some(token)) => Ok(token),
            Err(error) => Err(error),
        };
        lease.end().await;
        outcome
    }

    /// Wait until this node may ask the issuer, or another one has stored the token.
    async fn wait_for_lease(
        &self,
        lease: &mut Lease,
        first: &Seen,
        before: Option<Fingerprint>,
    ) -> Result<Option<AcquiredToken>> {
        let mut etag = None;
        loop {
            let patience = self.shared.settings.update_timeout().min(self.deadline.remaining());
            match lease.ask(&Deadline::after(patience)).await {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(error) => return self.without_lease(first, error).map(|()| None),
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
                if let Some(token) = self.good(&self.look().await?, before) {
                    self.shared.engine.counters.refreshed_elsewhere.one();
                    return Ok(Some(token));
                }
            }
        }
    }

    /// The lease is for economy only. But what takes no lease takes no token either, and an issuer that rotates refresh
    /// tokens would end the session once the new one is lost.
    fn without_lease(&self, first: &Seen, error: StoreError) -> Result<()> {
        let takes_nothing = matches!(
            error.kind(),
            StoreErrorKind::Full | StoreErrorKind::Timeout | StoreErrorKind::Unavailable
        );
        if takes_nothing && first.cache.all_refresh_tokens().next().is_some() {
            return Err(error.into());
        }
        self.shared.engine.counters.lease_unavailable.one();
        Ok(())
    }

    /// Ask the issuer, unless there is no need any more, and store what it answers.
    async fn get(&self, before: Option<Fingerprint>, lease: &Lease, ask: Ask) -> Result<AcquiredToken> {
        // What was looked at before the lease was held may be older than what its last holder has stored.
        let seen = self.look().await?;
        if let Some(token) = self.good(&seen, before) {
            if token.source() == TokenSource::Meanwhile {
                self.shared.engine.counters.refreshed_elsewhere.one();
            }
            return Ok(token);
        }
        self.is_not_refused(&seen)?;
        let request = ask(seen.cache.clone());
        match in_span!("sealed_cache_token_request", self.ask(request, lease)).await {
            Ok(response) => self.store(&seen, response).await,
            Err(failure) => {
                self.shared.refreshes.remembered.add(&self.key, &failure, seen.etag());
                Err(failure.into())
            }
        }
    }

    /// Whether the issuer has refused the same not long ago.
    fn is_not_refused(&self, seen: &Seen) -> Result<()> {
        match self.shared.refreshes.remembered.get(&self.key, seen.etag()) {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }

    /// The token request, with the lease renewed beside it.
    async fn ask(&self, request: Answer, lease: &Lease) -> Result<TokenResponse, RefreshFailure> {
        let counters = &self.shared.engine.counters;
        counters.token_requests.one();
        // The wait before it does not make it shorter: an answer that comes too late may have ended a refresh token.
        let (started, longest) = (Instant::now(), self.shared.settings.token_request_timeout);
        let (mut request, mut keep) = (pin!(time::timeout(longest, request)), pin!(lease.keep()));
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
}

pub(super) fn signed_out() -> Error {
    Error::new(ErrorKind::SignedOut, "nobody is signed in, or not any more")
        .with_remedy("send the person to the sign-in page")
}

fn waited() -> Error {
    Error::new(ErrorKind::LockTimeout, "another caller or node is refreshing the token for too long")
        .with_remedy("try again; look whether the issuer is slow")
}
