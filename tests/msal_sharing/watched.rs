//! A store of ours of which each load and save is noted, with the ids that were in it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use sealed_cache::{
    Deadline, Result, SecretBytes,
    persistence::{
        AsideReason, Diagnosis, Found, Loaded, Persistence, PersistenceLock, Protection, Saved, Stamp,
        msal::MsalPersistence,
    },
};
use serde_json::{Value, json};

/// What one writer did, a line for each access, as in `tests/interop/msal/sharing.py`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Value>>>);

impl Log {
    pub(crate) fn note(&self, op: &str, before: u64, more: &Value) {
        let mut line = json!({"op": op, "before": before, "after": now()});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.0.lock().unwrap().push(line);
    }

    pub(crate) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Nanoseconds by the clock of the system, which all writers have.
pub(crate) fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) store: MsalPersistence,
    pub(crate) log: Log,
}

impl Watched {
    fn loaded(&self, before: u64, loaded: &Loaded) {
        self.log.note("load", before, &json!({"ids": ids(&loaded.found)}));
    }
}

impl Persistence for Watched {
    fn location(&self) -> Option<&Path> {
        self.store.location()
    }

    fn protection(&self) -> Result<Protection> {
        self.store.protection()
    }

    fn stamp(&self) -> Result<Stamp> {
        self.store.stamp()
    }

    fn load(&self) -> Result<Loaded> {
        let before = now();
        self.store.load().inspect(|loaded| self.loaded(before, loaded))
    }

    fn reload(&self, lock: &mut PersistenceLock, known: Option<Stamp>) -> Result<Option<Loaded>> {
        let before = now();
        let loaded = self.store.reload(lock, known)?;
        if let Some(loaded) = &loaded {
            self.loaded(before, loaded);
        }
        Ok(loaded)
    }

    fn prepare(&self) -> Result<()> {
        self.store.prepare()
    }

    fn lock(&self, deadline: &Deadline) -> Result<PersistenceLock> {
        self.store.lock(deadline)
    }

    /// What was merged with the change of another is not what was given: it is read back.
    fn save(&self, lock: &mut PersistenceLock, contents: SecretBytes) -> Result<Saved> {
        let given = Found::Contents(SecretBytes::from(&*contents));
        let before = now();
        let saved = self.store.save(lock, contents)?;
        let after = now();
        let found = match saved.is_as_given {
            true => given,
            false => self.store.reload(lock, None)?.expect("it always reads").found,
        };
        self.log.note(
            "save",
            before,
            &json!({"ids": ids(&found), "after": after, "merged": !saved.is_as_given}),
        );
        Ok(saved)
    }

    fn clear(&self, lock: &mut PersistenceLock) -> Result<()> {
        self.store.clear(lock)
    }

    fn set_aside(&self, lock: &mut PersistenceLock, reason: AsideReason) -> Result<PathBuf> {
        self.store.set_aside(lock, reason)
    }

    fn verify(&self, deadline: &Deadline) -> Result<()> {
        self.store.verify(deadline)
    }

    fn diagnose(&self) -> Diagnosis {
        self.store.diagnose()
    }
}

/// The scopes of the access tokens: each writer asks for scopes of its own. None where the text is not whole.
fn ids(found: &Found) -> Option<Vec<String>> {
    let Found::Contents(text) = found else { return Some(Vec::new()) };
    let cache: Value = serde_json::from_slice(text).ok()?;
    let tokens = cache["AccessToken"].as_object().cloned().unwrap_or_default();
    let mut ids: Vec<_> = tokens.values().map(|token| token["target"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    Some(ids)
}
