//! Looking after a sealed file: what protects it, does it work here, and a new key.

use std::sync::Arc;

use super::SealedFile;
use crate::{
    CacheId, Deadline, Error, ErrorKind, FileLockGuard, Result, SecretBytes,
    files::Files,
    persistence::{
        Candidate, Diagnosis, Found, Persistence, PersistenceLock, Protection, Stamp, cache_file::CacheFile,
    },
    protect::{Considered, NewKey, Protector},
    seal::{DataKey, Facts, Header},
};

const METHOD: &str = "AES-256-GCM file";

impl SealedFile {
    /// Seal the cache under a new data key of the same protector, under the lock of this cache.
    ///
    /// There is no moment in which neither key opens the file: a crash on the way leaves a cache that opens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no cache; [`ErrorKind::Configuration`] if the key is not the protector's
    /// to change; everything that loading and saving can report.
    pub fn rekey(&self, lock: &mut PersistenceLock) -> Result<()> {
        self.reseal(lock, |header, current| {
            let protector = self.keys.named(&header.facts().protector)?;
            let new = self.keys.rotate(&protector, &header.facts().protector_data, current)?;
            Ok((protector, new))
        })
    }

    /// Seal the cache under a key of another protector (or of the same kind of protector, configured otherwise: a
    /// new passphrase, a new key of the program), which this handle uses from now on.
    ///
    /// Other programs that open this cache need that protector too.
    ///
    /// # Errors
    ///
    /// As [`rekey`](Self::rekey), and whatever keeps the new protector from making a key.
    pub fn rekey_to(&self, lock: &mut PersistenceLock, protector: impl Protector) -> Result<()> {
        let protector: Arc<dyn Protector> = Arc::new(protector);
        self.reseal(lock, |_, _| Ok((Arc::clone(&protector), self.keys.create(&protector)?)))
    }

    /// Seal what is stored under a new key, and let its protector settle.
    fn reseal(
        &self,
        lock: &mut PersistenceLock,
        new_key: impl FnOnce(&Header, &DataKey) -> Result<(Arc<dyn Protector>, NewKey)>,
    ) -> Result<()> {
        self.reseal_locked(self.guard(lock)?, new_key).map_err(|error| error.or_path(self.file.path()))
    }

    fn reseal_locked(
        &self,
        lock: &FileLockGuard,
        new_key: impl FnOnce(&Header, &DataKey) -> Result<(Arc<dyn Protector>, NewKey)>,
    ) -> Result<()> {
        let Found::Contents(contents) = self.load()?.found else { return Err(self.not_found()) };
        let before = self.header()?.ok_or_else(|| self.not_found())?;
        let (current, facts) = self.next()?;
        let (protector, new) = new_key(&before, &current)?;
        let facts =
            Facts { protector: protector.name().to_owned(), protector_data: new.data.clone(), ..facts };
        self.write(lock, contents, &new.key, facts)?;
        if !self.keys.offers(&protector) {
            self.keys.prefer(&protector);
            // The key before protects nothing any more, wherever it is. The cache is safe either way.
            self.keys.forget_except(protector.name());
        }
        self.keys.settle(&protector, &new).map_err(|error| {
            let what = format!("the cache has a new key, but the one before is still kept: {}", error.what());
            Error::new(error.kind(), what)
                .with_remedy("nothing is lost: change the key again")
                .with_source(error)
        })
    }

    fn not_found(&self) -> Error {
        Error::new(ErrorKind::NotFound, format!("there is no cache {} yet", self.id))
            .with_path(self.file.path())
            .with_remedy("save something first")
    }

    pub(super) fn protection_now(&self) -> Result<Protection> {
        self.protection_by(|| self.keys.choose())
    }

    /// What protects the cache, or will by the choice that is made if there is none.
    fn protection_by(&self, choose: impl FnOnce() -> Result<Arc<dyn Protector>>) -> Result<Protection> {
        let header = self.header()?;
        let exists = header.is_some();
        let protector = match header {
            Some(header) => self.keys.named(&header.facts().protector),
            None => choose(),
        };
        let protector = protector.map_err(|error| error.or_path(self.file.path()))?;
        Ok(Protection {
            method: METHOD,
            protector: protector.name().to_owned(),
            key: protector.summary(),
            lifetime: protector.lifetime(),
            is_encrypted: true,
            exists,
            location: Some(self.file.path().to_path_buf()),
        })
    }

    pub(super) fn diagnose_protectors(&self) -> Diagnosis {
        let considered: Vec<_> = self.keys.consider().collect();
        let mut candidates: Vec<_> = considered.iter().map(candidate).collect();
        let protection = self.protection_by(|| self.keys.choose_among(considered));
        for candidate in &mut candidates {
            candidate.chosen = protection.as_ref().is_ok_and(|it| it.protector == candidate.protector);
        }
        Diagnosis {
            cache: format!("{} in {}", self.id, self.file.path().display()),
            candidates,
            protection: protection.map_err(|error| error.to_string()),
        }
    }

    /// Make, write, read back and remove a cache of another name, by the same protectors.
    pub(super) fn verify_round_trip(&self, deadline: &Deadline) -> Result<()> {
        let id = CacheId::new(self.id.application(), self.file.throw_away_name())?;
        let probe = Self {
            file: CacheFile::open(self.file.folder(), &format!("{}.sealed", id.name()), Files::default())?,
            keys: self.keys.for_cache(id.clone()),
            history: std::sync::Mutex::default(),
            id,
        };
        probe.prepare()?;
        let mut lock = probe.lock(deadline)?;
        if probe.file.stamp()? != Stamp::ABSENT {
            // A process was killed in the middle of this.
            probe.clear(&mut lock)?;
        }
        let outcome = probe.round_trip(&mut lock);
        let removed = probe.clear(&mut lock);
        let removed = removed.and_then(|()| probe.file.remove_lock_file(probe.guard(&mut lock)?));
        outcome.and(removed)
    }

    fn round_trip(&self, lock: &mut PersistenceLock) -> Result<()> {
        const TEXT: &[u8] = b"sealed-cache verify";
        self.save(lock, SecretBytes::from(TEXT))?;
        self.keys.release();
        match self.load()?.found {
            Found::Contents(contents) if *contents == *TEXT => Ok(()),
            _ => Err(Error::new(ErrorKind::Damaged, "what was written could not be read back")
                .with_path(self.file.path())
                .with_remedy("check the disk and the keychain of this machine")),
        }
    }
}

/// What is told of a protector that was asked; whether it is the chosen one is not known yet.
fn candidate(considered: &Considered) -> Candidate {
    let text = |error: &Error| match error.path() {
        Some(path) => format!("{} ({})", error.what(), path.display()),
        None => error.what().to_owned(),
    };
    Candidate {
        protector: considered.protector.name(),
        key: considered.protector.summary(),
        chosen: false,
        problem: considered.problem.as_ref().map(|error| (error.kind(), text(error))),
    }
}
