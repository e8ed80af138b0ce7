//! A web application in which people sign in and stay signed in, on as many nodes as you like:
//! `cargo run --example web_app --features sessions`.
//!
//! It brings an identity provider of its own, on the loopback address of this machine. What an application would copy is
//! in `sign_in.rs` and `home.rs`; `store.rs` chooses the engine.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line prints")]

mod home;
#[path = "../identity_provider/mod.rs"]
mod identity_provider;
mod issuer;
mod options;
mod page;
mod sign_in;
mod store;
mod trouble;

use std::{process::ExitCode, sync::Arc, time::Duration};

use axum::{
    Router, middleware,
    routing::{get, post},
};
use identity_provider::{IdentityProvider, Settings};
use issuer::Issuer;
use options::Options;
use sealed_cache::partition::{KeyRing, Namespace, PartitionedCaches, SealedSessions};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time},
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What all requests share.
pub(crate) struct Site {
    pub(crate) caches: PartitionedCaches,
    pub(crate) sessions: SealedSessions,
    pub(crate) issuer: Issuer,
    pub(crate) engine: &'static str,
    /// How long somebody stays signed in after a visit.
    pub(crate) stays_for: time::Duration,
}

/// The id of the key that seals now. A year later there is another one, and this one is still readable.
pub(crate) const KEY_ID: &str = "example-1";

fn main() -> ExitCode {
    let options = match options::read(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("error: {mistake}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    // Nodes that share an engine share a provider too: the first one brings it.
    let own = match &options.provider {
        Some(_) => None,
        None => Some(IdentityProvider::start(Settings::default())?),
    };
    let provider =
        options.provider.as_deref().or(own.as_ref().map(IdentityProvider::url)).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options, provider))
}

async fn serve(options: &Options, provider: &str) -> Result<()> {
    let store = store::open(&options.store).await?;
    let engine = store.capabilities().engine;
    let namespace = Namespace::new("example-web-app", issuer::CLOUD, issuer::CLIENT_ID)?;
    let keys = KeyRing::new(options.key.clone(), KEY_ID, options.key.clone());
    // More patience than the default has: this may be a laptop that does other things as well.
    let caches = PartitionedCaches::on_shared(namespace, store, keys)
        .operation_timeout(Duration::from_secs(2))
        .update_timeout(Duration::from_secs(4))
        .open()
        .await?;

    let listener = tokio::net::TcpListener::bind(&options.listen).await;
    let listener = listener.map_err(|error| format!("--listen {}: {error}", options.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let sessions = SealedSessions::new(caches.clone());
    let issuer = Issuer::new(provider, &url);
    let site = Arc::new(Site { caches, sessions, issuer, engine, stays_for: options.stays_for });
    println!("listening on {url} (engine: {engine}, identity provider: {provider})");
    axum::serve(listener, routes(site)).await?;
    Ok(())
}

fn routes(site: Arc<Site>) -> Router {
    let cookie = SessionManagerLayer::new(site.sessions.clone())
        .with_name("web-app-session")
        // A link from elsewhere finds the person signed in; a form from elsewhere does not. `HttpOnly` is the default.
        .with_same_site(SameSite::Lax)
        // Only because this example speaks HTTP, on loopback. In real life leave the line out.
        .with_secure(false)
        .with_expiry(Expiry::OnInactivity(site.stays_for));
    Router::new()
        .route("/", get(home::show))
        .route("/expire", post(home::expire))
        .route("/sign-in", get(sign_in::begin))
        .route("/callback", get(sign_in::finish))
        .route("/sign-out", post(sign_in::sign_out))
        .with_state(site)
        .layer(cookie)
        .route("/style.css", get(page::style))
        .layer(middleware::map_response(trouble::of_the_session_layer))
        .layer(middleware::map_response(page::with_headers))
}
