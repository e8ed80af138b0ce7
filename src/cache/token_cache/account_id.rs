//! [`AccountId`]: which account is meant, whether or not the cache has an entry for it.

use std::{borrow::Cow, fmt};

use super::{Account, environment, fields::Identity};

/// Which account is meant: who it is in all tenants, and in which cloud.
///
/// ```
/// use sealed_cache::token_cache::AccountId;
/// let account = AccountId::new("uid.utid", "login.microsoftonline.com");
/// assert_eq!(account.home_account_id(), "uid.utid");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountId<'a> {
    home_account_id: Cow<'a, str>,
    environment: Cow<'a, str>,
}

impl<'a> AccountId<'a> {
    /// The account `uid.utid` in the cloud of this host name. Aliases of the cloud mean the same.
    pub fn new(home_account_id: impl Into<Cow<'a, str>>, environment: impl Into<Cow<'a, str>>) -> Self {
        Self { home_account_id: home_account_id.into(), environment: environment.into() }
    }

    /// `uid.utid`.
    #[must_use]
    pub fn home_account_id(&self) -> &str {
        &self.home_account_id
    }

    /// The host name of the cloud.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The same, no longer borrowed from the cache: to change the cache with it.
    ///
    /// ```
    /// # use sealed_cache::token_cache::{AccountId, TokenCache};
    /// # let mut cache = TokenCache::new();
    /// let accounts: Vec<_> = cache.accounts().map(|account| AccountId::from(&account).into_owned()).collect();
    /// for account in &accounts {
    ///     cache.remove_account(account);
    /// }
    /// ```
    #[must_use]
    pub fn into_owned(self) -> AccountId<'static> {
        AccountId::new(self.home_account_id.into_owned(), self.environment.into_owned())
    }

    pub(super) fn is_of(&self, identity: &Identity<'_>) -> bool {
        self.home_account_id == identity.home_account_id
            && environment::is_same(&self.environment, &identity.environment)
    }
}

impl<'a> From<&Account<'a>> for AccountId<'a> {
    fn from(account: &Account<'a>) -> Self {
        Self::new(account.home_account_id(), account.environment())
    }
}

impl<'a> From<&Self> for AccountId<'a> {
    fn from(account: &Self) -> Self {
        account.clone()
    }
}

impl fmt::Debug for AccountId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountId").field("environment", &self.environment).finish_non_exhaustive()
    }
}
