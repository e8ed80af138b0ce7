//! What may be in a partition: nothing that belongs to another account, and not too much.

use std::{
    collections::HashSet,
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};

use super::super::{Partition, whose::Kind};
use crate::{Error, ErrorKind, Result, TokenCache};

/// Refuse what belongs to somebody else.
pub(super) fn check_owner(partition: &Partition, cache: &TokenCache) -> Result<()> {
    let (tokens, accounts) = owners(cache);
    let is_sound = match (partition.kind(), partition.home_account_id()) {
        (_, Some(own)) => tokens.iter().chain(&accounts).all(|id| id == own.as_str()),
        (Kind::Application, _) => accounts.is_empty() && tokens.iter().all(String::is_empty),
        // Whose it is, is not known; that it is one person's is.
        _ => tokens.union(&accounts).filter(|id| !id.is_empty()).count() <= 1,
    };
    if is_sound {
        return Ok(());
    }
    Err(Error::new(ErrorKind::ForeignEntry, "something that belongs to another account was to be stored").with_remedy(
        "take the partition of that account; for a response that does not say whose it is, call `.home_account_id(..)`",
    ))
}

/// Whose tokens and whose accounts there are.
fn owners(cache: &TokenCache) -> (HashSet<String>, HashSet<String>) {
    let access = cache.access_tokens().map(|token| token.home_account_id());
    let refresh = cache.all_refresh_tokens().map(|token| token.home_account_id());
    let id = cache.all_id_tokens().map(|token| token.home_account_id());
    let tokens = access.chain(refresh).chain(id).map(std::borrow::Cow::into_owned).collect();
    (tokens, cache.accounts().map(|account| account.home_account_id().into_owned()).collect())
}

/// Drop what has expired, and the oldest access tokens above this number. Tells how many were too many.
pub(super) fn tidy(cache: &mut TokenCache, most_tokens: usize) -> usize {
    cache.prune(SystemTime::now());
    let mut ages: Vec<_> = cache
        .access_tokens()
        .map(|token| (token.cached_at().unwrap_or(UNIX_EPOCH), token.key().into_owned()))
        .collect();
    let too_many = ages.len().saturating_sub(most_tokens);
    if too_many > 0 {
        ages.sort_unstable();
        for (_, key) in &ages[..too_many] {
            cache.remove_access_token(key);
        }
    }
    too_many
}

/// Whether it has nothing that a sign-in brings.
pub(super) fn is_signed_out(cache: &TokenCache) -> bool {
    cache.accounts().next().is_none()
        && cache.access_tokens().next().is_none()
        && cache.all_refresh_tokens().next().is_none()
        && cache.all_id_tokens().next().is_none()
}

/// Digests of its refresh tokens.
pub(super) fn refresh_tokens(cache: &TokenCache) -> HashSet<[u8; 32]> {
    cache.all_refresh_tokens().map(|token| Sha256::digest(token.secret().as_bytes()).into()).collect()
}

/// Whether an access token of it is still good.
pub(super) fn has_valid_token(cache: &TokenCache) -> bool {
    let now = SystemTime::now();
    cache.access_tokens().any(|token| token.expires_on().is_some_and(|end| end > now))
}
