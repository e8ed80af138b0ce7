//! [`SealedFile`]: a cache in an encrypted file, its key kept by a protector.

mod builder;
mod care;
mod history;
mod info;

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

pub use builder::SealedFileBuilder;
use history::History;
pub use info::SealedFileInfo;

use super::{
    AsideReason, Diagnosis, Found, Loaded, Persistence, PersistenceLock, Protection, Saved, Stamp,
    cache_file::CacheFile, not_our_lock, reload_if_changed,
};
use crate::{
    CacheId, Deadline, Error, ErrorKind, FileLockGuard, Result, SecretBytes,
    protect::{KeyHolder, KeyReference},
    seal::{DataKey, Facts, Header, Lineage, Sealed},
};

/// How often a load is tried again because the file was replaced while its key was being fetched.
const RELOADS: usize = 8;

/// A cache in one sealed file: AES-256-GCM under a data key that a [`Protector`](crate::protect::Protector) keeps
/// (`docs/format.md`).
///
/// Beside `NAME.sealed` lies `NAME.lock`. A save writes `NAME.sealed.tmp`, makes it durable and renames it.
///
/// Programs rarely need it by itself: [`PersistedCache::builder`](crate::PersistedCache::builder) opens one.
#[derive(Debug)]
pub struct SealedFile {
    id: CacheId,
    file: CacheFile,
    keys: KeyHolder,
    history: Mutex<History>,
}

impl SealedFile {
    /// Configure a sealed file of this application (a reversed domain name, by convention).
    pub fn builder(application: impl Into<String>) -> SealedFileBuilder {
        SealedFileBuilder::new(application.into())
    }

    /// Which cache it is.
    #[must_use]
    pub const fn id(&self) -> &CacheId {
        &self.id
    }

    /// The header of the stored file, checked to be of this cache: `None` if there is no file.
    fn header(&self) -> Result<Option<Header>> {
        let header = self.file.read(|reader, length| {
            let header = Header::read(reader, length)?;
            header.check_owner(&self.id)?;
            Ok(header)
        })?;
        Ok(header.map(|(header, _)| header))
    }

    fn key_of(&self, header: &Header) -> Result<DataKey> {
        self.keys.key_for(reference(header), |key| header.matches(key))
    }

    fn load_once(&self) -> Result<Loaded> {
        let before = self.history().current();
        let read = self.file.read(|reader, length| {
            let sealed = Sealed::read(reader, length)?;
            sealed.header().check_owner(&self.id)?;
            Ok(sealed)
        })?;
        let Some((sealed, stamp)) = read else {
            self.history().nothing_was_there(before);
            return Ok(Loaded { found: Found::Nothing, stamp: Stamp::ABSENT });
        };
        let key = match self.key_of(sealed.header()) {
            Err(error) if self.has_expired(sealed.header(), &error) => {
                return Ok(Loaded { found: Found::Expired, stamp });
            }
            key => key.map_err(|error| error.or_path(self.file.path()))?,
        };
        let header = sealed.header().clone();
        let contents = sealed.open(&key).map_err(|error| error.or_path(self.file.path()))?;
        self.history().see(&header).map_err(|error| error.or_path(self.file.path()))?;
        Ok(Loaded { found: Found::Contents(contents), stamp })
    }

    fn has_expired(&self, header: &Header, error: &Error) -> bool {
        error.kind() == ErrorKind::KeyMissing && self.keys.is_volatile(&header.facts().protector)
    }

    /// The key and the header facts for the next save: those of the stored file, or new ones if there is none.
    fn next(&self) -> Result<(DataKey, Facts)> {
        if let Some(header) = self.header()? {
            let key = self.key_of(&header)?;
            // A header proves nothing without its contents: one that we do not know is not passed on before.
            if !self.history().is_authentic(&header) {
                self.load_once()?;
            }
            let mut facts = header.facts().clone();
            facts.generation += 1;
            return Ok((key, facts));
        }
        let protector = self.keys.choose()?;
        let new = self.keys.create(&protector)?;
        let facts = Facts {
            id: self.id.clone(),
            lineage: Lineage::generate()?,
            generation: 1,
            protector: protector.name().to_owned(),
            protector_data: new.data,
        };
        Ok((new.key, facts))
    }

