//! Adding a token response.

use super::{
    CLAIMS, Identity, TokenCache, TokenResponse,
    claims::{self, Claims},
    document::{EntryId, Section},
    edit::Edit,
    environment,
};
use crate::{Error, ErrorKind, Result};

/// What a token is good for if its response does not say, in seconds: as MSAL Python takes it.
const EXPIRES_IN: u64 = 600;

/// The grants by which a person signs in, as opposed to those that only get another token.
const SIGN_INS: [&str; 6] = [
    "authorization_code",
    "broker",
    "device_code",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "user_fic",
];

impl TokenCache {
    /// Add the tokens of a response, its account and the metadata of the application.
    ///
    /// An entry that is there already is brought up to date under the key it has, whichever SDK wrote it, and keeps
    /// what we do not know of. If there are several of the same identity, all are. New entries are as MSAL Python's
    /// `TokenCache.add` makes them: without an expiry a token is taken to be good for 600 seconds.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the response does not say from which authority it came; nothing is added then.
    ///
    /// # Security
    ///
    /// The id token is filed under what it says of itself, without verification: whoever relies on its claims must have
    /// verified it.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::token_cache::{TokenCache, TokenResponse};
    ///
    /// let mut cache = TokenCache::new();
    /// let response = TokenResponse::of_access_token("client-id", "AT", 3600)
    ///     .token_endpoint("https://login.microsoftonline.com/contoso/oauth2/v2.0/token")
    ///     .requested_scopes(["https://vault.azure.net/.default"]);
    /// cache.add(&response)?;
    /// assert_eq!(cache.access_tokens().count(), 1);
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn add(&mut self, response: &TokenResponse) -> Result<()> {
        if response.environment.is_empty() {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the token response does not say where it came from",
            )
            .with_remedy("call `.token_endpoint(..)` on it, or `.environment(..)` and `.realm(..)`"));
        }
        let claims = Claims::of(&response.answer);
        let told = claims::home_account_id(&response.answer, &claims, response.owner.as_deref());
        let home = told.or_else(|| response.home_account_id.clone());
        let addition = Addition { response, claims, home, now: response.now() };
        self.add_access_token(&addition);
        self.add_account(&addition);
        self.add_id_token(&addition);
        self.add_refresh_token(&addition);
        self.add_app_metadata(&addition);
        self.changed = true;
        Ok(())
    }

    fn add_access_token(&mut self, addition: &Addition<'_>) {
        let Addition { response, now, .. } = addition;
        let Some(secret) = &response.answer.access_token else { return };
        let answer = &response.answer;
        let expires_in =
            answer.expires_in.or_else(|| Some(answer.expires_on?.saturating_sub(*now))).unwrap_or(EXPIRES_IN);
        let expires_on = now.saturating_add(expires_in).to_string();
        let extended = now.saturating_add(answer.ext_expires_in.unwrap_or(expires_in)).to_string();
        let refresh_on = answer.refresh_in.map(|seconds| now.saturating_add(seconds).to_string());
        let (target, cached_at) = (response.target(), now.to_string());
        let token_type = answer.token_type.as_deref().unwrap_or("Bearer");

        let wanted = Wanted { target: &target, token_type, ..addition.wanted() };
        let mut edit = Edit::default();
        edit.set_if_absent("credential_type", "AccessToken").set("secret", secret);
        addition.set_identity(&mut edit);
        edit.set_if_absent("realm", &response.realm)
            .set_if_absent("target", &target)
            .set_if_absent("token_type", token_type)
            .set("cached_at", &cached_at)
            .set("expires_on", &expires_on)
            .set("extended_expires_on", &extended)
            .set_if_present("ext_expires_on", &extended)
            .set_or_remove("refresh_on", refresh_on.as_deref())
            .set_or_remove(CLAIMS, response.claims.as_deref());
        let scope = response.scopes.first().map_or("", String::as_str);
        let key = self.index.keys().access_token(&wanted.identity(), scope);
        let found = self.found(Section::AccessToken, key, |identity| wanted.is_access_token(identity));
        if found.is_empty() {
            // One that is there has these under the names of its SDK.
            wanted.set_distinctions(&mut edit);
        }
        self.put(Section::AccessToken, &found, &edit, || wanted.access_token_key());
    }

    fn add_account(&mut self, addition: &Addition<'_>) {
        let Addition { response, claims, .. } = addition;
        let Some(home) = addition.home.as_deref().filter(|_| !response.skip_account_creation) else { return };
        let local = response.local_account_id.as_deref().or_else(|| claims.local_account_id());
        let typed = Some(&*response.username).filter(|name| !name.is_empty());
        let username = claims.username().or(typed);
        let authority_type = if response.realm == "adfs" { "ADFS" } else { "MSSTS" };

        let wanted = addition.wanted();
        let mut edit = Edit::default();
        edit.set_if_absent("home_account_id", home)
            .set_if_absent("environment", &response.environment)
            .set_if_absent("realm", &response.realm);
        match local {
            Some(local) => edit.set("local_account_id", local),
            None => edit.set_if_absent("local_account_id", ""),
        };
        match username {
            Some(username) => edit.set("username", username),
            None => edit.set_if_absent("username", ""),
        };
        match &response.authority_type {
            Some(authority_type) => edit.set("authority_type", authority_type),
            None => edit.set_if_absent("authority_type", authority_type),
        };
        if SIGN_INS.contains(&&*response.grant_type) {
            edit.set("account_source", &response.grant_type);
        }
        let found = self.found(Section::Account, self.index.keys().account(home), |identity| {
            wanted.is_of_account(identity) && identity.realm == response.realm
        });
        self.put(Section::Account, &found, &edit, || {
            [home, &*response.environment, &*response.realm].join("-")
        });
    }

    fn add_id_token(&mut self, addition: &Addition<'_>) {
        let Addition { response, .. } = addition;
        let Some(secret) = &response.answer.id_token else { return };
        let wanted = addition.wanted();
        let mut edit = Edit::default();
        edit.set_if_absent("credential_type", "IdToken").set("secret", secret);
        addition.set_identity(&mut edit);
        edit.set_if_absent("realm", &response.realm);
        let key = self.index.keys().id_token(wanted.home, wanted.environment, wanted.client_id);
        let found = self.found(Section::IdToken, key, |identity| {
            wanted.is_of_client(identity) && identity.realm == wanted.realm
        });
        self.put(Section::IdToken, &found, &edit, || {
            [wanted.home, wanted.environment, "idtoken", wanted.client_id, wanted.realm, ""].join("-")
        });
    }

    /// Refresh tokens are matched without their scopes, since they serve others as well. One for a family takes the place
    /// of the family's, whatever the application that got them, and of the application's own; one for this application
    /// alone leaves the family's to the others.
    ///
    /// A new one does not say its scopes: MSAL Python makes them part of the key when it looks for an entry to update or
    /// remove, and so would miss this one under the key that .NET and Java agree on.
    fn add_refresh_token(&mut self, addition: &Addition<'_>) {
        let Addition { response, now, .. } = addition;
        let Some(secret) = &response.answer.refresh_token else { return };
        let family = response.answer.foci.as_deref();
        let (wanted, since) = (addition.wanted(), now.to_string());
        let mut edit = Edit::default();
        edit.set_if_absent("credential_type", "RefreshToken").set("secret", secret);
        addition.set_identity(&mut edit);
        edit.set("last_modification_time", &since).set_or_remove("family_id", family);
        let key = self.index.keys().refresh_token(wanted.home, wanted.environment);
        let found = self.found(Section::RefreshToken, key, |identity| {
            let is_own = identity.client_id == wanted.client_id && identity.family_id.is_empty();
            let is_of_family = family.is_some_and(|family| family == identity.family_id);
            wanted.is_of_account(identity) && (is_own || is_of_family)
        });
        self.put(Section::RefreshToken, &found, &edit, || {
            [wanted.home, wanted.environment, "refreshtoken", wanted.client_id, "", ""].join("-")
        });
    }

    fn add_app_metadata(&mut self, addition: &Addition<'_>) {
        let Addition { response, .. } = addition;
        let wanted = addition.wanted();
        let mut edit = Edit::default();
        edit.set_if_absent("client_id", wanted.client_id).set_if_absent("environment", wanted.environment);
        // An answer without a refresh token does not tell whose it would be.
        if response.answer.foci.is_some() || response.answer.refresh_token.is_some() {
            edit.set_or_remove("family_id", response.answer.foci.as_deref());
        }
        let key = self.index.keys().app_metadata(wanted.environment, wanted.client_id);
        let found = self.found(Section::AppMetadata, key, |identity| {
            identity.client_id.eq_ignore_ascii_case(wanted.client_id)
                && environment::is_same(&identity.environment, wanted.environment)
        });
        self.put(Section::AppMetadata, &found, &edit, || {
            ["appmetadata", wanted.environment, wanted.client_id].join("-")
        });
    }

    /// Bring these entries up to date, or make one if there is none.
    fn put(&mut self, section: Section, found: &[EntryId], edit: &Edit<'_>, key: impl FnOnce() -> String) {
        for id in found {
            let value = edit.apply(self.raw(*id).map(|raw| raw.value));
            self.document.replace(*id, value);
        }
        if found.is_empty() {
            let key = self.unused_key(section, key().to_lowercase());
            let id = self.document.insert(section, &key, edit.apply(None));
            self.add_to_index(section, id);
        }
    }

    /// This key; should an entry of another identity have it, with dashes at its end.
    fn unused_key(&self, section: Section, mut key: String) -> String {
        while !self.under_key(section, &key).is_empty() {
            key.push('-');
        }
        key
    }
}

