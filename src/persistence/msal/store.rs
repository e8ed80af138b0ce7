//! [`MsalPersistence`]: the walk of a shared cache: lock, look again, merge, write, signal.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Layout, MsalPersistenceBuilder,
    item::ItemCall,
    merging::{ToStore, to_store},
    storage::Storage,
};
use crate::{
    Deadline, Error, ErrorKind, FamilyLock, FamilyLockGuard, Prompt, Result, SecretBytes,
    files::Files,
    persistence::{
        AsideReason, Candidate, Diagnosis, Found, Loaded, Persistence, PersistenceLock, Protection, Saved,
        Stamp, not_our_lock,
    },
    protect::KeyLifetime,
};

/// How often a save is done over because the lock was taken away from under it.
const ATTEMPTS: usize = 5;

/// A token cache in a place of the MSAL family, shared with programs in other languages.
///
/// A change is made under the lock that the others take as well. What is stored is read again before it is written, and
/// what the others have changed meanwhile (some of them write without the lock, or take it away from its holder) is
/// merged as [`TokenCache::merge`](crate::TokenCache::merge) does.
///
/// # Examples
///
/// ```
/// use sealed_cache::{PersistedCache, TokenCache, persistence::msal::{MsalPersistence, dangerous}};
///
/// # let folder = tempfile::tempdir().unwrap();
/// let layout = dangerous::plain_file(folder.path().join("msal_token_cache.json"));
/// let tokens = PersistedCache::<TokenCache>::on(MsalPersistence::open(layout)?)?;
/// assert!(tokens.read(TokenCache::is_empty)?);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Debug)]
pub struct MsalPersistence {
    pub(super) storage: Storage,
    pub(super) lock: FamilyLock,
    pub(super) waits: Waits,
}

/// How long to wait for what, and whether a person may be asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub(super) lock: Duration,
    pub(super) keychain: Duration,
    pub(super) prompt: Prompt,
}

/// What is held during a change.
struct Held {
    lock: FamilyLockGuard,
    /// What was stored when it was last looked at under this lock, or what we last stored: what a change is a change of.
    base: Option<SecretBytes>,
}

impl MsalPersistence {
    /// The cache of this layout. Nothing is stored yet, and no keychain is asked; the folder is created.
    ///
    /// # Errors
    ///
    /// As [`MsalPersistenceBuilder::open`].
    pub fn open(layout: Layout) -> Result<Self> {
        Self::builder(layout).open()
    }

    /// The cache of this layout, with other settings.
    pub fn builder(layout: Layout) -> MsalPersistenceBuilder {
        MsalPersistenceBuilder::new(layout)
    }

    fn call(&self, prompt: Prompt) -> ItemCall {
        ItemCall { deadline: Deadline::after(self.waits.keychain), prompt }
    }

    /// A call under the lock: nobody is to wait for a person then.
    fn silent_call(&self) -> ItemCall {
        self.call(Prompt::Never)
    }

    fn lock_deadline(&self) -> Deadline {
        Deadline::after(self.waits.lock)
    }

    fn held<'a>(&self, lock: &'a mut PersistenceLock) -> Result<&'a mut Held> {
        match lock.downcast_mut::<Held>() {
            Some(held) if held.lock.path() == self.lock.path() => Ok(held),
            _ => Err(not_our_lock()),
        }
    }

    /// Merge with what is stored by now, and store that.
    fn save_once(&self, held: &mut Held, contents: &SecretBytes) -> Result<Saved> {
        held.lock.retake(&self.lock_deadline())?;
        let stored = self.storage.read(&self.silent_call())?;
        let theirs = stored.text.as_ref();
        let to_store = to_store(held.base.as_ref(), contents, theirs)
            .map_err(|error| error.or_path(self.storage.file().path()))?;
        Ok(match to_store {
            ToStore::AsGiven => Saved::as_given(self.storage.write(contents, &self.silent_call())?),
            ToStore::Merged(merged) => {
                Saved { stamp: self.storage.write(&merged, &self.silent_call())?, is_as_given: false }
            }
            // Perhaps by an attempt of ours that failed before it had told anybody.
            ToStore::Nothing => Saved {
                stamp: self.storage.signal()?,
                is_as_given: theirs.is_some_and(|theirs| **theirs == **contents),
            },
        })
    }

    /// What a killed process left; whoever holds the lock may be writing, and cleans up itself.
    pub(super) fn clean_up(&self) -> Result<()> {
        if self.storage.file().has_left_over()?
            && let Some(_guard) = self.lock.try_acquire()?
        {
            self.storage.file().remove_left_over()?;
        }
        Ok(())
    }
}

