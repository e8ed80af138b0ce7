//! Looking after a sealed file: what protects it, does it work here, and a new key.

use std::sync::Arc;

use super::{SealedFile, reference};
use crate::{
    CacheId, Deadline, Error, ErrorKind, Result, SecretBytes,
    files::Files,
    persistence::{Candidate, Diagnosis, Found, Persistence, Protection, cache_file::CacheFile},
    protect::{NewKey, Protector},
    random,
    seal::{DataKey, Facts, Header},
};

const METHOD: &str = "AES-256-GCM file";

impl SealedFile {
    /// Seal the cache under a new data key of the same protector.
    ///
    /// There is no moment in which neither key opens the file: a crash on the way leaves a cache that opens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no cache; [`ErrorKind::Configuration`] if the key is not the protector's
    /// to change; everything that loading, locking and saving can report.
    pub fn rekey(&self, deadline: &Deadline) -> Result<()> {
        self.reseal(deadline, |header, current| {
            let protector = self.keys.named(&header.facts().protector)?;
            let new = self.keys.rotate(&protector, &header.facts().protector_data, current)?;
            Ok((protector, new))
        })
        .map(drop)
    }

    /// Seal the cache under a key of another protector (or of the same kind of protector, configured otherwise: a
    /// new passphrase, a new key of the program), which this handle uses from now on.
    ///
    /// Other programs that open this cache need that protector too.
    ///
    /// # Errors
    ///
    /// As [`rekey`](Self::rekey), and whatever keeps the new protector from making a key.
    pub fn rekey_to(&self, protector: impl Protector, deadline: &Deadline) -> Result<()> {
        let protector: Arc<dyn Protector> = Arc::new(protector);
        let before =
            self.reseal(deadline, |_, _| Ok((Arc::clone(&protector), self.keys.create(&protector)?)))?;
        if before.facts().protector != protector.name() {
            // Its key protects nothing any more. The cache is safe either way.
            let _ = self.keys.forget(reference(&before));
        }
        self.keys.prefer(protector);
        Ok(())
    }

    /// Seal what is stored under a new key, and let its protector settle; the header before.
    fn reseal(
        &self,
        deadline: &Deadline,
        new_key: impl FnOnce(&Header, &DataKey) -> Result<(Arc<dyn Protector>, NewKey)>,
    ) -> Result<Header> {
        self.prepare()?;
        let mut lock = self.lock(deadline)?;
        let Found::Contents(contents) = self.load()?.found else { return Err(self.not_found()) };
        let before = self.header()?.ok_or_else(|| self.not_found())?;
        let (current, facts) = self.next()?;
        let (protector, new) = new_key(&before, &current)?;
        let facts =
            Facts { protector: protector.name().to_owned(), protector_data: new.data.clone(), ..facts };
        self.write(self.guard(&mut lock)?, contents, &new.key, facts)?;
        self.keys.settle(&protector, &new)?;
        Ok(before)
    }

    fn not_found(&self) -> Error {
        Error::new(ErrorKind::NotFound, format!("there is no cache {} yet", self.id))
            .with_path(self.file.path())
            .with_remedy("save something first")
    }

    pub(super) fn protection_now(&self) -> Result<Protection> {
        let header = self.header()?;
        let exists = header.is_some();
        let protector = match header {
            Some(header) => self.keys.named(&header.facts().protector)?,
            None => self.keys.choose()?,
        };
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
        let protection = self.protection_now().map_err(|error| error.to_string());
        let chosen = protection.as_ref().ok().map(|protection| protection.protector.clone());
        let candidates = self.keys.consider().into_iter().map(|considered| Candidate {
            protector: considered.name,
            key: considered.summary,
            chosen: chosen.as_deref() == Some(considered.name),
            problem: considered.problem.map(|error| (error.kind(), error.what().to_owned())),
        });
        Diagnosis {
            cache: format!("{} in {}", self.id, self.file.path().display()),
            candidates: candidates.collect(),
            protection,
        }
    }

    /// Make, write, read back and remove a cache of a random name, by the same protectors.
    pub(super) fn verify_round_trip(&self, deadline: &Deadline) -> Result<()> {
        let name = format!("verify-{:016x}", u64::from_be_bytes(random::array()?));
        let id = CacheId::new(self.id.application(), name)?;
        let probe = Self {
            file: CacheFile::open(self.file.folder(), &format!("{}.sealed", id.name()), Files::default())?,
            keys: self.keys.for_cache(id.clone()),
            history: std::sync::Mutex::default(),
            id,
        };
        let outcome = probe.round_trip(deadline);
        let removed = probe.lock(deadline).and_then(|mut lock| probe.clear(&mut lock));
        let removed = removed.and_then(|()| probe.file.remove_all());
        outcome.and(removed)
    }

    fn round_trip(&self, deadline: &Deadline) -> Result<()> {
        const TEXT: &[u8] = b"sealed-cache verify";
        self.prepare()?;
        let mut lock = self.lock(deadline)?;
        self.save(&mut lock, SecretBytes::from(TEXT))?;
        self.keys.release();
        match self.load()?.found {
            Found::Contents(contents) if *contents == *TEXT => Ok(()),
            _ => Err(Error::new(ErrorKind::Damaged, "what was written could not be read back")
                .with_path(self.file.path())
                .with_remedy("check the disk and the keychain of this machine")),
        }
    }
}
