//! The cross-process lock: [`FileLock`]; and that of the MSAL extension libraries, [`FamilyLock`], in `family/`.
//!
//! Who wants to change a cache holds its lock from before the load until after the save. Between threads of one
//! process the lock is a fair queue with exact deadlines; between processes it is the operating system's own lock
//! (`flock`, `LockFileEx`, through [`std::fs::File::lock`]) on a file that is never deleted: a removed lock file
//! lets two processes in at once, each with an inode of its own.

mod backoff;
mod errors;
mod family;
mod holder;
mod in_process;
mod queue;
mod state;
mod waiter;

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use sealed_cache_platform::file;

pub use family::{FamilyLock, FamilyLockGuard};
pub use holder::Holder;
pub(crate) use in_process::{InProcessGuard, InProcessLock};
pub use state::LockState;

use self::{
    backoff::Backoff,
    errors::{OWN_GUARD, canonical},
    queue::{Queue, Turn},
};
use crate::{Deadline, Error, Result};

/// A lock that one holder has at a time, across threads and across processes.
///
/// It is the lock that [`PersistedCache`](crate::PersistedCache) uses, public because programs want the same for
/// their own files.
///
/// The operating system gives the lock back when its holder dies, however it dies. The lock file stays, empty of
/// meaning when nobody holds it.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Deadline, FileLock};
/// use std::time::Duration;
///
/// # let folder = tempfile::tempdir().unwrap();
/// let lock = FileLock::new(folder.path().join("state.lock"))?;
/// let guard = lock.acquire(&Deadline::after(Duration::from_secs(10)))?;
/// assert!(lock.try_acquire()?.is_none()); // held: also for this thread
/// drop(guard);
/// assert!(lock.try_acquire()?.is_some());
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Debug)]
pub struct FileLock {
    path: PathBuf,
    queue: Arc<Queue>,
}

/// The proof that the lock is held. Dropped: it is free again.
///
/// It is owned and `Send`: it can live across an `.await` and be dropped on another thread.
#[derive(Debug)]
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct FileLockGuard {
    // The order matters: the file is unlocked before the next thread of this process gets its turn.
    file: File,
    path: PathBuf,
    _turn: Turn,
}

/// What became of an attempt.
enum Tried {
    Locked(File),
    /// Another process has it; this is what to wait for.
    Taken(File),
    /// The file that was locked is no longer the lock file: to be tried again.
    Deleted,
}

