//! Finding what is in a token cache. Nothing here changes it.

use std::{
    borrow::Cow,
    cmp::Reverse,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    AccessToken, Account, AccountId, AppMetadata, IdToken, RefreshToken, TokenCache,
    document::{EntryId, Section},
    entry::Ends,
    environment, extended_key,
    fields::Identity,
    response::split,
};

/// How long a token must still be good for, if the program does not say: MSAL's five minutes.
const LEEWAY: Duration = Duration::from_secs(300);

/// Which access token is wanted.
///
/// # Examples
///
/// ```
/// use sealed_cache::token_cache::{AccessTokenMatch, AccessTokenQuery, AccountId, TokenCache};
///
/// let wanted = AccessTokenQuery::new("client-id", ["User.Read"])
///     .account(&AccountId::new("uid.utid", "login.microsoftonline.com"))
///     .realm("utid");
/// assert!(matches!(TokenCache::new().access_token(&wanted), AccessTokenMatch::Missing));
/// ```
#[derive(Clone)]
pub struct AccessTokenQuery {
    client_id: String,
    scopes: Vec<String>,
    home_account_id: String,
    environment: String,
    realm: String,
    token_type: Option<String>,
    key_id: Option<String>,
    extended_key: String,
    leeway: Duration,
    at: Option<SystemTime>,
}

/// What was found for an [`AccessTokenQuery`].
#[derive(Clone, Copy, Debug)]
pub enum AccessTokenMatch<'a> {
    /// A token that is good.
    Fresh(AccessToken<'a>),
    /// A token that is good, and that its issuer advises to refresh by now.
    RefreshSoon(AccessToken<'a>),
    /// Only a token that has expired, or will within the leeway.
    Expired(AccessToken<'a>),
    /// None.
    Missing,
}

impl<'a> AccessTokenMatch<'a> {
    /// The token, if it is good: [`Fresh`](Self::Fresh) or [`RefreshSoon`](Self::RefreshSoon).
    #[must_use]
    pub const fn valid(self) -> Option<AccessToken<'a>> {
        match self {
            Self::Fresh(token) | Self::RefreshSoon(token) => Some(token),
            Self::Expired(_) | Self::Missing => None,
        }
    }
}

impl AccessTokenQuery {
    /// A token of this application with all these scopes, one by one or with spaces between them; it may have more. Scopes
    /// are compared as the services do, whatever the case. Without any, a token for whatever scopes will do.
    ///
    /// Say whose it is with [`account`](Self::account), and for an [`AccountId`] the [`realm`](Self::realm) as well. Without
    /// an account it is a token of the application itself, which needs [`environment`](Self::environment) and `realm`.
    pub fn new<S: Into<String>>(client_id: impl Into<String>, scopes: impl IntoIterator<Item = S>) -> Self {
        Self {
            client_id: client_id.into(),
            scopes: split(scopes),
            home_account_id: String::new(),
            environment: String::new(),
            realm: String::new(),
            token_type: None,
            key_id: None,
            extended_key: String::new(),
            leeway: LEEWAY,
            at: None,
        }
    }

    /// Of this account, in its cloud and (for an [`Account`] of the cache) in its tenant.
    #[must_use]
    pub fn account(mut self, account: &impl QueriedAccount) -> Self {
        account.describe(&mut self);
        self
    }

    /// In this cloud, by host name; aliases mean the same.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }

    /// Of this tenant: as it is in the token's entry, `contoso.onmicrosoft.com` is another than its number. A token of any
    /// tenant cannot be asked for, since it would be good for another one.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Of this type, bound to this key: `pop`. Default: a bearer token.
    #[must_use]
    pub fn token_type(mut self, token_type: impl Into<String>, key_id: impl Into<String>) -> Self {
        self.token_type = Some(token_type.into());
        self.key_id = Some(key_id.into());
        self
    }

    /// Asked for with these extra parameters.
    #[must_use]
    pub fn extra_parameters<'p>(mut self, parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        self.extended_key = extended_key::of(parameters);
        self
    }

    /// Good for at least so much longer. Default: 5 minutes.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// At this time instead of now.
    #[must_use]
    pub const fn at(mut self, time: SystemTime) -> Self {
        self.at = Some(time);
        self
    }

    fn is_met_by(&self, identity: &Identity<'_>) -> bool {
        let is_of_type = match &self.token_type {
            None => identity.is_bearer(),
            Some(wanted) if wanted.eq_ignore_ascii_case("bearer") => identity.is_bearer(),
            Some(wanted) => {
                wanted.eq_ignore_ascii_case(&identity.token_type)
                    && self.key_id.as_deref() == Some(&*identity.key_id)
            }
        };
        is_of_type
            && identity.home_account_id == self.home_account_id
            && identity.client_id == self.client_id
            && identity.realm == self.realm
            && identity.extended_key == self.extended_key
            && environment::is_same(&identity.environment, &self.environment)
            && identity.has_scopes(&self.scopes)
    }

    fn judge<'a>(&self, token: AccessToken<'a>, ends: Ends) -> AccessTokenMatch<'a> {
        let now = self.at.unwrap_or_else(SystemTime::now).duration_since(UNIX_EPOCH).unwrap_or_default();
        let needed = now.saturating_add(self.leeway);
        let is_good = ends.expires_on.map(Duration::from_secs).is_some_and(|end| end >= needed && end > now);
        if !is_good {
            return AccessTokenMatch::Expired(token);
        }
        match ends.refresh_on.map(Duration::from_secs) {
            Some(refresh_on) if refresh_on <= now => AccessTokenMatch::RefreshSoon(token),
            _ => AccessTokenMatch::Fresh(token),
        }
    }

    #[cfg(feature = "server")]
    pub(crate) fn home_account_id(&self) -> &str {
        &self.home_account_id
    }

    /// All by which two questions are the same one, but for the time: what is asked of an issuer once.
    #[cfg(feature = "server")]
    pub(crate) fn parts(&self) -> Vec<&str> {
        let mut scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let types = [&self.token_type, &self.key_id].map(|text| text.as_deref().unwrap_or_default());
        let fields =
            [&self.client_id, &self.home_account_id, &self.environment, &self.realm, &self.extended_key];
        fields.into_iter().map(String::as_str).chain(types).chain(scopes).collect()
    }

    /// The fields that a token must have, for the index.
    fn identity(&self) -> Identity<'_> {
        Identity {
            home_account_id: Cow::Borrowed(&self.home_account_id),
            environment: Cow::Borrowed(&self.environment),
            client_id: Cow::Borrowed(&self.client_id),
            realm: Cow::Borrowed(&self.realm),
            extended_key: Cow::Borrowed(&self.extended_key),
            ..Identity::default()
        }
    }
}

