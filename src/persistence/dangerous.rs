//! Stores without encryption, named as what they are.

use std::path::{Path, PathBuf};

use super::{
    AsideReason, Diagnosis, Found, Loaded, Persistence, PersistenceLock, Protection, Saved, Stamp,
    cache_file::CacheFile, not_our_lock, reload_if_changed,
};
use crate::{
    Deadline, Error, ErrorKind, FileLockGuard, Result, SecretBytes, files::Files, protect::KeyLifetime,
};

/// A cache in a plain file, readable for everybody who can read the file: mode 0600, in a folder of this user's.
///
/// It is as durable and as safely shared between processes as a sealed file, and not protected at all.
///
/// # Security
///
/// Refresh tokens in such a file are as good as a password. Use it for debugging.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Json, PersistedCache, persistence::dangerous::PlainFile};
///
/// # let folder = tempfile::tempdir().unwrap();
/// let file = PlainFile::open(folder.path().join("tokens.json"))?;
/// let cache = PersistedCache::<Json<Vec<u32>>>::on(file)?;
/// assert!(!cache.protection()?.is_encrypted);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Debug)]
pub struct PlainFile {
    file: CacheFile,
}

impl PlainFile {
    /// The plain file at this path, whose folder is created for this user only if it does not exist. Its lock file
    /// lies beside it and ends in `.lock` instead.
    ///
    /// # Errors
    ///
    /// As [`SealedFileBuilder::open`](super::SealedFileBuilder::open).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
        else {
            return Err(Error::new(ErrorKind::Configuration, "a plain file needs a folder and a UTF-8 name")
                .with_path(path)
                .with_remedy("give it the path of a file: `folder/tokens.json`"));
        };
        Ok(Self { file: CacheFile::open(folder, name, Files::default())? })
    }

    fn guard<'a>(&self, lock: &'a mut PersistenceLock) -> Result<&'a FileLockGuard> {
        match lock.downcast_mut::<FileLockGuard>() {
            Some(guard) if self.file.is_locked_by(guard) => Ok(guard),
            _ => Err(not_our_lock()),
        }
    }
}

impl Persistence for PlainFile {
    fn location(&self) -> Option<&Path> {
        Some(self.file.path())
    }

    fn protection(&self) -> Result<Protection> {
        Ok(Protection {
            method: "plain file, NOT encrypted",
            protector: String::new(),
            key: String::new(),
            lifetime: KeyLifetime::UntilRemoved,
            is_encrypted: false,
            exists: self.file.stamp()? != Stamp::ABSENT,
            location: Some(self.file.path().to_path_buf()),
        })
    }

    fn stamp(&self) -> Result<Stamp> {
        self.file.stamp()
    }

    fn load(&self) -> Result<Loaded> {
        let read = self.file.read(|reader, length| {
            let length = usize::try_from(length).map_err(|_| {
                Error::new(ErrorKind::InvalidContents, "the file is too large for this machine")
            })?;
            let mut contents = SecretBytes::new();
            contents
                .append_from(reader, length)
                .map_err(|error| Error::io("cannot read the cache file", error))?;
            Ok(contents)
        })?;
        Ok(match read {
            Some((contents, stamp)) => Loaded { found: Found::Contents(contents), stamp },
            None => Loaded { found: Found::Nothing, stamp: Stamp::ABSENT },
        })
    }

    fn reload(&self, _lock: &mut PersistenceLock, known: Option<Stamp>) -> Result<Option<Loaded>> {
        reload_if_changed(self, known)
    }

    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn lock(&self, deadline: &Deadline) -> Result<PersistenceLock> {
        Ok(PersistenceLock::new(self.file.lock(deadline)?))
    }

    fn save(&self, lock: &mut PersistenceLock, contents: SecretBytes) -> Result<Saved> {
        self.file.replace(self.guard(lock)?, &[&contents]).map(Saved::as_given)
    }

    fn clear(&self, lock: &mut PersistenceLock) -> Result<()> {
        self.file.remove(self.guard(lock)?)
    }

    fn set_aside(&self, lock: &mut PersistenceLock, reason: AsideReason) -> Result<PathBuf> {
        self.file.set_aside(self.guard(lock)?, reason)
    }

    /// Writes and reads back a file of another name in the same folder.
    fn verify(&self, deadline: &Deadline) -> Result<()> {
        let name = format!("{}.plain", self.file.throw_away_name());
        let probe = Self { file: CacheFile::open(self.file.folder(), &name, Files::default())? };
        let mut lock = probe.lock(deadline)?;
        let outcome = probe.save(&mut lock, SecretBytes::from(&b"sealed-cache verify"[..]));
        let outcome = outcome.and_then(|_| probe.load().map(drop));
        let removed = probe.clear(&mut lock);
        let removed = removed.and_then(|()| probe.file.remove_lock_file(probe.guard(&mut lock)?));
        outcome.and(removed)
    }

    fn diagnose(&self) -> Diagnosis {
        Diagnosis {
            cache: self.file.path().display().to_string(),
            protection: self.protection().map_err(|error| error.to_string()),
            candidates: Vec::new(),
        }
    }
}
