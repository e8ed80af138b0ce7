//! [`Shared`]: what all handles of one opened cache share: the store, the cache in memory, the policy.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{OnUnreadable, Recovery, RecoveryReason};
use crate::{
    Deadline, Error, Result, SecretBytes, SerializableCache,
    event::event,
    persistence::{AsideReason, Found, Persistence, PersistenceLock, SealedFile, Stamp},
};

/// Shared by all clones of a handle. `memory` holds the cache as it was last loaded or saved.
pub(super) struct Shared<T> {
    pub(super) store: Arc<dyn Persistence>,
    pub(super) sealed: Option<Arc<SealedFile>>,
    pub(super) settings: Settings,
    memory: Mutex<Option<Snapshot<T>>>,
    recoveries: Mutex<Vec<Recovery>>,
    /// The stamp of what was last loaded or saved here, and held during a save: so that change notification can tell
    /// our own saves from those of others.
    known: Mutex<Option<Stamp>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) lock_timeout: Duration,
    pub(super) on_unreadable: OnUnreadable,
}

/// A cache as it is stored, and the stamp that tells whether it still is.
#[derive(Debug)]
pub(super) struct Snapshot<T> {
    pub(super) cache: Arc<T>,
    pub(super) stamp: Stamp,
}

impl<T: SerializableCache> Shared<T> {
    pub(super) fn new(
        store: Arc<dyn Persistence>,
        sealed: Option<Arc<SealedFile>>,
        settings: Settings,
    ) -> Self {
        Self {
            store,
            sealed,
            settings,
            memory: Mutex::new(None),
            recoveries: Mutex::default(),
            known: Mutex::default(),
        }
    }

    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.settings.lock_timeout)
    }

    /// The lock that every change needs. What may ask a person comes first, and is not part of the wait for the lock.
    pub(super) fn lock(&self, deadline: impl FnOnce(&Self) -> Deadline) -> Result<PersistenceLock> {
        self.store.prepare()?;
        self.store.lock(&deadline(self))
    }

    /// The cache as it is stored now. Unchanged since the last time: one `stat`.
    pub(super) fn current(&self) -> Result<Arc<T>> {
        let stamp = self.store.stamp()?;
        if let Some(snapshot) = &*self.memory()
            && snapshot.stamp == stamp
        {
            return Ok(Arc::clone(&snapshot.cache));
        }
        let (cache, stamp) = self.load(None)?;
        let cache = Arc::new(cache);
        self.remember(Snapshot { cache: Arc::clone(&cache), stamp });
        Ok(cache)
    }

    /// The cache as it is stored now, to be changed under this lock: out of memory if nobody else looks at it.
    pub(super) fn take(&self, lock: &mut PersistenceLock) -> Result<(T, Stamp)> {
        let stamp = self.store.stamp()?;
        let snapshot = self.memory().take();
        if let Some(snapshot) = snapshot
            && snapshot.stamp == stamp
            && let Ok(cache) = Arc::try_unwrap(snapshot.cache)
        {
            return Ok((cache, stamp));
        }
        self.load(Some(lock))
    }

    /// Store the serialized state of a cache under this lock.
    pub(super) fn store(&self, contents: SecretBytes, lock: &mut PersistenceLock) -> Result<Stamp> {
        event!(debug, bytes = contents.len(), "saving a cache");
        let mut known = self.known();
        let stamp = self.store.save(lock, contents)?;
        *known = Some(stamp);
        Ok(stamp)
    }

    /// Remove what is stored, under this lock.
    pub(super) fn clear(&self, lock: &mut PersistenceLock) -> Result<()> {
        let mut known = self.known();
        self.store.clear(lock)?;
        *known = Some(Stamp::ABSENT);
        *self.memory() = None;
        Ok(())
    }

    /// Have what is stored sealed under another key.
    pub(super) fn rekey(&self, rekey: impl FnOnce(&mut PersistenceLock) -> Result<()>) -> Result<()> {
        self.store.prepare()?;
        let mut lock = self.store.lock(&self.deadline())?;
        let mut known = self.known();
        let stamp = self.store.stamp()?;
        // What another handle changed before is still to be told.
        let is_known = known.is_none_or(|known| known == stamp);
        rekey(&mut lock)?;
        if is_known {
            *known = Some(self.store.stamp()?);
        }
        Ok(())
    }

    pub(super) fn remember(&self, snapshot: Snapshot<T>) {
        *self.memory() = Some(snapshot);
    }

    /// What was set aside by this handle so far.
    pub(super) fn recoveries(&self) -> Vec<Recovery> {
        self.recoveries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Load and decode; what is expired, or unreadable where the policy says so, is set aside under the lock.
    pub(super) fn load(&self, lock: Option<&mut PersistenceLock>) -> Result<(T, Stamp)> {
        let reason = match self.load_as_it_is() {
            Ok(Some(loaded)) => return Ok(loaded),
            Ok(None) => RecoveryReason::Expired,
            Err(error) if self.starts_empty(&error) => {
                RecoveryReason::Unreadable(error.kind(), error.to_string())
            }
            Err(error) => return Err(error),
        };
        let Some(lock) = lock else {
            // Not judged again before the lock is held: another process may be setting it aside as well.
            let mut lock = self.store.lock(&self.deadline())?;
            return self.load(Some(&mut lock));
        };
        self.set_aside(lock, reason)?;
        self.load_as_it_is()?.ok_or_else(|| {
            Error::new(crate::ErrorKind::Io, "the cache that was set aside is in its place again")
                .with_remedy("another program puts it back: end that one")
        })
    }

    /// `None` if it has expired.
    fn load_as_it_is(&self) -> Result<Option<(T, Stamp)>> {
        let loaded = self.store.load()?;
        let cache = match loaded.found {
            Found::Nothing => T::default(),
            Found::Expired => return Ok(None),
            Found::Contents(contents) => {
                event!(debug, bytes = contents.len(), "loaded a cache");
                T::deserialize(contents).map_err(|error| match self.store.location() {
                    Some(path) => error.with_path(path),
                    None => error,
                })?
            }
        };
        *self.known() = Some(loaded.stamp);
        Ok(Some((cache, loaded.stamp)))
    }

    fn starts_empty(&self, error: &Error) -> bool {
        self.settings.on_unreadable == OnUnreadable::StartEmpty && error.kind().is_unreadable()
    }

    fn set_aside(&self, lock: &mut PersistenceLock, reason: RecoveryReason) -> Result<()> {
        let aside = match reason {
            RecoveryReason::Expired => AsideReason::Expired,
            RecoveryReason::Unreadable(..) => AsideReason::Unreadable,
        };
        let kept = self.store.set_aside(lock, aside)?;
        let recovery = Recovery { reason, kept, at: SystemTime::now() };
        event!(warn, %recovery, "set a cache aside");
        self.recoveries.lock().unwrap_or_else(PoisonError::into_inner).push(recovery);
        Ok(())
    }

    /// The stamp of the store if that differs from what this handle last loaded or saved. Waits for a save that is
    /// under way.
    #[cfg(feature = "watch")]
    pub(super) fn changed_by_another(&self) -> Result<Option<Stamp>> {
        let known = self.known();
        let stamp = self.store.stamp()?;
        Ok((*known != Some(stamp)).then_some(stamp))
    }

    fn known(&self) -> MutexGuard<'_, Option<Stamp>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Option<Snapshot<T>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistedCache")
            .field("store", &self.store)
            .field("settings", &self.settings)
            .finish()
    }
}
