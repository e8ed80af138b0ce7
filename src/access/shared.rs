//! [`Shared`]: what all handles of one opened cache share: the store, the cache in memory, the policy.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{OnUnreadable, Recovery, RecoveryReason};
use crate::{
    Deadline, Error, ErrorKind, Result, SecretBytes, SerializableCache,
    event::event,
    persistence::{AsideReason, Found, Loaded, Persistence, PersistenceLock, Saved, SealedFile, Stamp},
};

/// Shared by all clones of a handle. `memory` holds the cache as it was last loaded or saved.
pub(super) struct Shared<T> {
    pub(super) store: Arc<dyn Persistence>,
    pub(super) sealed: Option<Arc<SealedFile>>,
    pub(super) settings: Settings,
    memory: Mutex<Option<Snapshot<T>>>,
    recoveries: Mutex<Vec<Recovery>>,
    /// The stamp of what was last loaded or saved here, by which change notification tells our own saves from those of
    /// others.
    known: Mutex<Option<Stamp>>,
    /// Held while something is stored and not yet known.
    storing: Mutex<()>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) lock_timeout: Duration,
    pub(super) on_unreadable: OnUnreadable,
}

/// What a look under the lock brought.
enum Reloaded<T> {
    Unchanged,
    Expired,
    Changed(T, Stamp),
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
            storing: Mutex::default(),
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
        let (cache, stamp) = self.load()?;
        let cache = Arc::new(cache);
        self.remember(Snapshot { cache: Arc::clone(&cache), stamp });
        Ok(cache)
    }

    /// The cache as it is stored now, to be changed under this lock: out of memory if nobody else looks at it.
    pub(super) fn take(&self, lock: &mut PersistenceLock) -> Result<(T, Stamp)> {
        let snapshot = self.memory().take();
        let mut kept =
            snapshot.and_then(|snapshot| Some((Arc::try_unwrap(snapshot.cache).ok()?, snapshot.stamp)));
        let known = kept.as_ref().map(|(_, stamp)| *stamp);
        match self.reload(known, lock)?.or_else(|| kept.take()) {
            Some(cache) => Ok(cache),
            None => Err(Error::new(ErrorKind::Io, "the store has nothing new to nothing known")
                .with_remedy("this is a bug of the persistence")),
        }
    }

    /// Store the serialized state of a cache under this lock.
    pub(super) fn store(&self, contents: SecretBytes, lock: &mut PersistenceLock) -> Result<Saved> {
        event!(debug, bytes = contents.len(), "saving a cache");
        let _storing = self.storing();
        let saved = self.store.save(lock, contents)?;
        // What others had a part in is a change by another.
        *self.known() = saved.is_as_given.then_some(saved.stamp);
        Ok(saved)
    }

    /// Remove what is stored, under this lock.
    pub(super) fn clear(&self, lock: &mut PersistenceLock) -> Result<()> {
        let _storing = self.storing();
        self.store.clear(lock)?;
        *self.known() = Some(Stamp::ABSENT);
        *self.memory() = None;
        Ok(())
    }

    /// Have what is stored sealed under another key.
    pub(super) fn rekey(&self, rekey: impl FnOnce(&mut PersistenceLock) -> Result<()>) -> Result<()> {
        self.store.prepare()?;
        let mut lock = self.store.lock(&self.deadline())?;
        let _storing = self.storing();
        let stamp = self.store.stamp()?;
        // What another handle changed before is still to be told.
        let is_known = self.known().is_none_or(|known| known == stamp);
        rekey(&mut lock)?;
        if is_known {
            *self.known() = Some(self.store.stamp()?);
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

    /// Load and decode, without the lock.
    pub(super) fn load(&self) -> Result<(T, Stamp)> {
        match self.store.load().and_then(|loaded| self.decode(loaded)) {
            Ok(Some(loaded)) => Ok(loaded),
            Err(error) if !self.starts_empty(&error) => Err(error),
            // Not judged before the lock is held: another process may be setting it aside as well.
            _ => self.take(&mut self.store.lock(&self.deadline())?),
        }
    }

    /// Load and decode under the lock: `None` if what is stored is still what is known. What has expired, or is
    /// unreadable where the policy says so, is set aside.
    pub(super) fn reload(
        &self,
        known: Option<Stamp>,
        lock: &mut PersistenceLock,
    ) -> Result<Option<(T, Stamp)>> {
        let reason = match self.reload_as_it_is(known, lock) {
            Ok(Reloaded::Unchanged) => return Ok(None),
            Ok(Reloaded::Changed(cache, stamp)) => return Ok(Some((cache, stamp))),
            Ok(Reloaded::Expired) => RecoveryReason::Expired,
            Err(error) if self.starts_empty(&error) => {
                RecoveryReason::Unreadable(error.kind(), error.to_string())
            }
            Err(error) => return Err(error),
        };
        self.set_aside(lock, reason)?;
        match self.reload_as_it_is(None, lock)? {
            Reloaded::Changed(cache, stamp) => Ok(Some((cache, stamp))),
            _ => Err(Error::new(ErrorKind::Io, "the cache that was set aside is in its place again")
                .with_remedy("another program puts it back: end that one")),
        }
    }

    fn reload_as_it_is(&self, known: Option<Stamp>, lock: &mut PersistenceLock) -> Result<Reloaded<T>> {
        Ok(match self.store.reload(lock, known)? {
            None => Reloaded::Unchanged,
            Some(loaded) => self
                .decode(loaded)?
                .map_or(Reloaded::Expired, |(cache, stamp)| Reloaded::Changed(cache, stamp)),
        })
    }

    /// `None` if it has expired.
    fn decode(&self, loaded: Loaded) -> Result<Option<(T, Stamp)>> {
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
        let _stored = self.storing();
        let stamp = self.store.stamp()?;
        Ok((*self.known() != Some(stamp)).then_some(stamp))
    }

    fn storing(&self) -> MutexGuard<'_, ()> {
        self.storing.lock().unwrap_or_else(PoisonError::into_inner)
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