impl FileLock {
    /// A lock on this file, which is created (for this user only) when it is first taken. Its folder must exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) or [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if the folder
    /// cannot be found.
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        let path = canonical(path.as_ref())?;
        Ok(Self { queue: Queue::of(&path), path })
    }

    /// The lock file, by its canonical path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Take the lock, waiting until the deadline if somebody has it.
    ///
    /// Threads of this process get it in the order in which they asked; between processes the system hands it over.
    /// Where a file system does not do that for those who wait, it is tried again every quarter of a second.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::LockTimeout`](crate::ErrorKind::LockTimeout) when the deadline passed; the message names the holder.
    /// * [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) when the wait was given up.
    /// * [`ErrorKind::Io`](crate::ErrorKind::Io) if the file system has no locks, or the file cannot be opened.
    /// * [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied),
    ///   [`ErrorKind::OtherOwner`](crate::ErrorKind::OtherOwner),
    ///   [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a file that may not be opened, is another
    ///   user's, or is a symbolic link.
    pub fn acquire(&self, deadline: &Deadline) -> Result<FileLockGuard> {
        let turn = self.queue.enter(deadline).ok_or_else(|| self.timeout(deadline))?;
        let want = self.queue.waiter().want();
        let mut backoff = Backoff::new();
        loop {
            let file = match self.try_lock_file()? {
                Tried::Locked(file) => return Ok(self.guard(file, turn)),
                Tried::Taken(file) => Some(file),
                Tried::Deleted => None,
            };
            if deadline.has_passed() {
                return Err(self.timeout(deadline));
            }
            if let Some(file) = file
                && let Some(arrived) = want.wait(file, backoff.next().min(deadline.nap()))
                && let Tried::Locked(file) = self.locked(arrived.map_err(|error| self.no_lock(error))?)
            {
                return Ok(self.guard(file, turn));
            }
        }
    }

    /// Take the lock if nobody has it: `None` if somebody does.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), without the time-out.
    pub fn try_acquire(&self) -> Result<Option<FileLockGuard>> {
        let Some(turn) = self.queue.enter(&Deadline::after(std::time::Duration::ZERO)) else {
            return Ok(None);
        };
        Ok(match self.try_lock_file()? {
            Tried::Locked(file) => Some(self.guard(file, turn)),
            Tried::Taken(_) | Tried::Deleted => None,
        })
    }

    /// Who took the lock last, as it recorded itself. It may have given it back since.
    #[must_use]
    pub fn last_holder(&self) -> Option<Holder> {
        Holder::read(&self.path)
    }

    /// Who has it now. Nothing is created or written; for the blink of an eye that this takes, a lock that nobody has looks
    /// taken to others, who then try again.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), without the time-out.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::{FileLock, LockState};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// let lock = FileLock::new(folder.path().join("state.lock"))?;
    /// assert_eq!(lock.state()?, LockState::Free);
    /// let _guard = lock.try_acquire()?;
    /// assert!(matches!(lock.state()?, LockState::Held { .. }));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn state(&self) -> Result<LockState> {
        let stamp = file::stamp(&self.path).map_err(|error| errors::not_opened(&self.path, error))?;
        let Some(stamp) = stamp else { return Ok(LockState::Free) };
        let file = file::open_lock_file(&self.path).map_err(|error| errors::not_opened(&self.path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(LockState::Free),
            Err(TryLockError::WouldBlock) => {
                let holder = self.last_holder();
                let since = SystemTime::now().duration_since(stamp.modified()).unwrap_or_default();
                let (process, name) =
                    holder.map_or((None, String::new()), |it| (Some(it.process()), it.program().to_owned()));
                Ok(LockState::Held { process, name, since })
            }
            Err(TryLockError::Error(error)) => Err(self.no_lock(error)),
        }
    }

    fn try_lock_file(&self) -> Result<Tried> {
        let file = file::open_lock_file(&self.path).map_err(|error| errors::not_opened(&self.path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(self.locked(file)),
            Err(TryLockError::WouldBlock) => Ok(Tried::Taken(file)),
            Err(TryLockError::Error(error)) => Err(self.no_lock(error)),
        }
    }

    /// Should a person have deleted the lock file since we opened it, ours excludes nobody.
    fn locked(&self, mut file: File) -> Tried {
        if !self.is_still_named(&file) {
            return Tried::Deleted;
        }
        Holder::record(&mut file);
        Tried::Locked(file)
    }

    fn guard(&self, file: File, turn: Turn) -> FileLockGuard {
        FileLockGuard { file, path: self.path.clone(), _turn: turn }
    }

    fn is_still_named(&self, file: &File) -> bool {
        match (file::stamp(&self.path), file::stamp_of(file)) {
            (Ok(Some(named)), Ok(ours)) => named.is_same_file(&ours),
            _ => false,
        }
    }

    fn timeout(&self, deadline: &Deadline) -> Error {
        let (holder, remedy) = match self.last_holder() {
            Some(holder) if holder.is_this_process() => (format!(", held by {holder}"), OWN_GUARD),
            Some(holder) => (
                format!(", last taken by {holder}"),
                "wait for that program or end it; the lock is given back when it ends, do not delete the file",
            ),
            None => (String::new(), "another program holds it; the lock is given back when that ends"),
        };
        errors::waited(deadline, &holder, remedy).with_path(&self.path)
    }

    fn no_lock(&self, error: io::Error) -> Error {
        errors::no_lock(&self.path, error)
    }
}

impl FileLockGuard {
    /// The lock file, by its canonical path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for FileLockGuard {
    fn drop(&mut self) {
        // Closing would unlock it too, but not while a forked child still has the file open.
        let _ = self.file.unlock();
    }
}
