//! Taking over the tokens of one cache into another: between any two places.

use super::PersistedCache;
use crate::{Error, ErrorKind, Result, TokenCache, token_cache::Imported};

impl PersistedCache<TokenCache> {
    /// What [`import`](Self::import) would do now. Nothing is changed, and no lock is taken.
    ///
    /// # Errors
    ///
    /// Why one of the two cannot be read.
    pub fn plan_import(&self, from: &Self) -> Result<Imported> {
        let source = from.shared.current()?;
        Ok(TokenCache::clone(&*self.shared.current()?).import(&source))
    }

    /// Take over everything from another cache, wherever either lies. Nothing that is here is lost, and the other one is
    /// left as it is: see [`TokenCache::import`]. What was stored is read back before this returns.
    ///
    /// The two must not be handles of one and the same cache.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::{PersistedCache, TokenCache, persistence::{Memory, msal::dangerous}};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let file = folder.path().join("msal_token_cache.json");
    /// # std::fs::write(&file, r#"{"RefreshToken":{"a":{"secret":"1"}}}"#).unwrap();
    /// let before = PersistedCache::msal(dangerous::plain_file(file)).open()?;
    /// let tokens = PersistedCache::<TokenCache>::on(Memory::new())?;
    /// assert_eq!(tokens.plan_import(&before)?.to_string(), "1 refresh token added");
    /// tokens.import(&before)?;
    /// assert!(tokens.plan_import(&before)?.is_nothing());
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Why the other one cannot be read, or this one locked, read or saved. What was stored is then what it was.
    pub fn import(&self, from: &Self) -> Result<Imported> {
        let source = from.shared.current()?;
        let imported = self.update(|cache| cache.import(&source))?;
        let (mut stored, _) = self.shared.load()?;
        if stored.import(&source).is_nothing() {
            return Ok(imported);
        }
        Err(Error::new(ErrorKind::Io, "not all that was imported is there when it is read back")
            .with_remedy("another program changed the cache meanwhile: import again"))
    }

    /// Hand everything over to another cache: the same as that one's [`import`](Self::import) of this one.
    ///
    /// # Errors
    ///
    /// As [`import`](Self::import).
    pub fn export_to(&self, to: &Self) -> Result<Imported> {
        to.import(self)
    }
}