/// A response on its way into the cache, with what was found out about it.
struct Addition<'a> {
    response: &'a TokenResponse,
    claims: Claims,
    home: Option<String>,
    now: u64,
}

impl Addition<'_> {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            home: self.home.as_deref().unwrap_or_default(),
            environment: &self.response.environment,
            client_id: &self.response.client_id,
            realm: &self.response.realm,
            target: "",
            token_type: "",
            key_id: self.response.key_id.as_deref().unwrap_or_default(),
            extended_key: &self.response.extended_key,
        }
    }

    /// An entry that is there has these fields, in its own spelling.
    fn set_identity<'e>(&'e self, edit: &mut Edit<'e>) {
        match &self.home {
            Some(home) => edit.set_if_absent("home_account_id", home),
            None => edit.null_if_absent("home_account_id"),
        };
        edit.set_if_absent("environment", &self.response.environment)
            .set_if_absent("client_id", &self.response.client_id);
    }
}

/// The fields by which an entry is the one that is to be brought up to date.
struct Wanted<'a> {
    home: &'a str,
    environment: &'a str,
    client_id: &'a str,
    realm: &'a str,
    target: &'a str,
    token_type: &'a str,
    key_id: &'a str,
    extended_key: &'a str,
}

impl Wanted<'_> {
    fn identity(&self) -> Identity<'_> {
        Identity {
            home_account_id: self.home.into(),
            environment: self.environment.into(),
            client_id: self.client_id.into(),
            realm: self.realm.into(),
            target: self.target.into(),
            token_type: self.token_type.into(),
            key_id: self.key_id.into(),
            extended_key: self.extended_key.into(),
            ..Identity::default()
        }
    }

    fn is_of_account(&self, identity: &Identity<'_>) -> bool {
        identity.home_account_id == self.home && environment::is_same(&identity.environment, self.environment)
    }

    fn is_of_client(&self, identity: &Identity<'_>) -> bool {
        self.is_of_account(identity) && identity.client_id == self.client_id
    }

    fn is_access_token(&self, identity: &Identity<'_>) -> bool {
        let own = self.identity();
        let is_of_type = if own.is_bearer() {
            identity.is_bearer()
        } else {
            identity.token_type.eq_ignore_ascii_case(self.token_type)
        };
        let own_scopes: Vec<_> = own.scopes().collect();
        let its_scopes: Vec<_> = identity.scopes().collect();
        is_of_type
            && self.is_of_client(identity)
            && identity.realm == self.realm
            && identity.key_id == self.key_id
            && identity.extended_key == self.extended_key
            && identity.has_scopes(&own_scopes)
            && own.has_scopes(&its_scopes)
    }

    /// What tells it from another token for the same scopes.
    fn set_distinctions<'e>(&'e self, edit: &mut Edit<'e>) {
        for (name, value) in [("key_id", self.key_id), ("ext_cache_key", self.extended_key)] {
            if !value.is_empty() {
                edit.set(name, value);
            }
        }
    }

    /// As MSAL Python and .NET spell it; for a token that is bound to a key, as Go does: Python would take the place of a
    /// bearer token for the same scopes.
    fn access_token_key(&self) -> String {
        let kind = if self.extended_key.is_empty() { "accesstoken" } else { "atext" };
        let mut parts = vec![self.home, self.environment, kind, self.client_id, self.realm, self.target];
        let token_type = if self.identity().is_bearer() { "" } else { self.token_type };
        parts.extend([token_type, self.extended_key].into_iter().filter(|part| !part.is_empty()));
        parts.join("-")
    }
}
