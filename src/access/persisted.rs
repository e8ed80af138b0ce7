//! [`PersistedCache`]: a cache that outlives the process, and every verb on it.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use super::{
    Builder, CacheGuard, CachePlugin, OnUnreadable, Recovery,
    shared::{Settings, Shared},
};
use crate::{
    Deadline, Diagnosis, Error, ErrorKind, Protection, Result, SerializableCache,
    persistence::{Persistence, SealedFile},
    protect::Protector,
};

/// How long to wait for the lock if the program does not say.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// A cache that outlives the process: sealed where it lies, shared safely with other processes, loaded before and
/// saved after each access.
///
/// Clones are handles to the same opened cache; it is cheap to clone, `Send` and `Sync`.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Json, KeyFile, PersistedCache};
/// use std::collections::BTreeMap;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let keys = tempfile::tempdir().unwrap();
/// let tokens = PersistedCache::<Json<BTreeMap<String, String>>>::builder("com.contoso.todo")
///     .name("tokens")
/// #   .folder(folder.path())
/// #   .protector(KeyFile::in_folder(keys.path()))
///     .fallback(KernelKeyring::new()) // a machine without a keychain: chosen by name
///     .open()?;
/// # use sealed_cache::KernelKeyring;
///
/// tokens.update(|cache| cache.insert("alice".into(), "token".into()))?;
/// assert_eq!(tokens.read(|cache| cache.get("alice").cloned())?.as_deref(), Some("token"));
/// println!("{}", tokens.protection()?); // "AES-256-GCM file, key in .."
/// # Ok::<(), sealed_cache::Error>(())
/// ```
pub struct PersistedCache<T: SerializableCache> {
    pub(super) shared: Arc<Shared<T>>,
}

impl<T: SerializableCache> PersistedCache<T> {
    /// Configure a sealed cache of this application: by convention a reversed domain name, `com.contoso.todo`
    /// (see [`CacheId`](crate::CacheId)).
    pub fn builder(application: impl Into<String>) -> Builder<T> {
        Builder::new(application.into())
    }

    /// A cache on any [`Persistence`], with the settings that [`builder`](Self::builder) begins with.
    ///
    /// ```
    /// use sealed_cache::{Json, PersistedCache, persistence::Memory};
    /// let cache = PersistedCache::<Json<Vec<u32>>>::on(Memory::new())?;
    /// cache.update(|numbers| numbers.push(1))?;
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why the store cannot be looked at.
    pub fn on(persistence: impl Persistence) -> Result<Self> {
        let settings = Settings { lock_timeout: LOCK_TIMEOUT, on_unreadable: OnUnreadable::Fail };
        Self::with_settings(persistence, settings)
    }

    pub(super) fn with_settings(persistence: impl Persistence, settings: Settings) -> Result<Self> {
        persistence.stamp()?;
        Ok(Self { shared: Arc::new(Shared::new(Arc::new(persistence), None, settings)) })
    }

    pub(super) fn sealed(file: SealedFile, settings: Settings) -> Self {
        let file = Arc::new(file);
        Self { shared: Arc::new(Shared::new(Arc::clone(&file) as _, Some(file), settings)) }
    }

