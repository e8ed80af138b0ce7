//! Pretend: an OAuth library from crates.io. It owns its token cache, knows nothing of sealed-cache, and tells whoever
//! is interested before it looks into the cache and after it is done. That is how MSAL's libraries do it.

use std::error::Error;

use serde::{Deserialize, Serialize};

use crate::oauth_client::{OAuthClient, Tokens, play_the_person};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The library's cache.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct TokenCache {
    tokens: Option<Tokens>,
    #[serde(skip)]
    pub(crate) has_state_changed: bool,
}

impl TokenCache {
    fn put(&mut self, tokens: Tokens) {
        self.tokens = Some(tokens);
        self.has_state_changed = true;
    }

    /// So that the example need not wait an hour.
    pub(crate) fn expire(&mut self) {
        if let Some(tokens) = &mut self.tokens {
            tokens.expires_at = 0;
            self.has_state_changed = true;
        }
    }
}

/// What the library calls around each access to its cache.
pub(crate) trait CacheHooks {
    fn before_access(&mut self, cache: &mut TokenCache) -> Result<()>;
    fn after_access(&mut self, cache: &mut TokenCache) -> Result<()>;
}

/// The library's front door.
pub(crate) struct ClientApplication<H> {
    oauth: OAuthClient,
    cache: TokenCache,
    hooks: H,
}

impl<H: CacheHooks> ClientApplication<H> {
    pub(crate) fn new(provider: &str, hooks: H) -> Self {
        Self { oauth: OAuthClient::new(provider), cache: TokenCache::default(), hooks }
    }

    /// A token that is good: out of the cache, refreshed, or after signing in. With a word on how it came.
    pub(crate) fn acquire_token(&mut self) -> Result<(Tokens, &'static str)> {
        self.hooks.before_access(&mut self.cache)?;
        // A library that fails here leaves without `after_access`.
        let (tokens, how) = match self.cache.tokens.clone() {
            Some(tokens) if tokens.good_for().is_some() => (tokens, "cache"),
            Some(tokens) => (self.oauth.refresh(&tokens.refresh_token)?, "refresh"),
            None => (self.sign_in()?, "sign-in"),
        };
        if how != "cache" {
            self.cache.put(tokens.clone());
        }
        self.hooks.after_access(&mut self.cache)?;
        Ok((tokens, how))
    }

    fn sign_in(&self) -> Result<Tokens> {
        let code = self.oauth.begin_sign_in()?;
        play_the_person(&code)?;
        Ok(self.oauth.finish_sign_in(&code)?)
    }
}
