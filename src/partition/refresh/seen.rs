//! [`Seen`]: the partition at one moment, with what this process could not store.

use std::sync::Arc;

use super::{
    super::{
        Etag,
        caches::{Beginning, Opened},
        sealing::{Facts, Lineage},
    },
    AcquiredToken, TokenSource,
    run::{Mode, Run, signed_out},
    token::{Fingerprint, fingerprint},
    unstored::Answer,
};
use crate::{
    Deadline, ErrorKind, Result, TokenCache,
    cache::token_cache::{AccessToken, AccessTokenMatch, CLAIMS},
};

/// The partition at one moment.
pub(super) struct Seen {
    pub(super) cache: TokenCache,
    /// As the engine has it, if there is something in the cache that it has not.
    base: Option<TokenCache>,
    /// `None` where there is nothing yet, and nobody has to sign in.
    pub(super) stored: Option<(Facts, Etag)>,
}

impl Seen {
    pub(super) fn base(&self) -> &TokenCache {
        self.base.as_ref().unwrap_or(&self.cache)
    }

    pub(super) fn etag(&self) -> Option<Etag> {
        self.stored.as_ref().map(|(_, etag)| *etag)
    }

    pub(super) fn lineage(&self) -> Option<Lineage> {
        self.stored.as_ref().map(|(facts, _)| facts.lineage)
    }
}

impl Run {
    /// The partition as the engine has it now, with what this process could not store before: it is tried again.
    pub(super) async fn look(&self) -> Result<Seen> {
        let seen = self.load().await?;
        match self.shared.refreshes.unstored.of(&self.name) {
            None => Ok(seen),
            Some(answer) if seen.lineage() == Some(answer.lineage) => self.store_again(seen, &answer).await,
            Some(answer) => {
                self.shared.refreshes.unstored.drop(&answer);
                Ok(seen)
            }
        }
    }

    async fn load(&self) -> Result<Seen> {
        let deadline = Deadline::after(self.shared.settings.update_timeout());
        let stored = self.shared.engine.load(&self.name, &deadline).await?;
        if stored.is_none() {
            self.shared.refreshes.unstored.forget(&self.name);
        }
        match self.shared.open(&self.partition, &self.name, stored.as_ref()) {
            Opened::Cache(opened) => {
                let (cache, facts, etag) = *opened;
                Ok(Seen { cache, base: None, stored: Some((facts, etag)) })
            }
            _ if self.partition.kind().begins_by_itself() => {
                Ok(Seen { cache: TokenCache::new(), base: None, stored: None })
            }
            _ => Err(signed_out()),
        }
    }

    async fn store_again(&self, mut seen: Seen, answer: &Arc<Answer>) -> Result<Seen> {
        let unstored = &self.shared.refreshes.unstored;
        let (beginning, timeout) = (Beginning::Since(answer.lineage), self.shared.settings.update_timeout());
        // Another call may have stored it by then, and a later one after it.
        let is_wanted = || unstored.has(answer);
        match self.merge((&answer.base, &answer.ours), beginning, timeout, is_wanted).await {
            Ok(()) => {
                unstored.drop(answer);
                self.load().await
            }
            Err(error) if matches!(error.kind(), ErrorKind::SignedOut | ErrorKind::ForeignEntry) => {
                unstored.drop(answer);
                Err(error)
            }
            Err(_) => {
                let merged = answer.ours.merge(&answer.base, &seen.cache);
                seen.base = Some(std::mem::replace(&mut seen.cache, merged));
                Ok(seen)
            }
        }
    }

    /// The token, if it will do without asking the issuer.
    pub(super) fn good(&self, seen: &Seen, before: Option<Fingerprint>) -> Option<AcquiredToken> {
        let found = fingerprint(&seen.cache, &self.wanted);
        let is_another = found != before;
        // One that was just got is as good as it gets, however short its life.
        let wanted = if is_another { &self.just_got } else { &self.wanted };
        let token = match seen.cache.access_token(wanted) {
            AccessTokenMatch::Fresh(token) if self.mode != Mode::InAnyCase || is_another => token,
            AccessTokenMatch::RefreshSoon(token) if is_another => token,
            _ => return None,
        };
        if !self.has_claims(&token) {
            return None;
        }
        let source = if is_another { TokenSource::Meanwhile } else { TokenSource::Cache };
        let token = AcquiredToken::new(token, source);
        let is_stored = seen.base.as_ref().is_none_or(|base| fingerprint(base, &self.wanted) == found);
        Some(if is_stored { token } else { token.not_stored() })
    }

    /// Whether it was asked for with the claims that are wanted, if some are.
    fn has_claims(&self, token: &AccessToken<'_>) -> bool {
        let Some(wanted) = &self.claims else { return true };
        token.member(CLAIMS).is_some_and(|hash| hash.trim_matches('"') == wanted)
    }
}
