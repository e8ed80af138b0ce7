//! [`PartitionedCaches`]: one token cache for each partition, on an engine.

mod builder;
mod doubt;
mod engine;
mod entries;
mod jobs;
mod level_one;
mod lifetimes;
mod listener;
mod opened;
mod read;
mod settings;
mod span;
mod turns;
mod update;
mod verbs;

use std::{fmt, sync::Arc};

pub use builder::PartitionedCachesBuilder;
pub use jobs::Rewrapped;
pub use level_one::Coherence;
pub use lifetimes::Lifetimes;

pub(super) use self::{
    engine::Engine,
    lifetimes::unix_now,
    opened::Opened,
    turns::Turns,
    update::{Beginning, Job, may_try_again, pause},
};
use self::{level_one::LevelOne, listener::Listener, settings::Settings};
use super::{
    KeyRing, Namespace, Partition, PartitionName, PartitionStore, Statistics, keys::Keys, refresh::Refreshes,
};
use crate::random;

/// One token cache for each account, application or session, sealed, on an engine that any number of nodes share.
///
/// Clones share one handle. Every future may be dropped at any time: what was begun is either done or not.
///
/// * What is not there is `Ok(None)`; an engine that does not answer is an error whose kind
///   [is temporary](crate::ErrorKind::is_temporary). So a web application can answer 503 instead of a sign-in page.
/// * A change is a pure function of what is stored now. It is stored by compare-and-set, and tried again if another node
///   came before.
/// * Only a sign-in ([`create_or_update`](Self::create_or_update)) makes a partition. Nothing else brings back somebody
///   who has signed out.
///
/// # Examples
///
/// ```
/// use sealed_cache::{DataKey, partition::*, token_cache::{AccessTokenQuery, TokenResponse}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let answer = br#"{"access_token":"AT","refresh_token":"RT","client_info":"eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9","expires_in":3599,"scope":"User.Read"}"#;
/// let key = DataKey::generate()?; // in real life: from where the program keeps it
/// let namespace = Namespace::new("shop", "login.microsoftonline.com", "client-id")?;
/// let keys = KeyRing::new(key.clone(), "2026-11", key);
/// let caches = PartitionedCaches::builder(namespace, MemoryStore::new(64 << 20), keys).open().await?;
///
/// // After a sign-in: `answer` is what the token endpoint sent.
/// let response = TokenResponse::from_json("client-id", answer)?
///     .token_endpoint("https://login.microsoftonline.com/t1/oauth2/v2.0/token");
/// let person = Partition::account(HomeAccountId::of_response(&response)?);
/// caches.create_or_update(&person, |cache| cache.add(&response)).await?;
///
/// // At each request: `None` would mean that nobody is signed in.
/// let accounts = caches.read(&person, |cache| cache.accounts().count()).await?;
/// assert_eq!(accounts, Some(1));
///
/// caches.remove(&person).await?;
/// assert_eq!(caches.read(&person, |_| ()).await?, None);
/// # Ok::<(), sealed_cache::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct PartitionedCaches(pub(super) Arc<Shared>);

/// What all clones share.
pub(super) struct Shared {
    pub(super) namespace: Namespace,
    pub(super) keys: Keys,
    pub(super) engine: Arc<Engine>,
    pub(super) settings: Settings,
    level_one: Option<Arc<LevelOne>>,
    _listener: Option<Listener>,
    turns: Turns,
    pub(super) refreshes: Refreshes,
}

impl PartitionedCaches {
    /// Caches of this namespace, on this engine, sealed with these keys.
    pub fn builder(
        namespace: Namespace,
        store: impl PartitionStore,
        keys: KeyRing,
    ) -> PartitionedCachesBuilder {
        PartitionedCachesBuilder::new(namespace, Arc::new(store), keys)
    }

    /// The same on an engine that is shared with others.
    pub fn on_shared(
        namespace: Namespace,
        store: Arc<dyn PartitionStore>,
        keys: KeyRing,
    ) -> PartitionedCachesBuilder {
        PartitionedCachesBuilder::new(namespace, store, keys)
    }

    /// Under which name the engine keeps this partition: a keyed hash, fit for logs.
    #[must_use]
    pub fn name(&self, partition: &Partition) -> PartitionName {
        self.0.name(partition)
    }

    /// What happened so far in this process.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.0.engine.counters.read()
    }
}

impl Shared {
    pub(super) fn name(&self, partition: &Partition) -> PartitionName {
        self.keys.name(&self.namespace, partition)
    }
}

impl fmt::Debug for PartitionedCaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionedCaches")
            .field("namespace", &self.0.namespace)
            .field("engine", &self.0.engine)
            .finish_non_exhaustive()
    }
}

/// A random number from 0 to 1, for pauses and lifetimes that must not be the same everywhere.
pub(super) fn random_fraction() -> f64 {
    let random = random::array().map_or(u32::MAX / 2, u32::from_be_bytes);
    f64::from(random) / f64::from(u32::MAX)
}