impl Persistence for MsalPersistence {
    fn location(&self) -> Option<&Path> {
        Some(self.storage.file().path())
    }

    fn protection(&self) -> Result<Protection> {
        let (protector, key) = self.storage.keychain();
        let stored = self.storage.read(&self.silent_call());
        Ok(Protection {
            method: self.storage.method(),
            protector: protector.to_owned(),
            key,
            lifetime: KeyLifetime::UntilRemoved,
            is_encrypted: self.storage.is_encrypted(),
            exists: matches!(Loaded::from(stored?).found, Found::Contents(_)),
            location: self.location().map(Path::to_path_buf),
        })
    }

    fn stamp(&self) -> Result<Stamp> {
        self.storage.stamp()
    }

    /// A file that is being written, or looks so, is read under the lock: not to be called by who holds it.
    fn load(&self) -> Result<Loaded> {
        let call = self.call(self.waits.prompt);
        let read = self.storage.read(&call);
        if self.storage.is_settled(&read) {
            return read.map(Loaded::from);
        }
        let _held = self.lock.acquire(&self.lock_deadline())?;
        self.storage.read(&call).map(Loaded::from)
    }

    /// Whatever the stamp says, it is read: a program that writes without a signal must not be overwritten.
    fn reload(&self, lock: &mut PersistenceLock, _known: Option<Stamp>) -> Result<Option<Loaded>> {
        let held = self.held(lock)?;
        held.base = None;
        held.lock.retake(&self.lock_deadline())?;
        let stored = self.storage.read(&self.silent_call())?;
        held.base.clone_from(&stored.text);
        Ok(Some(stored.into()))
    }

    fn prepare(&self) -> Result<()> {
        self.storage.prepare(&self.call(self.waits.prompt))
    }

    fn lock(&self, deadline: &Deadline) -> Result<PersistenceLock> {
        Ok(PersistenceLock::new(Held { lock: self.lock.acquire(deadline)?, base: None }))
    }

    /// What others have stored since the [`reload`](Persistence::reload) under this lock is merged with. Without one,
    /// nothing that is stored is removed.
    fn save(&self, lock: &mut PersistenceLock, contents: SecretBytes) -> Result<Saved> {
        let held = self.held(lock)?;
        let mut saved = self.save_once(held, &contents)?;
        for _ in 1..ATTEMPTS {
            if held.lock.is_held() {
                break;
            }
            // Somebody took the lock away while we wrote, and another may have written over it.
            saved = self.save_once(held, &contents)?;
        }
        held.base = Some(contents);
        Ok(saved)
    }

    fn clear(&self, lock: &mut PersistenceLock) -> Result<()> {
        let held = self.held(lock)?;
        held.lock.retake(&self.lock_deadline())?;
        held.base = None;
        self.storage.remove(&self.silent_call())
    }

    fn set_aside(&self, lock: &mut PersistenceLock, reason: AsideReason) -> Result<PathBuf> {
        let held = self.held(lock)?;
        held.lock.retake(&self.lock_deadline())?;
        held.base = None;
        self.storage.set_aside(&reason.suffix(), &self.silent_call())
    }

    fn verify(&self, deadline: &Deadline) -> Result<()> {
        const TEXT: &[u8] = b"{\"sealed-cache\":\"verify\"}";
        let probe = self.storage.throw_away(Files::default())?;
        self.prepare()?;
        let _held = self.lock.acquire(deadline)?;
        let call = self.silent_call();
        let outcome = probe.write(&SecretBytes::from(TEXT), &call).and_then(|_| probe.read(&call));
        let removed = probe.remove(&call);
        let read = outcome?.text;
        removed?;
        if read.as_deref() == Some(TEXT) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Io, "what was read back is not what was written")
            .with_path(probe.file().path())
            .with_remedy("another program changes it meanwhile, or the keychain is broken"))
    }

    fn diagnose(&self) -> Diagnosis {
        let (protector, key) = self.storage.keychain();
        let problem = self.storage.probe(&self.silent_call()).err();
        let candidate = Candidate {
            protector,
            key,
            chosen: true,
            problem: problem.map(|error| (error.kind(), error.to_string())),
        };
        Diagnosis {
            cache: self.storage.file().path().display().to_string(),
            protection: self.protection().map_err(|error| error.to_string()),
            candidates: if protector.is_empty() { Vec::new() } else { vec![candidate] },
        }
    }
}
