//! [`MsalBuilder`]: a token cache shared with the MSAL apps in other languages, before it is opened.

use std::time::Duration;

use super::{OnUnreadable, PersistedCache, shared::Settings};
use crate::{
    Prompt, Result, TokenCache,
    persistence::msal::{Layout, MsalPersistence, MsalPersistenceBuilder},
};

/// Configures a token cache that is shared with the MSAL apps in other languages. Made by [`PersistedCache::msal`].
///
/// Setters never fail; [`open`](Self::open) checks everything.
#[derive(Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct MsalBuilder {
    store: MsalPersistenceBuilder,
    settings: Settings,
}

impl PersistedCache<TokenCache> {
    /// Configure a token cache in a place of the MSAL family, shared with programs in other languages.
    ///
    /// Everything else is as with a sealed cache: the same verbs, guards, hooks and async face. What protects it is what
    /// those programs understand.
    ///
    /// ```no_run
    /// use sealed_cache::{PersistedCache, persistence::msal::Layout};
    ///
    /// let tokens = PersistedCache::msal(Layout::azure_cli()?).open()?;
    /// println!("{} accounts", tokens.read(|cache| cache.accounts().count())?);
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn msal(layout: Layout) -> MsalBuilder {
        let settings = Settings {
            lock_timeout: MsalPersistenceBuilder::LOCK_TIMEOUT,
            on_unreadable: OnUnreadable::Fail,
        };
        MsalBuilder { store: MsalPersistence::builder(layout), settings }
    }
}

impl MsalBuilder {
    /// How long to wait for the lock while another program holds it. Default: 60 seconds.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.settings.lock_timeout = timeout;
        self.store = self.store.lock_timeout(timeout);
        self
    }

    /// How long a call to a keychain may take, including the time a person needs to answer it. Default: 60 seconds.
    pub fn keychain_timeout(mut self, timeout: Duration) -> Self {
        self.store = self.store.keychain_timeout(timeout);
        self
    }

    /// Whether a keychain may ask the person at the screen. Default: it may. Never while the lock is held.
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.store = self.store.prompt(prompt);
        self
    }

    /// What to do with a stored cache that cannot be read. Default: report it and touch nothing.
    ///
    /// With [`StartEmpty`](OnUnreadable::StartEmpty), what the other programs had there is kept aside, and they too begin
    /// with an empty cache.
    pub const fn on_unreadable(mut self, policy: OnUnreadable) -> Self {
        self.settings.on_unreadable = policy;
        self
    }

    /// Watch the file operations, or make them fail.
    #[cfg(feature = "testing")]
    pub fn file_observer(mut self, observer: std::sync::Arc<dyn crate::testing::FileObserver>) -> Self {
        self.store = self.store.file_observer(observer);
        self
    }

    /// Open the cache, or prepare to create it at the first save. No keychain is asked yet.
    ///
    /// # Errors
    ///
    /// As [`MsalPersistenceBuilder::open`].
    pub fn open(self) -> Result<PersistedCache<TokenCache>> {
        PersistedCache::with_settings(self.store.open()?, self.settings)
    }
}
