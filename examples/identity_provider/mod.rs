//! A small identity provider for the examples: OAuth 2.0 over real HTTP, on the loopback address of this machine.
//!
//! - signing in: device authorization grant, [RFC 8628](https://www.rfc-editor.org/rfc/rfc8628), for programs, and
//!   authorization code with PKCE, [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636), for web applications;
//! - refresh tokens that rotate, with reuse detection: each refresh returns a new refresh token, and whoever presents
//!   an old one ends the whole family, as [RFC 9700](https://www.rfc-editor.org/rfc/rfc9700#section-4.14) asks for;
//! - signing out: revocation, [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009);
//! - `/userinfo`, which is answered to whoever has an access token that is good.
//!
//! It knows two people and asks nobody for a password. It is a stage prop, not a server.

#![allow(dead_code, reason = "each example uses a part of it")]

mod authorize;
mod families;
mod http;
mod people;
mod store;

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use store::Store;
use tokio::runtime::{self, Runtime};

/// The provider, answering until it is dropped.
pub(crate) struct IdentityProvider {
    url: String,
    provider: Arc<Provider>,
    // Dropped last: that stops the server.
    _runtime: Runtime,
}

/// How the provider behaves.
pub(crate) struct Settings {
    /// How long an access token is good, in seconds.
    pub(crate) expires_in: u64,
    /// How many seconds a client has to leave between two questions whether the user has signed in.
    pub(crate) interval: u64,
    /// How long it thinks about a refresh.
    pub(crate) refresh_takes: Duration,
    /// Where it remembers its tokens (as digests) between two runs. Without: in memory.
    pub(crate) state: Option<PathBuf>,
    /// What it gets wrong in the claims of an id token. Otherwise nothing.
    pub(crate) alters: fn(&mut serde_json::Value),
}

impl Default for Settings {
    fn default() -> Self {
        Self { expires_in: 3600, interval: 1, refresh_takes: Duration::ZERO, state: None, alters: |_| {} }
    }
}

/// What the request handlers share.
struct Provider {
    url: String,
    settings: Settings,
    store: Store,
    sign_ins: http::SignIns,
    codes: authorize::Codes,
    refreshes: AtomicUsize,
    reuses: AtomicUsize,
}

impl IdentityProvider {
    /// Start it on a free port.
    pub(crate) fn start(mut settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let provider = Arc::new(Provider {
            url: url.clone(),
            store: Store::new(settings.state.take()),
            settings,
            sign_ins: http::SignIns::default(),
            codes: authorize::Codes::default(),
            refreshes: AtomicUsize::new(0),
            reuses: AtomicUsize::new(0),
        });
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let routes = http::routes(Arc::clone(&provider));
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, provider, _runtime: runtime })
    }

    /// Where it answers: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many times it was asked to refresh a token, with or without success.
    pub(crate) fn refresh_requests(&self) -> usize {
        self.provider.refreshes.load(Ordering::SeqCst)
    }

    /// Make all tokens worthless, as an administrator does.
    pub(crate) fn revoke_all(&self) {
        self.provider.store.change(families::Families::clear).expect("the state can be written");
    }

    /// How many times somebody presented a refresh token that had been used before.
    pub(crate) fn reuses(&self) -> usize {
        self.provider.reuses.load(Ordering::SeqCst)
    }
}
