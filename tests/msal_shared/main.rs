//! A token cache in a place of the MSAL family, as its members write it: what is read, what is written, what is merged.
//!
//! Here the other members are a few lines each, that do one thing at one moment. The real ones are in
//! `tests/msal_sharing`.

#[cfg(feature = "testing")]
#[path = "../common/faults.rs"]
mod faults;

mod dating;
#[cfg(feature = "testing")]
mod durable;
#[cfg(any(feature = "tokio", feature = "watch"))]
mod faces;
mod importing;
// On Windows nobody can delete the lock file of another.
#[cfg(unix)]
mod lock_lost;
mod merging;
mod reading;
mod verbs;

use std::{fs, path::PathBuf};

use sealed_cache::{
    PersistedCache, TokenCache,
    persistence::msal::{Layout, dangerous},
    token_cache::TokenResponse,
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) type Tokens = PersistedCache<TokenCache>;

/// A folder with one shared cache in it.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn with(text: impl AsRef<[u8]>) -> Self {
        let place = Self::new();
        place.write(text);
        place
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("msal.cache")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.folder.path().join("msal.cache.lockfile")
    }

    pub(crate) fn layout(&self) -> Layout {
        dangerous::plain_file(self.file())
    }

    pub(crate) fn open(&self) -> Tokens {
        PersistedCache::msal(self.layout()).open().unwrap()
    }

    /// As another program writes it: in place, without a lock.
    pub(crate) fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(self.file(), text).unwrap();
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The keys of the refresh tokens that are stored, in order.
    pub(crate) fn stored(&self) -> Vec<String> {
        self.value()["RefreshToken"]
            .as_object()
            .map(|tokens| tokens.keys().cloned().collect())
            .unwrap_or_default()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A cache of refresh tokens with these keys.
pub(crate) fn cache(keys: &[&str]) -> String {
    let entries: Vec<_> = keys.iter().map(|key| entry(key, "1")).collect();
    format!(r#"{{"RefreshToken":{{{}}}}}"#, entries.join(","))
}

/// A member: the refresh token of an account of the same name.
pub(crate) fn entry(key: &str, secret: &str) -> String {
    format!(
        r#""{key}":{{"credential_type":"RefreshToken","secret":"{secret}","home_account_id":"{key}","environment":"login.microsoftonline.com","client_id":"c"}}"#
    )
}

/// A client credential's token, distinct by its client.
pub(crate) fn response(client: &str) -> TokenResponse {
    TokenResponse::of_access_token(client, "AT", 3600)
        .token_endpoint("https://login.microsoftonline.com/t/oauth2/v2.0/token")
        .requested_scopes(["s"])
        .grant_type("client_credentials")
}

/// The clients of the stored access tokens, in order.
pub(crate) fn clients(tokens: &Tokens) -> Vec<String> {
    tokens.read(|cache| cache.access_tokens().map(|token| token.client_id().into_owned()).collect()).unwrap()
}
