//! Storing what an issuer answered. A sign-out meanwhile wins.

use std::{collections::HashSet, time::Duration};

use super::{
    super::{
        caches::{Beginning, Job, unix_now},
        whose::Kind,
    },
    AcquiredToken, RefreshFailure, TokenSource,
    run::{Run, signed_out},
    seen::Seen,
    unstored::Answer,
};
use crate::{ErrorKind, Result, TokenCache, cache::token_cache::TokenResponse, event::event};

impl Run {
    /// Add the answer and store it. The token is good, whatever the engine says.
    pub(super) async fn store(&self, seen: &Seen, response: TokenResponse) -> Result<AcquiredToken> {
        let mut ours = seen.cache.clone();
        ours.add(&self.owned(response, seen))?;
        let token = ours.access_token(&self.just_got).valid();
        let token = token.map(|token| AcquiredToken::new(token, TokenSource::Issuer));
        let is_stored = self.keep(seen, ours).await?;
        match token {
            Some(token) => Ok(if is_stored { token } else { token.not_stored() }),
            None => Err(RefreshFailure::refused("the answer does not hold the token that was wanted").into()),
        }
    }

    /// Filed under whose the partition is: many issuers do not say whose the tokens of a refresh are, and the subject of an
    /// id token is another name of the same person.
    fn owned(&self, response: TokenResponse, seen: &Seen) -> TokenResponse {
        let response = response.asked_with_claims(self.claims.clone());
        let owner = match self.partition.home_account_id() {
            Some(id) => Some(id.as_str().to_owned()),
            None if self.partition.kind() == Kind::Application => None,
            None => {
                let wanted = Some(self.wanted.home_account_id()).filter(|id| !id.is_empty());
                wanted.map(str::to_owned).or_else(|| only_owner(&seen.cache))
            }
        };
        match owner {
            Some(owner) => response.owned_by(owner),
            None => response,
        }
    }

    /// Whether the engine has it now. If it has not, this process has.
    async fn keep(&self, seen: &Seen, ours: TokenCache) -> Result<bool> {
        let timeout = self.shared.settings.store_token_timeout;
        match self.merge((seen.base(), &ours), self.beginning(seen), timeout, || true).await {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::SignedOut | ErrorKind::ForeignEntry) => {
                Err(error)
            }
            Err(error) => {
                self.shared.engine.counters.refreshed_not_stored.one();
                event!(error, %error, "a token was got and could not be stored");
                let _ = error;
                self.keep_here(seen, ours);
                Ok(false)
            }
        }
    }

    /// An application gets another token when it needs one.
    fn keep_here(&self, seen: &Seen, ours: TokenCache) {
        if let (Some(lineage), true) = (seen.lineage(), self.partition.kind() != Kind::Application) {
            let (name, base) = (self.name.clone(), seen.base().clone());
            self.shared.refreshes.unstored.keep(Answer { name, lineage, base, ours });
        }
    }

    /// What the partition must still be. Those that nobody signs in to end with their last token, which must not pass for
    /// a sign-out.
    fn beginning(&self, seen: &Seen) -> Beginning {
        let Some((facts, _)) = &seen.stored else { return Beginning::SinceNothing };
        let soon = unix_now() + self.shared.settings.store_token_timeout.as_secs();
        match self.partition.kind() {
            Kind::Application => Beginning::SinceNothing,
            Kind::OnBehalfOf if facts.ends <= soon => Beginning::SinceNothing,
            _ => Beginning::Since(facts.lineage),
        }
    }

    /// What changed from `base` to `ours`, merged into what is stored now if it is still wanted then.
    pub(super) async fn merge(
        &self,
        (base, ours): (&TokenCache, &TokenCache),
        beginning: Beginning,
        timeout: Duration,
        is_wanted: impl Fn() -> bool + Send + Sync,
    ) -> Result<()> {
        let (job, nothing) = (Job { beginning, timeout }, TokenCache::new());
        let had_account = base.accounts().next().is_some();
        let merged = self.shared.change(&self.partition, job, |theirs| {
            let is_gone = had_account && theirs.accounts().next().is_none();
            if is_gone && beginning != Beginning::SinceNothing {
                return Err(signed_out());
            }
            if is_wanted() {
                // Accounts that ended with their partition were not removed by anybody.
                *theirs = ours.merge(if is_gone { &nothing } else { base }, theirs);
            }
            Ok(())
        });
        let outcome = merged.await.and_then(|done| done.map(|_| ()).ok_or_else(signed_out));
        if outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::SignedOut) {
            self.shared.engine.counters.signed_out_meanwhile.one();
        }
        outcome
    }
}

/// Whose tokens they all are.
fn only_owner(cache: &TokenCache) -> Option<String> {
    let accounts = cache.accounts().map(|account| account.home_account_id().into_owned());
    let refresh = cache.all_refresh_tokens().map(|token| token.home_account_id().into_owned());
    let access = cache.access_tokens().map(|token| token.home_account_id().into_owned());
    let owners: HashSet<_> = accounts.chain(refresh).chain(access).filter(|id| !id.is_empty()).collect();
    let mut owners = owners.into_iter();
    owners.next().filter(|_| owners.next().is_none())
}
