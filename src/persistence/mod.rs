//! WHERE the bytes live: the [`Persistence`] trait and its implementations.
//!
//! [`SealedFile`] is what [`PersistedCache::builder`](crate::PersistedCache::builder) opens. [`Memory`] is for tests,
//! and [`dangerous::PlainFile`] for programs that want a plain file and say so.

mod cache_file;
pub mod dangerous;
mod memory;
pub mod msal;
mod names;
mod protection;
mod sealed_file;
mod stamp;

use std::{any::Any, fmt, path::Path, path::PathBuf};

pub use memory::Memory;
pub use protection::{Candidate, Diagnosis, Protection};
pub use sealed_file::{SealedFile, SealedFileBuilder, SealedFileInfo};
pub use stamp::Stamp;

use crate::{Deadline, Error, ErrorKind, Result, SecretBytes};

/// A place that keeps the bytes of one cache: the plain contents go in and come out, what lies there is protected as
/// [`protection`](Self::protection) says.
///
/// Reading needs no lock: an implementation must let a reader see either the whole state before a save or the whole
/// state after it. Changing needs the lock, in the signature.
pub trait Persistence: fmt::Debug + Send + Sync + 'static {
    /// The file that changes when the cache does, if there is one: for messages and for change notification.
    fn location(&self) -> Option<&Path>;

    /// What protects the stored cache, or will protect it once there is one.
    ///
    /// # Errors
    ///
    /// Why it cannot tell.
    fn protection(&self) -> Result<Protection>;

    /// The state of the store now. Costs one system call where a file is involved.
    ///
    /// # Errors
    ///
    /// Why it cannot tell. Nothing stored is no error: [`Stamp::ABSENT`].
    fn stamp(&self) -> Result<Stamp>;

    /// What is stored now.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. Unreadable is never "nothing" (promise P4).
    fn load(&self) -> Result<Loaded>;

    /// What is stored now, looked at under the lock: `None` if that is still the state that `known` is the stamp of, so
    /// that the caller can go on with what it has.
    ///
    /// What is changed under this lock is a change of what this returned: a store whose other users may write without
    /// its lock needs to know that when it [saves](Self::save).
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn reload(&self, lock: &mut PersistenceLock, known: Option<Stamp>) -> Result<Option<Loaded>>;

    /// Do what may ask a person, such as unlocking a keychain, before the lock of a change is taken.
    ///
    /// # Errors
    ///
    /// Why a change would fail.
    fn prepare(&self) -> Result<()>;

    /// Take the lock that every change needs.
    ///
    /// # Errors
    ///
    /// [`LockTimeout`](crate::ErrorKind::LockTimeout) at the deadline; or why there is no lock.
    fn lock(&self, deadline: &Deadline) -> Result<PersistenceLock>;

    /// Replace what is stored. When this returns, it survives a crash and a loss of power; when it fails, what was
    /// stored before is whole (promise P1).
    ///
    /// # Errors
    ///
    /// Why it could not be saved; also when what is stored is not a cache that we could have read.
    fn save(&self, lock: &mut PersistenceLock, contents: SecretBytes) -> Result<Saved>;

    /// Remove the cache, and its key if that can be done without asking a person. Also a cache that cannot be read
    /// is removed.
    ///
    /// # Errors
    ///
    /// Why it could not be removed.
    fn clear(&self, lock: &mut PersistenceLock) -> Result<()>;

    /// Keep an unreadable or expired cache under another name, so that a new one can begin; tells where it is.
    ///
    /// # Errors
    ///
    /// Why it could not be moved.
    fn set_aside(&self, lock: &mut PersistenceLock, reason: AsideReason) -> Result<PathBuf>;

    /// Prove by a round trip, under a name that nothing else uses, that a cache can be protected, written, read back
    /// and removed here.
    ///
    /// # Errors
    ///
    /// The step that failed.
    fn verify(&self, deadline: &Deadline) -> Result<()>;

    /// Everything that was considered for the protection of this cache, and why it was or was not taken.
    fn diagnose(&self) -> Diagnosis;
}

/// What a load found, and the stamp that belongs to it.
#[derive(Debug)]
pub struct Loaded {
    /// What was found.
    pub found: Found,
    /// The state of the store when it was found, taken before or with the contents.
    pub stamp: Stamp,
}

/// What became of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The state of the store after it.
    pub stamp: Stamp,
    /// Whether exactly the given contents are stored. If not, they were merged with what somebody else had stored
    /// meanwhile without the lock.
    pub is_as_given: bool,
}

impl Saved {
    /// Exactly the given contents are stored.
    #[must_use]
    pub const fn as_given(stamp: Stamp) -> Self {
        Self { stamp, is_as_given: true }
    }
}

/// What a load found.
#[derive(Debug)]
pub enum Found {
    /// There is no cache.
    Nothing,
    /// There is a cache whose key was only meant to last until a restart, and is gone.
    Expired,
    /// The plain contents.
    Contents(SecretBytes),
}

/// Why a cache is set aside; it becomes part of the name under which it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsideReason {
    /// Its key was only meant to last until a restart. One such file is kept.
    Expired,
    /// It cannot be read. Each such file is kept, with the time in its name.
    Unreadable,
}

/// The proof that the lock of a store is held. Dropped: it is free again.
///
/// It is owned and `Send`, and holds whatever kind of guard the store uses.
pub struct PersistenceLock(Box<dyn Any + Send>);

impl PersistenceLock {
    /// A lock that is held as long as this guard lives.
    pub fn new(guard: impl Any + Send) -> Self {
        Self(Box::new(guard))
    }

    /// The guard, if it is of this type.
    #[must_use]
    pub fn downcast_mut<G: Any>(&mut self) -> Option<&mut G> {
        self.0.downcast_mut()
    }
}

impl fmt::Debug for PersistenceLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistenceLock").finish_non_exhaustive()
    }
}

/// [`Persistence::reload`] where every change is made under the lock: what has the known stamp has not changed.
fn reload_if_changed(store: &impl Persistence, known: Option<Stamp>) -> Result<Option<Loaded>> {
    match known {
        Some(known) if store.stamp()? == known => Ok(None),
        _ => store.load().map(Some),
    }
}

fn not_our_lock() -> Error {
    Error::new(ErrorKind::Configuration, "that lock was taken on another cache")
        .with_remedy("take the lock on the cache that is to be changed")
}
