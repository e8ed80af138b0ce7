//! [`Memory`]: a cache that lives as long as the process, for tests and for programs that must not store anything.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    AsideReason, Diagnosis, Found, Loaded, Persistence, PersistenceLock, Protection, Saved, Stamp,
    reload_if_changed,
};
use crate::{
    Deadline, Error, ErrorKind, Result, SecretBytes,
    lock::{InProcessGuard, InProcessLock},
    protect::KeyLifetime,
};

/// Keeps a cache in memory, wiped when the last handle is dropped. Clones are handles to the same cache.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Json, PersistedCache, persistence::Memory};
///
/// let cache = PersistedCache::<Json<Vec<u32>>>::on(Memory::new())?;
/// cache.update(|numbers| numbers.push(7))?;
/// assert_eq!(cache.read(|numbers| numbers.len())?, 1);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lock: InProcessLock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    contents: Option<SecretBytes>,
    changes: u64,
}

impl Memory {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, lock: &mut PersistenceLock, contents: Option<SecretBytes>) -> Result<Stamp> {
        let is_ours =
            lock.downcast_mut().is_some_and(|guard: &mut InProcessGuard| self.0.lock.is_held_by(guard));
        if !is_ours {
            return Err(super::not_our_lock());
        }
        let mut state = self.state();
        state.contents = contents;
        state.changes += 1;
        Ok(state.stamp())
    }
}

impl State {
    fn stamp(&self) -> Stamp {
        if self.contents.is_some() { Stamp::counter(self.changes) } else { Stamp::ABSENT }
    }
}

impl Persistence for Memory {
    fn location(&self) -> Option<&Path> {
        None
    }

    fn protection(&self) -> Result<Protection> {
        Ok(Protection {
            method: "memory of this process",
            protector: String::new(),
            key: String::new(),
            lifetime: KeyLifetime::UntilRestart,
            is_encrypted: false,
            exists: self.state().contents.is_some(),
            location: None,
        })
    }

    fn stamp(&self) -> Result<Stamp> {
        Ok(self.state().stamp())
    }

    fn load(&self) -> Result<Loaded> {
        let state = self.state();
        let found = state.contents.clone().map_or(Found::Nothing, Found::Contents);
        Ok(Loaded { found, stamp: state.stamp() })
    }

    fn reload(&self, _lock: &mut PersistenceLock, known: Option<Stamp>) -> Result<Option<Loaded>> {
        reload_if_changed(self, known)
    }

    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn lock(&self, deadline: &Deadline) -> Result<PersistenceLock> {
        match self.0.lock.acquire(deadline) {
            Some(guard) => Ok(PersistenceLock::new(guard)),
            None => {
                Err(Error::new(ErrorKind::LockTimeout, "waited in vain for the lock of a cache in memory")
                    .with_remedy("do not lock or update a cache from within its own guard or closure"))
            }
        }
    }

    fn save(&self, lock: &mut PersistenceLock, contents: SecretBytes) -> Result<Saved> {
        self.change(lock, Some(contents)).map(Saved::as_given)
    }

    fn clear(&self, lock: &mut PersistenceLock) -> Result<()> {
        self.change(lock, None).map(drop)
    }

    fn set_aside(&self, lock: &mut PersistenceLock, _reason: AsideReason) -> Result<PathBuf> {
        self.change(lock, None)?;
        Ok(PathBuf::new())
    }

    fn verify(&self, _deadline: &Deadline) -> Result<()> {
        Ok(())
    }

    fn diagnose(&self) -> Diagnosis {
        Diagnosis {
            cache: "in memory".into(),
            protection: self.protection().map_err(|error| error.to_string()),
            candidates: Vec::new(),
        }
    }
}
