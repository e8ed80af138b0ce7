//! [`Builder`]: ten lines that configure a [`PersistedCache`].

use std::{fmt, marker::PhantomData, path::PathBuf, time::Duration};

use super::{OnUnreadable, PersistedCache, persisted::LOCK_TIMEOUT, shared::Settings};
use crate::{
    Result, SerializableCache,
    persistence::SealedFileBuilder,
    protect::{Prompt, Protector},
};

/// Configures a [`PersistedCache`] in a sealed file. Setters never fail; [`open`](Self::open) checks everything.
#[must_use = "a builder does nothing until `open` is called"]
pub struct Builder<T> {
    file: SealedFileBuilder,
    settings: Settings,
    cache: PhantomData<fn() -> T>,
}

impl<T: SerializableCache> Builder<T> {
    pub(super) fn new(application: String) -> Self {
        Self {
            file: SealedFileBuilder::new(application),
            settings: Settings { lock_timeout: LOCK_TIMEOUT, on_unreadable: OnUnreadable::Fail },
            cache: PhantomData,
        }
    }

    /// Which cache of the application it is: `tokens`. Default: `cache`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.file = self.file.name(name);
        self
    }

    /// Keep the cache in this folder. Default: the folder named like the application in the user's local data folder,
    /// on Linux `$XDG_DATA_HOME` or `~/.local/share`, on Windows `%LOCALAPPDATA%`, on macOS
    /// `~/Library/Application Support`. It is created if needed, for this user only.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.file = self.file.folder(folder);
        self
    }

    /// Let this keep the key, instead of the operating system's keychain.
    pub fn protector(mut self, protector: impl Protector) -> Self {
        self.file = self.file.protector(protector);
        self
    }

    /// Let this keep the key of a new cache where the one before does not exist. Can be said several times.
    ///
    /// The choice is made once, when the cache is created, and recorded in its file. A keychain that is locked, slow
    /// or denies access does exist: that is an error, and never a reason to fall back.
    pub fn fallback(mut self, protector: impl Protector) -> Self {
        self.file = self.file.fallback(protector);
        self
    }

    /// How long to wait for the lock while another process or thread holds it. Default: 10 seconds.
    pub const fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.settings.lock_timeout = timeout;
        self
    }

    /// How long a call to a keychain may take, including the time a person needs to answer it. Default: 60 seconds.
    pub fn keychain_timeout(mut self, timeout: Duration) -> Self {
        self.file = self.file.keychain_timeout(timeout);
        self
    }

    /// Whether a keychain may ask the person at the screen. Default: it may.
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.file = self.file.prompt(prompt);
        self
    }

    /// What to do with a stored cache that cannot be read. Default: report it and touch nothing.
    pub const fn on_unreadable(mut self, policy: OnUnreadable) -> Self {
        self.settings.on_unreadable = policy;
        self
    }

    /// Watch the file operations, or make them fail.
    #[cfg(feature = "testing")]
    pub fn file_observer(mut self, observer: std::sync::Arc<dyn crate::testing::FileObserver>) -> Self {
        self.file = self.file.file_observer(observer);
        self
    }

    /// Open the cache, or prepare to create it at the first save. No keychain is asked yet.
    ///
    /// # Errors
    ///
    /// * [`Configuration`](crate::ErrorKind::Configuration) for names that cannot be names
    ///   ([`CacheId`](crate::CacheId)), for two protectors of the same kind, or if this user has no folder for data
    ///   and none was named.
    /// * [`AccessDenied`](crate::ErrorKind::AccessDenied), [`OtherOwner`](crate::ErrorKind::OtherOwner),
    ///   [`Io`](crate::ErrorKind::Io) if the folder cannot be used or is not this user's alone.
    pub fn open(self) -> Result<PersistedCache<T>> {
        Ok(PersistedCache::sealed(self.file.open()?, self.settings))
    }
}

impl<T> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("file", &self.file).field("settings", &self.settings).finish()
    }
}
