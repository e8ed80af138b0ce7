//! [`MsalPersistenceBuilder`]: how long a shared cache waits, and whether it may ask a person.

use std::time::Duration;

use super::{Layout, MsalPersistence, storage::Storage, store::Waits};
use crate::{Prompt, Result, files::Files};

/// A person may have to type a password.
const KEYCHAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Configures a [`MsalPersistence`]. Setters never fail; [`open`](Self::open) checks everything.
#[derive(Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct MsalPersistenceBuilder {
    layout: Layout,
    waits: Waits,
    files: Files,
}

impl MsalPersistenceBuilder {
    /// As long as MSAL.NET waits, the most patient of the family.
    pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

    pub(super) fn new(layout: Layout) -> Self {
        let waits = Waits { lock: Self::LOCK_TIMEOUT, keychain: KEYCHAIN_TIMEOUT, prompt: Prompt::Allowed };
        Self { layout, waits, files: Files::default() }
    }

    /// How long to wait for the lock where a read has to take it, or a save has to take it again because a program took
    /// it away. Default: 60 seconds.
    pub const fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.waits.lock = timeout;
        self
    }

    /// How long a call to a keychain may take, including the time a person needs to answer it. Default: 60 seconds.
    pub const fn keychain_timeout(mut self, timeout: Duration) -> Self {
        self.waits.keychain = timeout;
        self
    }

    /// Whether a keychain may ask the person at the screen. Default: it may. Never while the lock is held.
    pub const fn prompt(mut self, prompt: Prompt) -> Self {
        self.waits.prompt = prompt;
        self
    }

    /// Watch the file operations, or make them fail.
    #[cfg(feature = "testing")]
    pub fn file_observer(mut self, observer: std::sync::Arc<dyn crate::files::FileObserver>) -> Self {
        self.files = Files::observed(observer);
        self
    }

    /// Open the cache, or prepare to create it at the first save. No keychain is asked yet.
    ///
    /// # Errors
    ///
    /// * [`Configuration`](crate::ErrorKind::Configuration) for a path that cannot be one.
    /// * [`AccessDenied`](crate::ErrorKind::AccessDenied), [`OtherOwner`](crate::ErrorKind::OtherOwner),
    ///   [`Io`](crate::ErrorKind::Io) if the folder cannot be used, or others than its owner's group can write it.
    pub fn open(self) -> Result<MsalPersistence> {
        let storage = Storage::open(self.layout.clone(), self.files)?;
        let lock = self.layout.lock()?;
        let store = MsalPersistence { storage, lock, waits: self.waits };
        store.clean_up()?;
        Ok(store)
    }
}
