//! [`CacheGuard`]: a cache that is locked and loaded, to be changed and saved.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use super::shared::{Shared, Snapshot};
use crate::{
    Result, SecretBytes, SerializableCache,
    persistence::{PersistenceLock, Saved, Stamp},
};

/// A cache that is locked across processes and loaded. It dereferences to the cache.
///
/// It is owned and `Send`, so that it lives across an `.await`: load, refresh over the network, save, and no other
/// process in between (promise P9).
///
/// [`commit`](Self::commit) saves and unlocks. Dropped without it, nothing is written.
#[must_use = "the cache is unlocked as soon as the guard is dropped"]
pub struct CacheGuard<T: SerializableCache> {
    shared: Arc<Shared<T>>,
    /// `None` only while the guard is being taken apart.
    cache: Option<T>,
    /// The state of the store that this very cache is; `None` if others had a part in it.
    stamp: Option<Stamp>,
    lock: SharedLock,
}

/// Shared with a save that is under way, so that a save which nobody waits for any more still ends under the lock.
type SharedLock = Arc<Mutex<PersistenceLock>>;

impl<T: SerializableCache> CacheGuard<T> {
    pub(super) fn load(shared: &Arc<Shared<T>>, mut lock: PersistenceLock) -> Result<Self> {
        let (cache, stamp) = shared.take(&mut lock)?;
        Ok(Self {
            shared: Arc::clone(shared),
            cache: Some(cache),
            stamp: Some(stamp),
            lock: Arc::new(Mutex::new(lock)),
        })
    }

    /// Save what was changed, and unlock. A cache that was not changed is not written.
    ///
    /// # Errors
    ///
    /// Why it could not be saved; the stored cache is then the one before. To keep the changes in hand for another
    /// attempt, use [`save`](Self::save) first.
    pub fn commit(mut self) -> Result<()> {
        self.save()
    }

    /// Save what was changed, and stay locked. After an error the guard still holds the changes, so that the program
    /// can try again or put them elsewhere: a refresh token that was just rotated exists nowhere else.
    ///
    /// # Errors
    ///
    /// Why it could not be saved.
    pub fn save(&mut self) -> Result<()> {
        if let Some(save) = self.pending_save()? {
            let saved = save.run()?;
            self.saved(saved);
        }
        Ok(())
    }

    /// Remove the stored cache and its key, as [`PersistedCache::clear`](super::PersistedCache::clear) does, and unlock: for
    /// who has to be sure that nobody stored anything since it was loaded.
    ///
    /// ```
    /// # use sealed_cache::{Json, PersistedCache, persistence::Memory};
    /// # let cache = PersistedCache::<Json<Vec<u32>>>::on(Memory::new())?;
    /// # cache.update(|numbers| numbers.push(7))?;
    /// let guard = cache.lock()?;
    /// if guard.contains(&7) { // it was brought elsewhere
    ///     guard.clear()?;
    /// }
    /// assert!(cache.read(|numbers| numbers.is_empty())?);
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why it could not be removed.
    pub fn clear(mut self) -> Result<()> {
        self.cache = None;
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.clear(&mut lock)
    }

    /// What a save has to do, if something was changed: owned, so that it can be done on another thread.
    pub(super) fn pending_save(&self) -> Result<Option<PendingSave<T>>> {
        if !self.has_state_changed() {
            return Ok(None);
        }
        let contents = self.serialize()?;
        Ok(Some(PendingSave { shared: Arc::clone(&self.shared), contents, lock: Arc::clone(&self.lock) }))
    }

    /// The pending save was done.
    pub(super) fn saved(&mut self, saved: Saved) {
        self.stamp = saved.is_as_given.then_some(saved.stamp);
        self.set_state_changed(false);
    }
}

/// The serialized state of a cache on its way to the store.
pub(super) struct PendingSave<T> {
    shared: Arc<Shared<T>>,
    contents: SecretBytes,
    lock: SharedLock,
}

impl<T: SerializableCache> PendingSave<T> {
    pub(super) fn run(self) -> Result<Saved> {
        self.shared.store(self.contents, &mut self.lock.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: SerializableCache> Drop for CacheGuard<T> {
    fn drop(&mut self) {
        // What is exactly as stored serves the next reader; what was changed and not saved is forgotten.
        if let (Some(cache), Some(stamp)) = (self.cache.take(), self.stamp)
            && !cache.has_state_changed()
        {
            self.shared.remember(Snapshot { cache: Arc::new(cache), stamp });
        }
    }
}

impl<T: SerializableCache> Deref for CacheGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.cache.as_ref().expect("the guard is whole")
    }
}

impl<T: SerializableCache> DerefMut for CacheGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.cache.as_mut().expect("the guard is whole")
    }
}

impl<T: SerializableCache> fmt::Debug for CacheGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheGuard").field("store", &self.shared.store).finish_non_exhaustive()
    }
}
