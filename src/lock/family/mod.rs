//! The lock of the MSAL extension libraries: [`FamilyLock`].
//!
//! Some of them lock by creating a file, others by `flock` on a file that they open whether it exists or not, and all
//! remove it when they give it back. Ours does both, so that each kind finds it taken:
//!
//! ```text
//! create (O_EXCL) -> flock -> is it still the file of this name? -> write who we are
//!    ... -> is it still the file of this name? -> remove -> close
//! ```
//!
//! On Windows one step does it all: the file is created so that others can only read it, and goes when it is closed.

mod lock_file;
mod obstacle;
mod pauses;
mod record;
mod sight;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use self::{
    lock_file::{Held, LockFile},
    record::Form,
};
use super::{LockState, errors::canonical};
use crate::{Deadline, Result};

/// The lock of a folder, which is Java's.
const OF_FOLDER: &str = ".lockfile";

/// The lock of the MSAL extension libraries for Python, .NET, Node, Java and Go, for a cache that is shared with them.
///
/// For the cache file `X` they all, except Java, use the lock file `X.lockfile`, which exists only while somebody has the
/// lock. Here the path of that lock file is given. For a cache that only this library uses, take
/// [`FileLock`](crate::FileLock), which is faster, and is given back by the system when its holder dies.
///
/// # What it keeps, and what it cannot
///
/// It keeps every lock of a peer whose process runs, however old, and lets none of them in while it is held. What it cannot
/// do is to keep a peer from deleting the lock file of somebody else: MSAL Node does so after every access but the first,
/// and two Go programs can do so to each other and to a third. So ask [`FamilyLockGuard::is_held`] before what was read
/// under the lock is written back, and if it was lost, [retake](FamilyLockGuard::retake) it and read again.
///
/// # Locks left behind
///
/// A process that was killed leaves its lock file. It is taken over
///
/// * 5 seconds after it was last written, if the process in it does not run any more (or its id is now that of a process
///   younger than the file, where the system tells);
/// * 60 seconds after, if no process id can be read from it, or a folder's lock names another machine;
///
/// and never if somebody has it locked by `flock` (or a record lock, for a folder's). The process id of a *container*
/// means nothing outside: a peer in another container that keeps no `flock` (Python by default, Node) looks as if it had
/// ended, so do not share a cache between containers with those.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Deadline, FamilyLock};
/// use std::time::Duration;
///
/// # let folder = tempfile::tempdir().unwrap();
/// let lock = FamilyLock::new(folder.path().join("msal_token_cache.bin.lockfile"))?;
/// let mut guard = lock.acquire(&Deadline::after(Duration::from_secs(60)))?;
/// assert!(lock.try_acquire()?.is_none()); // held: also for this thread
/// // ... read and change the cache ...
/// if !guard.is_held() {
///     guard.retake(&Deadline::after(Duration::from_secs(60)))?;
///     // ... read and change it again ...
/// }
/// // ... write the cache ...
/// drop(guard);
/// assert!(!lock.path().exists());
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Debug)]
pub struct FamilyLock {
    file: Arc<LockFile>,
    folder: Option<Arc<LockFile>>,
}

/// The proof that the lock was taken. Dropped: it is given back, and the lock file removed if it is still ours.
///
/// It is owned and `Send`: it can live across an `.await` and be dropped on another thread.
#[derive(Debug)]
#[must_use = "the lock is given back as soon as the guard is dropped"]
pub struct FamilyLockGuard {
    // The order matters: what was taken last is given back first.
    folder: Option<Held>,
    file: Held,
}

