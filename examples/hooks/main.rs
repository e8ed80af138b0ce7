//! The hook form, for an OAuth library that owns its token cache: `cargo run --example hooks`
//!
//! `contoso_auth.rs` pretends to be such a library. Here is what an application writes to have the library's cache
//! sealed, locked and shared between processes. All that this example writes is in a temporary folder.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line application prints")]

mod contoso_auth;
#[path = "../identity_provider/mod.rs"]
mod identity_provider;
#[path = "../oauth_client/mod.rs"]
mod oauth_client;

use std::{mem, path::Path, process::ExitCode};

use contoso_auth::{CacheHooks, ClientApplication, Result, TokenCache};
use identity_provider::{IdentityProvider, Settings};
use sealed_cache::{
    CacheAccess, CachePlugin, Error, ErrorKind, KeyFile, PersistedCache, SecretBytes, SerializableCache,
};

/// The library's cache, dressed as one of ours: a type and a trait of other crates need a type of our own between.
#[derive(Default)]
struct Sealed(TokenCache);

impl SerializableCache for Sealed {
    fn deserialize(bytes: SecretBytes) -> sealed_cache::Result<Self> {
        let cache = serde_json::from_slice(&bytes)
            .map_err(|_| Error::new(ErrorKind::InvalidContents, "this is not a cache of contoso-auth"))?;
        Ok(Self(cache))
    }

    fn serialize(&self) -> sealed_cache::Result<SecretBytes> {
        let mut bytes = SecretBytes::new();
        serde_json::to_writer(&mut bytes, &self.0)
            .map_err(|_| Error::new(ErrorKind::InvalidContents, "the cache cannot be written as JSON"))?;
        Ok(bytes)
    }

    fn has_state_changed(&self) -> bool {
        self.0.has_state_changed
    }

    fn set_state_changed(&mut self, changed: bool) {
        self.0.has_state_changed = changed;
    }
}

/// Between "before" and "after", `access` holds the lock.
struct SealedHooks {
    plugin: CachePlugin<Sealed>,
    access: Option<CacheAccess<Sealed>>,
}

impl CacheHooks for SealedHooks {
    fn before_access(&mut self, cache: &mut TokenCache) -> Result<()> {
        self.access = None; // the library may have failed the last time, without `after_access`
        let mut sealed = Sealed(mem::take(cache));
        let access = self.plugin.before_access(&mut sealed);
        *cache = sealed.0;
        self.access = Some(access?);
        Ok(())
    }

    fn after_access(&mut self, cache: &mut TokenCache) -> Result<()> {
        let access = self.access.take().ok_or("`after_access` without `before_access`")?;
        let mut sealed = Sealed(mem::take(cache));
        let result = access.after_access(&mut sealed);
        *cache = sealed.0;
        Ok(result?)
    }
}

fn hooks(folder: &Path) -> sealed_cache::Result<SealedHooks> {
    let cache = PersistedCache::builder("com.example.hooks")
        .folder(folder.join("cache"))
        .protector(KeyFile::in_folder(folder.join("key")))
        .open()?;
    Ok(SealedHooks { plugin: cache.plugin(), access: None })
}

fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let provider = IdentityProvider::start(Settings { interval: 0, ..Settings::default() })?;

    // Two applications of one user, as two processes would be.
    let mut first = ClientApplication::new(provider.url(), hooks(folder.path())?);
    let mut second = ClientApplication::new(provider.url(), hooks(folder.path())?);
    let (tokens, how) = first.acquire_token()?;
    println!("first:  {how:<7} ({})", tokens.user);
    println!("second: {:<7} (never signed in itself)", second.acquire_token()?.1);

    let mut hooks = hooks(folder.path())?;
    let mut cache = TokenCache::default();
    hooks.before_access(&mut cache)?;
    cache.expire();
    hooks.after_access(&mut cache)?;
    println!("        an hour goes by");
    println!("second: {}", second.acquire_token()?.1);
    println!("first:  {:<7} (what the second one got)", first.acquire_token()?.1);
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
