//! [`CachePlugin`]: load-before and save-after hooks, for a library that owns its cache.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::shared::Shared;
use crate::{
    Result, SerializableCache,
    persistence::{PersistenceLock, Stamp},
};

/// The hooks of a library that owns its cache and calls back around each access to it, as MSAL's `before_access` and
/// `after_access` do.
///
/// They cannot be left half done: what [`before_access`](Self::before_access) returns is a guard, which unlocks when
/// it is dropped, by an early return or a panic as well.
///
/// A plugin serves one cache value: it remembers what was last loaded into it. A library's own type becomes a
/// [`SerializableCache`] through a newtype around it, as `examples/hooks` shows.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Json, PersistedCache, SerializableCache, persistence::Memory};
///
/// let plugin = PersistedCache::<Json<Vec<u32>>>::on(Memory::new())?.plugin();
/// let mut library_cache = Json::<Vec<u32>>::default();
///
/// let access = plugin.before_access(&mut library_cache)?; // locked and loaded
/// library_cache.push(7);
/// access.after_access(&mut library_cache)?;               // saved if changed, unlocked
/// assert!(!library_cache.has_state_changed());
/// # Ok::<(), sealed_cache::Error>(())
/// ```
pub struct CachePlugin<T: SerializableCache> {
    inner: Arc<Inner<T>>,
}

struct Inner<T: SerializableCache> {
    shared: Arc<Shared<T>>,
    /// What the library's cache was last loaded from or saved as.
    seen: Mutex<Option<Stamp>>,
}

/// An access to the library's cache that has begun: the cache is loaded and locked across processes.
///
/// It is owned and `Send`, so that a library with two separate callbacks can keep it between them.
#[must_use = "the cache is unlocked, and nothing saved, as soon as the access is dropped"]
pub struct CacheAccess<T: SerializableCache> {
    plugin: Arc<Inner<T>>,
    lock: PersistenceLock,
}

impl<T: SerializableCache> CachePlugin<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        Self { inner: Arc::new(Inner { shared, seen: Mutex::new(None) }) }
    }

    /// To be called before the library looks into its cache or changes it: takes the lock, and loads what is stored
    /// if that is not what the cache holds already.
    ///
    /// What the cache held before is replaced then, with any change that was made outside of an access or was not
    /// saved: a change is always applied to what is stored now.
    ///
    /// # Errors
    ///
    /// As [`PersistedCache::lock`](crate::PersistedCache::lock). The cache is then as it was.
    pub fn before_access(&self, cache: &mut T) -> Result<CacheAccess<T>> {
        let lock = self.inner.lock_and_load(cache)?;
        Ok(CacheAccess { plugin: Arc::clone(&self.inner), lock })
    }
}

impl<T: SerializableCache> Inner<T> {
    fn lock_and_load(&self, cache: &mut T) -> Result<PersistenceLock> {
        let mut lock = self.shared.lock(Shared::deadline)?;
        let known = if cache.has_state_changed() { None } else { *self.seen() };
        if let Some((loaded, stamp)) = self.shared.reload(known, &mut lock)? {
            *cache = loaded;
            *self.seen() = Some(stamp);
        }
        Ok(lock)
    }

    fn seen(&self) -> MutexGuard<'_, Option<Stamp>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: SerializableCache> CacheAccess<T> {
    /// To be called when the library is done: saves the cache if it was changed, and unlocks.
    ///
    /// # Errors
    ///
    /// Why it could not be saved; the stored cache is then the one before. To keep the changes in hand for another
    /// attempt, use [`save`](Self::save) first.
    pub fn after_access(mut self, cache: &mut T) -> Result<()> {
        self.save(cache)
    }

    /// Save the cache if it was changed, and stay locked.
    ///
    /// # Errors
    ///
    /// Why it could not be saved. The cache still holds the changes, and counts as changed.
    pub fn save(&mut self, cache: &mut T) -> Result<()> {
        if cache.has_state_changed() {
            let saved = self.plugin.shared.store(cache.serialize()?, &mut self.lock)?;
            cache.set_state_changed(false);
            *self.plugin.seen() = saved.is_as_given.then_some(saved.stamp);
        }
        Ok(())
    }
}

impl<T: SerializableCache> fmt::Debug for CachePlugin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachePlugin").field("store", &self.inner.shared.store).finish_non_exhaustive()
    }
}

impl<T: SerializableCache> fmt::Debug for CacheAccess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheAccess").field("store", &self.plugin.shared.store).finish_non_exhaustive()
    }
}
