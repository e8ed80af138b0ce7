//! [`CacheFile`]: the private file of a cache and the lock beside it, and the only ways to read and change it.

use std::{
    io::Read,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};

use super::{AsideReason, Stamp};
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
        let aside = match reason {
            AsideReason::Expired => format!("{name}.expired"),
            AsideReason::Unreadable => format!("{name}.unreadable-{}", now()),
        };
        self.file.rename(&aside)
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

    /// A name for trying things out beside this file. It is the same each time, so that what a killed process leaves
    /// under it is taken away by the next.
    pub(super) fn throw_away_name(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.path().as_os_str().as_encoded_bytes()).into();
        format!("verify-{:016x}", u64::from_be_bytes(*digest.first_chunk().expect("8 are fewer than 32")))
    }

    /// Remove the lock file, the last thing under its lock: only for a throw-away name. Whoever waits for it notices.
    pub(super) fn remove_lock_file(&self, lock: &FileLockGuard) -> Result<()> {
        sealed_cache_platform::file::remove(lock.path())
            .map_err(|error| Error::io("cannot remove a lock file", error).with_path(lock.path()))
    }
}

/// The time in a file name, to the nanosecond, so that no two are the same: `20261124T061500Z-123456789`.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{:09}", utc(since.as_secs()), since.subsec_nanos())
}

/// Seconds since 1970 as `20261124T061500Z` (days to civil date after Howard Hinnant's `civil_from_days`).
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    #[test]
    fn utc_of_known_moments() {
        assert_eq!(super::utc(0), "19700101T000000Z");
        assert_eq!(super::utc(951_782_400), "20000229T000000Z");
        assert_eq!(super::utc(1_795_500_900), "20261124T061500Z");
    }
}
