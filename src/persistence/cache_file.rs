//! [`CacheFile`]: the private file of a cache and the lock beside it, and the only ways to read and change it.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use super::{AsideReason, Stamp, names::throw_away_name};
use crate::{
    Deadline, Error, FileLock, FileLockGuard, Result,
    files::{Files, PrivateFile},
};

/// The file of a cache. Reading needs no lock; changing needs the guard, in the signature.
#[derive(Debug)]
pub(super) struct CacheFile {
    file: PrivateFile,
    lock: FileLock,
}

impl CacheFile {
    /// The file of this name in this folder, which is created, and checked to be ours alone.
    pub(super) fn open(folder: &Path, name: &str, files: Files) -> Result<Self> {
        let file = PrivateFile::open("cache file", folder, name, files)?;
        let lock = FileLock::new(file.path().with_extension("lock"))?;
        let file = Self { file, lock };
        file.clean_up()?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn folder(&self) -> &Path {
        self.file.folder()
    }

    /// The state of the file, by one system call.
    pub(super) fn stamp(&self) -> Result<Stamp> {
        Ok(self.file.stamp()?.map_or(Stamp::ABSENT, Stamp::file))
    }

    /// What this work makes of the file and its length, and the stamp of what it saw: `None` if there is no file.
    pub(super) fn read<R>(
        &self,
        work: impl FnOnce(&mut dyn Read, u64) -> Result<R>,
    ) -> Result<Option<(R, Stamp)>> {
        let Some(mut opened) = self.file.open_to_read()? else { return Ok(None) };
        let stamp = opened.facts().stamp();
        let read = work(&mut opened, stamp.size()).map_err(|error| error.or_path(self.path()))?;
        Ok(Some((read, Stamp::file(stamp))))
    }

    pub(super) fn lock(&self, deadline: &Deadline) -> Result<FileLockGuard> {
        self.lock.acquire(deadline)
    }

    /// Whether this is the guard of this file's lock.
    pub(super) fn is_locked_by(&self, guard: &FileLockGuard) -> bool {
        guard.path() == self.lock.path()
    }

    pub(super) fn replace(&self, _lock: &FileLockGuard, parts: &[&[u8]]) -> Result<Stamp> {
        self.file.replace(parts).map(Stamp::file)
    }

    pub(super) fn remove(&self, _lock: &FileLockGuard) -> Result<()> {
        self.file.remove()
    }

    /// Keep the file under another name, durably.
    pub(super) fn set_aside(&self, _lock: &FileLockGuard, reason: AsideReason) -> Result<PathBuf> {
        let name = self.path().file_name().unwrap_or_default().to_string_lossy();
        self.file.rename(&format!("{name}.{}", reason.suffix()))
    }

    /// Whoever holds the lock may be writing, and cleans up itself.
    fn clean_up(&self) -> Result<()> {
        if self.file.has_left_over()?
            && let Some(_guard) = self.lock.try_acquire()?
        {
            self.file.remove_left_over()?;
        }
        Ok(())
    }

    /// A name for trying things out beside this file.
    pub(super) fn throw_away_name(&self) -> String {
        throw_away_name(self.path())
    }

    /// Remove the lock file, the last thing under its lock: only for a throw-away name. Whoever waits for it notices.
    pub(super) fn remove_lock_file(&self, lock: &FileLockGuard) -> Result<()> {
        sealed_cache_platform::file::remove(lock.path())
            .map_err(|error| Error::io("cannot remove a lock file", error).with_path(lock.path()))
    }
}