    /// Look at the cache as it is stored now. No lock is taken, and if nothing was changed since the last time, it
    /// costs one `stat`.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. That nothing was stored yet is no error: the closure gets the empty cache.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> Result<R> {
        Ok(look(&*self.shared.current()?))
    }

    /// Change the cache as it is stored now, under the lock, and save it if it was changed.
    ///
    /// The closure must not use this cache again: it would wait for its own lock.
    ///
    /// # Errors
    ///
    /// Why it cannot be locked, read or saved. The stored cache is then what it was.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R> {
        self.try_update(|cache| Ok(change(cache)))
    }

    /// As [`update`](Self::update), with a closure that may fail: then nothing is written.
    ///
    /// ```
    /// use sealed_cache::{Error, ErrorKind, Json, PersistedCache, persistence::Memory};
    /// let cache = PersistedCache::<Json<Vec<u32>>>::on(Memory::new())?;
    /// let outcome = cache.try_update(|numbers| {
    ///     numbers.push(1);
    ///     Err::<(), _>(Error::new(ErrorKind::NotFound, "on second thoughts"))
    /// });
    /// assert!(outcome.is_err());
    /// assert!(cache.read(|numbers| numbers.is_empty())?);
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the closure, and those of [`update`](Self::update).
    pub fn try_update<R, E: From<Error>>(&self, change: impl FnOnce(&mut T) -> Result<R, E>) -> Result<R, E> {
        let mut guard = self.lock()?;
        let result = change(&mut guard)?;
        guard.commit()?;
        Ok(result)
    }

    /// Lock the cache across processes and load it, for work that takes longer than a closure should: load, refresh
    /// over the network, save. The guard is owned and `Send`.
    ///
    /// Others wait meanwhile, up to their [lock time-out](Builder::lock_timeout): set that longer than the work can
    /// take, and give the network call a time-out of its own.
    ///
    /// ```
    /// # use sealed_cache::{Json, PersistedCache, persistence::Memory};
    /// # let cache = PersistedCache::<Json<Vec<u32>>>::on(Memory::new())?;
    /// let mut guard = cache.lock()?;
    /// if guard.is_empty() { // another process may have filled it meanwhile
    ///     guard.push(7);
    /// }
    /// guard.commit()?; // dropped without it: nothing is written
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`LockTimeout`](ErrorKind::LockTimeout) if somebody else holds it until the lock time-out (the message says
    /// who), and why the cache cannot be read.
    pub fn lock(&self) -> Result<CacheGuard<T>> {
        CacheGuard::load(&self.shared, self.shared.lock(Shared::deadline)?)
    }

    /// As [`lock`](Self::lock), with a deadline of your own.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub fn lock_until(&self, deadline: &Deadline) -> Result<CacheGuard<T>> {
        CacheGuard::load(&self.shared, self.shared.lock(|_| deadline.clone())?)
    }

    /// As [`lock`](Self::lock), but without waiting: `None` if somebody else holds the lock.
    ///
    /// # Errors
    ///
    /// Why the cache cannot be read.
    pub fn try_lock(&self) -> Result<Option<CacheGuard<T>>> {
        match self.lock_until(&Deadline::after(Duration::ZERO)) {
            Ok(guard) => Ok(Some(guard)),
            Err(error) if error.kind() == ErrorKind::LockTimeout => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Remove the stored cache and its key: signed out, nothing is left. What is removed need not be readable.
    ///
    /// No keychain asks a person for that: the key in a locked one stays, opens nothing any more, and is taken over
    /// by the next cache of this name.
    ///
    /// # Errors
    ///
    /// Why it cannot be locked or removed.
    pub fn clear(&self) -> Result<()> {
        let mut lock = self.shared.store.lock(&self.shared.deadline())?;
        self.shared.clear(&mut lock)
    }

    /// Prove, by a round trip under a throw-away name, that a cache can be protected, written, read back and removed
    /// here. An application may call it once at its start, to fail then and not at the first save.
    ///
    /// # Errors
    ///
    /// The step that failed.
    pub fn verify(&self) -> Result<()> {
        self.shared.store.verify(&self.shared.deadline())
    }

    /// Seal the stored cache under a new data key. At no moment does neither key open it.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if nothing is stored; [`Configuration`](ErrorKind::Configuration) if the
    /// key is not ours to change (see [`rekey_to`](Self::rekey_to)) or this is not a sealed file; and everything that
    /// loading, locking and saving can report.
    pub fn rekey(&self) -> Result<()> {
        let file = self.sealed_file()?;
        self.shared.rekey(|lock| file.rekey(lock))
    }

    /// Seal the stored cache under a key of this protector from now on: another keychain, a new passphrase.
    ///
    /// Other programs that open this cache have to offer that protector as well.
    ///
    /// # Errors
    ///
    /// As [`rekey`](Self::rekey), and whatever keeps the protector from making a key.
    pub fn rekey_to(&self, protector: impl Protector) -> Result<()> {
        let file = self.sealed_file()?;
        self.shared.rekey(|lock| file.rekey_to(lock, protector))
    }

    /// What protects the stored cache; or will protect it, once there is one.
    ///
    /// # Errors
    ///
    /// Why that cannot be told; if nothing here can keep the key, the error lists the choices.
    pub fn protection(&self) -> Result<Protection> {
        self.shared.store.protection()
    }

    /// Everything that was considered for the protection, and why it was or was not taken: for a support request.
    #[must_use]
    pub fn diagnose(&self) -> Diagnosis {
        self.shared.store.diagnose()
    }

    /// The caches that this handle has set aside so far, because they had expired or could not be read.
    #[must_use]
    pub fn recoveries(&self) -> Vec<Recovery> {
        self.shared.recoveries()
    }

    /// The file of the cache, if it is in one.
    #[must_use]
    pub fn location(&self) -> Option<&Path> {
        self.shared.store.location()
    }

    /// The hook form, for a library that owns its cache.
    #[must_use]
    pub fn plugin(&self) -> CachePlugin<T> {
        CachePlugin::new(Arc::clone(&self.shared))
    }

    fn sealed_file(&self) -> Result<&SealedFile> {
        self.shared.sealed.as_deref().ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "this cache is not a sealed file, so it has no key to change",
            )
            .with_remedy("open it with `PersistedCache::builder`")
        })
    }
}

impl<T: SerializableCache> Clone for PersistedCache<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: SerializableCache> fmt::Debug for PersistedCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}
