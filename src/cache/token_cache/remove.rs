//! Removing: an account, a token, what has expired, what belongs to an application.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    AccountId, TokenCache,
    document::{EntryId, Section},
    entry::Raw,
    environment,
};

impl TokenCache {
    /// Sign out: remove the account and all its tokens, of all applications and tenants, whatever their keys look like and
    /// in whatever case they name it. Aliases of its cloud count, other clouds do not.
    /// Tells how many entries were removed. What belongs to no account stays.
    ///
    /// # Examples
    ///
    /// ```
    /// # use sealed_cache::token_cache::{AccountId, TokenCache};
    /// # let mut cache = TokenCache::new();
    /// let removed = cache.remove_account(AccountId::new("uid.utid", "login.microsoftonline.com"));
    /// assert_eq!(removed, 0); // it was not there
    /// ```
    pub fn remove_account<'q>(&mut self, account: impl Into<AccountId<'q>>) -> usize {
        let account = account.into();
        if account.home_account_id().is_empty() {
            return 0;
        }
        let mut found = self.index.candidates(self.index.keys().account(account.home_account_id()));
        found.retain(|id| {
            self.raw(*id).is_some_and(|raw| {
                let identity = raw.identity();
                identity.home_account_id.eq_ignore_ascii_case(account.home_account_id())
                    && environment::is_same(&identity.environment, account.environment())
            })
        });
        self.remove_all(found)
    }

    /// Remove the access token of this key (see [`AccessToken::key`](super::AccessToken::key)). Tells whether it was there.
    pub fn remove_access_token(&mut self, key: &str) -> bool {
        self.remove_key(Section::AccessToken, key)
    }

    /// Remove the refresh token of this key (see [`RefreshToken::key`](super::RefreshToken::key)). Tells whether it was there.
    pub fn remove_refresh_token(&mut self, key: &str) -> bool {
        self.remove_key(Section::RefreshToken, key)
    }

    /// Remove the id token of this key (see [`IdToken::key`](super::IdToken::key)). Tells whether it was there.
    pub fn remove_id_token(&mut self, key: &str) -> bool {
        self.remove_key(Section::IdToken, key)
    }

    /// Remove the access tokens that have expired by then, for an issuer that is out of order as well. Tells how many.
    ///
    /// One that does not tell when it expires stays.
    ///
    /// # Examples
    ///
    /// ```
    /// # use sealed_cache::token_cache::TokenCache;
    /// # let mut cache = TokenCache::new();
    /// let removed = cache.prune(std::time::SystemTime::now());
    /// assert_eq!(removed, 0); // there was none
    /// ```
    pub fn prune(&mut self, at: SystemTime) -> usize {
        let now = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let has_expired = |id: &EntryId| {
            self.raw(*id).map(Raw::ends).is_some_and(|ends| {
                let extended = [ends.extended_expires_on, ends.ext_expires_on].into_iter().flatten().max();
                ends.expires_on.is_some_and(|end| end.max(extended.unwrap_or(0)) <= now)
            })
        };
        let found: Vec<_> = self.document.entries_of(Section::AccessToken).filter(has_expired).collect();
        self.remove_all(found)
    }

    /// Remove everything that belongs to this application: tokens and metadata. Accounts stay, since they belong to no
    /// application, and so do refresh tokens that a family shares. Tells how many entries were removed.
    pub fn remove_client(&mut self, client_id: &str) -> usize {
        let belongs = |(id, section): &(EntryId, Section)| {
            self.raw(*id).is_some_and(|raw| {
                let identity = raw.identity();
                let is_shared = *section == Section::RefreshToken && !identity.family_id.is_empty();
                raw.is_object()
                    && *section != Section::Account
                    && !is_shared
                    && identity.client_id.eq_ignore_ascii_case(client_id)
            })
        };
        let found: Vec<_> = self.document.entries().filter(belongs).map(|(id, _)| id).collect();
        self.remove_all(found)
    }

    fn remove_key(&mut self, section: Section, key: &str) -> bool {
        let found = self.under_key(section, key);
        self.remove_all(found) > 0
    }

    fn remove_all(&mut self, found: Vec<EntryId>) -> usize {
        let removed = found.into_iter().filter(|id| self.document.remove(*id)).count();
        if removed > 0 {
            self.changed = true;
            self.tidy();
        }
        removed
    }
}
