//! A keychain in memory, made by the public API only, whose mood a test sets.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};

use sealed_cache::{
    Error, ErrorKind, KeyLifetime, Result, SecretBytes,
    protect::{KeyItem, KeyRequest},
};

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Works,
    Fails(ErrorKind),
    /// It says that it stores, and does not.
    KeepsNothing,
    /// It does not come back until the mood changes.
    Hangs,
    /// The same, when it is asked to read only. What it then tells was true when it was asked.
    HangsWhenRead,
}

/// The clones are one keychain.
#[derive(Clone)]
pub(crate) struct InventedKeychain {
    name: &'static str,
    lifetime: KeyLifetime,
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug)]
pub(crate) struct State {
    mood: Mood,
    pub(crate) items: BTreeMap<String, String>,
    /// What it was asked for: `read tokens`.
    pub(crate) calls: Vec<String>,
}

/// Without what it keeps: that is for whoever asks.
impl fmt::Debug for InventedKeychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InventedKeychain").field(&self.name).finish()
    }
}

impl InventedKeychain {
    pub(crate) fn new(name: &'static str) -> Self {
        Self::lasting(name, KeyLifetime::UntilRemoved)
    }

    pub(crate) fn lasting(name: &'static str, lifetime: KeyLifetime) -> Self {
        let state = State { mood: Mood::Works, items: BTreeMap::new(), calls: Vec::new() };
        Self { name, lifetime, shared: Arc::new((Mutex::new(state), Condvar::new())) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap()
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.state().mood = mood;
        self.shared.1.notify_all();
    }

    /// How many items there are.
    pub(crate) fn kept(&self) -> usize {
        self.state().items.len()
    }

    /// How often it was asked for this since the last time.
    pub(crate) fn was_asked(&self, what: &str) -> usize {
        let calls = std::mem::take(&mut self.state().calls);
        calls.iter().filter(|call| call.starts_with(what)).count()
    }

    fn asked(&self, what: &str, request: &KeyRequest) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.calls.push(format!("{what} {}", request.item));
        let hangs = |state: &mut State| {
            state.mood == Mood::Hangs || (state.mood == Mood::HangsWhenRead && what == "read")
        };
        state = self.shared.1.wait_timeout_while(state, FOR_EVER, hangs).unwrap().0;
        match state.mood {
            Mood::Fails(kind) => Err(Error::new(kind, format!("{} is in a mood", self.name))
                .with_remedy("let the test set another one")),
            _ => Ok(state),
        }
    }
}

impl KeyItem for InventedKeychain {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> String {
        format!("key in {}", self.name)
    }

    fn lifetime(&self) -> KeyLifetime {
        self.lifetime
    }

    fn probe(&self, request: &KeyRequest) -> Result<()> {
        self.asked("probe", request).map(drop)
    }

    fn read(&self, request: &KeyRequest) -> Result<Option<SecretBytes>> {
        let text = self.state().items.get(&request.item).cloned();
        drop(self.asked("read", request)?);
        Ok(text.map(|text| SecretBytes::from(text.as_bytes())))
    }

    fn write(&self, request: &KeyRequest, text: &str) -> Result<()> {
        let mut state = self.asked("write", request)?;
        if state.mood != Mood::KeepsNothing {
            state.items.insert(request.item.clone(), text.to_owned());
        }
        Ok(())
    }

    fn remove(&self, request: &KeyRequest) -> Result<()> {
        self.asked("remove", request)?.items.remove(&request.item);
        Ok(())
    }
}
