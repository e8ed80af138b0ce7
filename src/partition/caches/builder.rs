//! [`PartitionedCachesBuilder`].

use std::{fmt, sync::Arc, time::Duration};

use super::{
    super::{KeyRing, Namespace, PartitionStore, refresh::Refreshes, statistics::Counters},
    Coherence, Lifetimes, PartitionedCaches, Shared,
    engine::Engine,
    level_one::LevelOne,
    listener::Listener,
    settings::Settings,
    turns::Turns,
};
use crate::{Deadline, Error, ErrorKind, Result};

/// How caches are to be opened. [`open`](Self::open) checks all of it.
///
/// # Examples
///
/// ```
/// use sealed_cache::{DataKey, partition::*};
/// use std::time::Duration;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let key = DataKey::generate()?; // in real life: from where the program keeps it
/// let namespace = Namespace::new("shop", "login.microsoftonline.com", "client-id")?;
/// let caches = PartitionedCaches::builder(namespace, MemoryStore::new(64 << 20), KeyRing::new(key.clone(), "1", key))
///     .coherence(Coherence::Bounded(Duration::from_secs(10)))
///     .operation_timeout(Duration::from_millis(100))
///     .open()
///     .await?;
/// # let _ = caches;
/// # Ok::<(), sealed_cache::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct PartitionedCachesBuilder {
    namespace: Namespace,
    store: Arc<dyn PartitionStore>,
    keys: KeyRing,
    coherence: Option<Coherence>,
    level_one_bytes: u64,
    settings: Settings,
}

impl PartitionedCachesBuilder {
    pub(super) fn new(namespace: Namespace, store: Arc<dyn PartitionStore>, keys: KeyRing) -> Self {
        Self {
            namespace,
            store,
            keys,
            coherence: None,
            level_one_bytes: 64 * 1024 * 1024,
            settings: Settings::default(),
        }
    }

    /// Other keys than those that were given first.
    #[must_use]
    pub fn keys(mut self, keys: KeyRing) -> Self {
        self.keys = keys;
        self
    }

    /// When a copy in this process may answer. Default: [`Notified`](Coherence::Notified) where the engine tells of
    /// changes, else [`Strict`](Coherence::Strict).
    #[must_use]
    pub const fn coherence(mut self, coherence: Coherence) -> Self {
        self.coherence = Some(coherence);
        self
    }

    /// How many bytes of copies are kept in this process. Default: 64 MiB. 0: none.
    #[must_use]
    pub const fn level_one_bytes(mut self, bytes: u64) -> Self {
        self.level_one_bytes = bytes;
        self
    }

    /// Whether a copy in this process may answer when the engine does not, while an access token in it is still good.
    /// Default: yes. A sign-out on another node may be overlooked meanwhile.
    #[must_use]
    pub const fn serve_stale(mut self, serve: bool) -> Self {
        self.settings.serves_stale = serve;
        self
    }

    /// How long the keys may take to come. Default: 30 seconds.
    #[must_use]
    pub const fn key_timeout(mut self, wait: Duration) -> Self {
        self.settings.key_timeout = wait;
        self
    }

    /// How long one call to the engine may take. Default: 250 milliseconds.
    #[must_use]
    pub const fn operation_timeout(mut self, wait: Duration) -> Self {
        self.settings.operation_timeout = wait;
        self
    }

    /// How long a change may take in all, with the wait for one's turn and all tries. Default: 1 second.
    #[must_use]
    pub const fn update_timeout(mut self, wait: Duration) -> Self {
        self.settings.update_timeout = wait;
        self
    }

    /// How often a change is tried when other nodes come before it. Default: 20 times. At least 1.
    #[must_use]
    pub const fn most_tries(mut self, tries: u32) -> Self {
        self.settings.most_tries = tries;
        self
    }

    /// How long partitions live.
    #[must_use]
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.settings.lifetimes = lifetimes;
        self
    }

    /// From which size on, in bytes, a partition is reported, and above which it is refused. Default: 64 KiB and 1 MiB.
    #[must_use]
    pub const fn sizes(mut self, warn: usize, refuse: usize) -> Self {
        self.settings.warn_bytes = warn;
        self.settings.most_bytes = refuse;
        self
    }

    /// How many access tokens a partition has at most; the oldest make room. Default: 200. At least 1.
    #[must_use]
    pub const fn most_tokens(mut self, tokens: usize) -> Self {
        self.settings.most_tokens = tokens;
        self
    }

    /// For how long a node has the lease of a refresh before it renews it; after that, others take over from a node that
    /// is gone. Default: 15 seconds. At least 100 milliseconds.
    #[must_use]
    pub const fn lease(mut self, lasts: Duration) -> Self {
        self.settings.lease = lasts;
        self
    }

    /// How long a token request may take, and how long a refresh waits before it makes its own: for others of this process
    /// and for another node. Default: 30 and 40 seconds.
    ///
    /// The wait does not make the request shorter, since an issuer that rotates refresh tokens may have done so when an
    /// answer comes too late. A whole refresh takes at most both, and
    /// [`store_token_timeout`](Self::store_token_timeout), and a few times [`update_timeout`](Self::update_timeout) to look
    /// at the engine.
    #[must_use]
    pub const fn refresh_timeouts(mut self, request: Duration, all: Duration) -> Self {
        self.settings.token_request_timeout = request;
        self.settings.refresh_timeout = all;
        self
    }

    /// How long it is tried to store a token that was just got. Default: 10 seconds.
    #[must_use]
    pub const fn store_token_timeout(mut self, wait: Duration) -> Self {
        self.settings.store_token_timeout = wait;
        self
    }

    /// Get the keys, and begin to listen to changes. The engine itself is not asked for anything yet. It has to be called
    /// on a runtime of tokio that lives as long as the caches.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) for settings that cannot be, with the name of the setter: a time-out of
    /// zero, for example; why a key cannot be had.
    pub async fn open(self) -> Result<PartitionedCaches> {
        self.settings.check()?;
        let capabilities = self.store.capabilities();
        let coherence = match self.coherence {
            Some(Coherence::Notified) if !capabilities.tells_changes => return Err(tells_nothing()),
            Some(coherence) => coherence,
            None if capabilities.tells_changes => Coherence::Notified,
            None => Coherence::Strict,
        };
        let keys = self.keys.load(&Deadline::after(self.settings.key_timeout)).await?;
        let counters = Counters::of(capabilities.engine);
        let engine =
            Arc::new(Engine { store: self.store, counters, timeout: self.settings.operation_timeout });
        let level_one =
            (self.level_one_bytes > 0).then(|| Arc::new(LevelOne::new(self.level_one_bytes, coherence)));
        let listens = coherence == Coherence::Notified;
        let listener = level_one.as_ref().filter(|_| listens).map(|copies| Listener::start(&engine, copies));
        Ok(PartitionedCaches(Arc::new(Shared {
            namespace: self.namespace,
            keys,
            engine,
            settings: self.settings,
            level_one,
            _listener: listener,
            turns: Turns::default(),
            refreshes: Refreshes::new(),
        })))
    }
}

fn tells_nothing() -> Error {
    Error::new(ErrorKind::Configuration, "copies are to be notified, and the engine does not tell of changes")
        .with_remedy("choose `Coherence::Strict` or `Coherence::Bounded`, or another engine")
}

impl fmt::Debug for PartitionedCachesBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionedCachesBuilder")
            .field("namespace", &self.namespace)
            .field("store", &self.store)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