    /// Seal the contents with this key and replace the file.
    fn write(
        &self,
        lock: &FileLockGuard,
        contents: SecretBytes,
        key: &DataKey,
        facts: Facts,
    ) -> Result<Stamp> {
        let sealed = Sealed::seal(contents, key, facts)?;
        let stamp = self.file.replace(lock, &sealed.parts())?;
        self.history().wrote(sealed.header());
        Ok(stamp)
    }

    fn guard<'a>(&self, lock: &'a mut PersistenceLock) -> Result<&'a FileLockGuard> {
        match lock.downcast_mut::<FileLockGuard>() {
            Some(guard) if self.file.is_locked_by(guard) => Ok(guard),
            _ => Err(not_our_lock()),
        }
    }

    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What the header says of the key.
fn reference(header: &Header) -> KeyReference<'_> {
    KeyReference { protector: &header.facts().protector, data: &header.facts().protector_data }
}

impl Persistence for SealedFile {
    fn location(&self) -> Option<&Path> {
        Some(self.file.path())
    }

    fn protection(&self) -> Result<Protection> {
        self.protection_now()
    }

    fn stamp(&self) -> Result<Stamp> {
        self.file.stamp()
    }

    fn load(&self) -> Result<Loaded> {
        let mut before = self.file.stamp()?;
        for _ in 0..RELOADS {
            let loaded = self.load_once();
            // After we read the old file, a rotation may have taken its key away, or another thread saved a newer one.
            let lost_race = matches!(
                &loaded,
                Err(error) if matches!(
                    error.kind(),
                    ErrorKind::WrongKey | ErrorKind::KeyMissing | ErrorKind::RolledBack
                )
            );
            if !lost_race {
                return loaded;
            }
            let now = self.file.stamp()?;
            if now == before {
                return loaded;
            }
            before = now;
        }
        self.load_once()
    }

    /// Fetches the key, which may ask a person. What cannot be read is not judged here but by the load under the lock.
    fn reload(&self, _lock: &mut PersistenceLock, known: Option<Stamp>) -> Result<Option<Loaded>> {
        reload_if_changed(self, known)
    }

    fn prepare(&self) -> Result<()> {
        if self.keys.has_key() {
            return Ok(());
        }
        let fetched = match self.header() {
            Ok(Some(header)) => self.key_of(&header).map(drop),
            Ok(None) => self.keys.choose().map(drop),
            Err(error) => Err(error),
        };
        match fetched {
            Err(error) if !error.kind().is_unreadable() => Err(error.or_path(self.file.path())),
            _ => Ok(()),
        }
    }

    fn lock(&self, deadline: &Deadline) -> Result<PersistenceLock> {
        Ok(PersistenceLock::new(self.file.lock(deadline)?))
    }

    fn save(&self, lock: &mut PersistenceLock, contents: SecretBytes) -> Result<Saved> {
        let guard = self.guard(lock)?;
        let (key, facts) = self.next().map_err(|error| error.or_path(self.file.path()))?;
        self.write(guard, contents, &key, facts).map(Saved::as_given)
    }

    fn clear(&self, lock: &mut PersistenceLock) -> Result<()> {
        let guard = self.guard(lock)?;
        let header = self.header();
        self.file.remove(guard)?;
        self.history().nothing_is_there();
        self.keys.release();
        // A key that cannot be removed now, say in a locked keychain, protects nothing any more; the next cache of this
        // name takes it over.
        match header {
            Ok(Some(header)) => drop(self.keys.forget(reference(&header))),
            // Without a file there may still be a key: an earlier `clear` failed half-way, or a first save did.
            Ok(None) | Err(_) => self.keys.forget_everywhere(),
        }
        Ok(())
    }

    fn set_aside(&self, lock: &mut PersistenceLock, reason: AsideReason) -> Result<PathBuf> {
        let guard = self.guard(lock)?;
        let aside = self.file.set_aside(guard, reason)?;
        self.history().nothing_is_there();
        self.keys.release();
        Ok(aside)
    }

    fn verify(&self, deadline: &Deadline) -> Result<()> {
        self.verify_round_trip(deadline)
    }

    fn diagnose(&self) -> Diagnosis {
        self.diagnose_protectors()
    }
}