impl FamilyLock {
    /// The lock of this lock file (for the cache file `X`: `X.lockfile`). Its folder must exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the path names no file;
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) or [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if the folder
    /// cannot be found.
    pub fn new(path_of_lock_file: impl AsRef<Path>) -> Result<Self> {
        let path = canonical(path_of_lock_file.as_ref())?;
        let form = if is_of_folder(&path) { Form::OfFolder } else { Form::OfFile };
        Ok(Self { file: LockFile::new(path, form), folder: None })
    }

    /// The same lock, which also takes that of MSAL Java: the file `.lockfile` in the same folder, for whatever lies there.
    /// It is always taken after the lock of the file, and given back before.
    #[must_use]
    pub fn with_folder_lock(mut self) -> Self {
        // A cache file without a name has no other lock than that.
        if !is_of_folder(self.path()) {
            self.folder = Some(LockFile::new(self.path().with_file_name(OF_FOLDER), Form::OfFolder));
        }
        self
    }

    /// The lock file, by its canonical path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Who has it now: each of its lock files (one, or two with that of the folder) with its state, as the file tells.
    /// Nothing is created, locked or changed. That a program which has not recorded itself keeps a file locked is seen only by
    /// who tries to take it.
    ///
    /// # Errors
    ///
    /// Why a lock file cannot be looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::{FamilyLock, LockState};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// let lock = FamilyLock::new(folder.path().join("msal_token_cache.bin.lockfile"))?;
    /// assert_eq!(lock.states()?[0].1, LockState::Free);
    /// let _guard = lock.try_acquire()?;
    /// assert!(matches!(lock.states()?[0].1, LockState::Held { .. }));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn states(&self) -> Result<Vec<(PathBuf, LockState)>> {
        let files = std::iter::once(&self.file).chain(&self.folder);
        files.map(|file| Ok((file.path().to_path_buf(), file.state()?))).collect()
    }

    /// Take the lock, waiting until the deadline if somebody has it. The longest wait among the peers is 60 seconds.
    ///
    /// Threads of this process get it in the order in which they asked. Between processes, nobody is told when it is free: it
    /// is looked for after pauses that grow from 10 to 100 milliseconds.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::LockTimeout`](crate::ErrorKind::LockTimeout) when the deadline passed; the message names the holder
    ///   and says whether it runs.
    /// * [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) when the wait was given up.
    /// * [`ErrorKind::Io`](crate::ErrorKind::Io) if the file system has no locks, or the file cannot be created.
    /// * [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a symbolic link, a special file, or one too large
    ///   to be a lock file: none of them is changed.
    /// * [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied),
    ///   [`ErrorKind::OtherOwner`](crate::ErrorKind::OtherOwner) for a file that may not be created or opened, or that another
    ///   user left behind.
    pub fn acquire(&self, deadline: &Deadline) -> Result<FamilyLockGuard> {
        let file = self.file.acquire(deadline)?;
        let folder = self.folder.as_ref().map(|folder| folder.acquire(deadline)).transpose()?;
        Ok(FamilyLockGuard { folder, file })
    }

    /// Take the lock if nobody has it: `None` if somebody does.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), without the time-out.
    pub fn try_acquire(&self) -> Result<Option<FamilyLockGuard>> {
        let Some(file) = self.file.try_acquire()? else { return Ok(None) };
        let folder = match &self.folder {
            Some(folder) => match folder.try_acquire()? {
                Some(folder) => Some(folder),
                None => return Ok(None),
            },
            None => None,
        };
        Ok(Some(FamilyLockGuard { folder, file }))
    }
}

impl FamilyLockGuard {
    /// The lock file, by its canonical path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether the lock file is still ours. It is not when somebody deleted it, as MSAL Node does with files that are not
    /// its own: then others may have taken the lock meanwhile.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.file.is_held() && self.folder.as_ref().is_none_or(Held::is_held)
    }

    /// Take the lock again if it was lost, waiting until the deadline if somebody has it now. While this process waits, none
    /// of its other threads gets the lock. What was read under the lost one must be read again.
    ///
    /// # Errors
    ///
    /// As [`FamilyLock::acquire`]. The guard can be kept and this be tried again: until then it holds nothing.
    pub fn retake(&mut self, deadline: &Deadline) -> Result<()> {
        if !self.file.is_held() {
            // The lock of the folder comes after that of the file, also now.
            self.folder.iter_mut().for_each(Held::release);
            self.file.retake(deadline)?;
        }
        self.folder.as_mut().map_or(Ok(()), |folder| folder.retake(deadline))
    }
}

/// Whether it is the lock of a folder itself, on file systems that tell case apart and on others.
fn is_of_folder(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(OF_FOLDER))
}