impl fmt::Debug for AccessTokenQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenQuery")
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("environment", &self.environment)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// What an [`AccessTokenQuery`] can take as its account: an [`Account`] of the cache or an [`AccountId`].
pub trait QueriedAccount: sealed::Sealed {}

mod sealed {
    /// Fills in what is known.
    pub trait Sealed {
        fn describe(&self, query: &mut super::AccessTokenQuery);
    }
}

impl QueriedAccount for Account<'_> {}
impl QueriedAccount for AccountId<'_> {}

impl sealed::Sealed for Account<'_> {
    fn describe(&self, query: &mut AccessTokenQuery) {
        query.home_account_id = self.home_account_id().into_owned();
        query.environment = self.environment().into_owned();
        query.realm = self.realm().into_owned();
    }
}

impl sealed::Sealed for AccountId<'_> {
    fn describe(&self, query: &mut AccessTokenQuery) {
        query.home_account_id = self.home_account_id().to_owned();
        query.environment = self.environment().to_owned();
    }
}

impl TokenCache {
    /// The access token that is wanted; of several, the one that is good for longest. One that does not say when it
    /// expires counts as [`Expired`](AccessTokenMatch::Expired).
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::token_cache::{AccessTokenMatch, AccessTokenQuery, TokenCache, TokenResponse};
    ///
    /// let mut cache = TokenCache::new();
    /// let endpoint = "https://login.microsoftonline.com/contoso/oauth2/v2.0/token";
    /// let response = TokenResponse::of_access_token("client-id", "AT", 3600).token_endpoint(endpoint);
    /// cache.add(&response.requested_scopes(["Files.Read"]))?;
    ///
    /// let wanted = AccessTokenQuery::new("client-id", ["files.read"])
    ///     .environment("login.microsoftonline.com")
    ///     .realm("contoso");
    /// match cache.access_token(&wanted) {
    ///     AccessTokenMatch::Fresh(token) => assert_eq!(&*token.secret(), "AT"),
    ///     AccessTokenMatch::RefreshSoon(_) => { /* use it, and get another one meanwhile */ }
    ///     AccessTokenMatch::Expired(_) | AccessTokenMatch::Missing => { /* get one first */ }
    /// }
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    #[must_use]
    pub fn access_token(&self, wanted: &AccessTokenQuery) -> AccessTokenMatch<'_> {
        let mut keys = self.index.keys();
        let key = match wanted.scopes.first() {
            Some(scope) => keys.access_token(&wanted.identity(), scope),
            // Any scopes will do: look at all that the account has.
            None => keys.account(&wanted.home_account_id),
        };
        let found = self.found(Section::AccessToken, key, |identity| wanted.is_met_by(identity));
        let tokens =
            found.into_iter().filter_map(|id| self.raw(id).map(|raw| (raw.ends(), AccessToken(raw))));
        match tokens.max_by_key(|(ends, _)| ends.expires_on) {
            Some((ends, token)) => wanted.judge(token, ends),
            None => AccessTokenMatch::Missing,
        }
    }

    /// The refresh tokens that may serve this application for this account, the best first.
    ///
    /// Which one still works only the issuer knows: try them in this order. As MSAL does: an application of a family, or one that the cache does not know yet, tries the family's tokens
    /// first; then come its own; each newest first, those that do not tell their time last.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::token_cache::{AccountId, TokenCache};
    ///
    /// let cache = TokenCache::new();
    /// for token in cache.refresh_tokens("client-id", AccountId::new("uid.utid", "login.microsoftonline.com")) {
    ///     let secret = token.secret().to_zeroizing(); // send it to the token endpoint; stop when it is taken
    /// #   drop(secret);
    /// }
    /// ```
    #[must_use]
    pub fn refresh_tokens<'q>(
        &self,
        client_id: &str,
        account: impl Into<AccountId<'q>>,
    ) -> Vec<RefreshToken<'_>> {
        let account = account.into();
        let metadata = self.app_metadata(client_id, account.environment());
        let family = metadata.as_ref().map_or(Cow::Borrowed("1"), AppMetadata::family_id);
        let key = self.index.keys().refresh_token(account.home_account_id(), account.environment());
        let mut ranked: Vec<_> = self
            .found(Section::RefreshToken, key, |identity| account.is_of(identity))
            .into_iter()
            .filter_map(|id| {
                let raw = self.raw(id)?;
                let identity = raw.identity();
                let is_family = !family.is_empty() && identity.family_id == family;
                let is_own = identity.client_id == client_id;
                let newest = Reverse(raw.seconds("last_modification_time").unwrap_or(0));
                (is_family || is_own).then_some(((!is_family, newest, id), RefreshToken(raw)))
            })
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, token)| token).collect()
    }

    /// All accounts, in the order of the cache. One person has an entry for each tenant. What is in the section and no
    /// object is kept, and not shown here; the same goes for tokens.
    pub fn accounts(&self) -> impl Iterator<Item = Account<'_>> {
        self.views(Section::Account, Account)
    }

    /// All access tokens, in the order of the cache, good or not.
    pub fn access_tokens(&self) -> impl Iterator<Item = AccessToken<'_>> {
        self.views(Section::AccessToken, AccessToken)
    }

    /// All refresh tokens, in the order of the cache.
    pub fn all_refresh_tokens(&self) -> impl Iterator<Item = RefreshToken<'_>> {
        self.views(Section::RefreshToken, RefreshToken)
    }

    /// All id tokens, in the order of the cache.
    pub fn all_id_tokens(&self) -> impl Iterator<Item = IdToken<'_>> {
        self.views(Section::IdToken, IdToken)
    }

    /// The entries of an account: one for each tenant.
    #[must_use]
    pub fn account<'q>(&self, account: impl Into<AccountId<'q>>) -> Vec<Account<'_>> {
        let account = account.into();
        let key = self.index.keys().account(account.home_account_id());
        self.viewed(self.found(Section::Account, key, |identity| account.is_of(identity)), Account)
    }

    /// The id tokens of this application for this account: one for each tenant.
    #[must_use]
    pub fn id_tokens<'q>(&self, client_id: &str, account: impl Into<AccountId<'q>>) -> Vec<IdToken<'_>> {
        let account = account.into();
        let key = self.index.keys().id_token(account.home_account_id(), account.environment(), client_id);
        let is_it = |identity: &Identity<'_>| account.is_of(identity) && identity.client_id == client_id;
        self.viewed(self.found(Section::IdToken, key, is_it), IdToken)
    }

    /// What is known of this application in this cloud.
    #[must_use]
    pub fn app_metadata(&self, client_id: &str, environment: &str) -> Option<AppMetadata<'_>> {
        let key = self.index.keys().app_metadata(environment, client_id);
        let found = self.found(Section::AppMetadata, key, |identity| {
            identity.client_id.eq_ignore_ascii_case(client_id)
                && environment::is_same(&identity.environment, environment)
        });
        found.first().and_then(|id| self.raw(*id)).map(AppMetadata)
    }

    fn views<'a, V>(&'a self, section: Section, view: fn(super::Raw<'a>) -> V) -> impl Iterator<Item = V> {
        let ids = self.document.entries_of(section);
        ids.filter_map(move |id| self.raw(id).filter(|raw| raw.is_object()).map(view))
    }

    fn viewed<'a, V>(&'a self, ids: Vec<EntryId>, view: fn(super::Raw<'a>) -> V) -> Vec<V> {
        ids.into_iter().filter_map(|id| self.raw(id).map(view)).collect()
    }
}
