//! [`AsyncCache`]: the same verbs as async functions. Files, locks and keychains are waited for on tokio's blocking
//! threads, never on the runtime's own.

use std::{
    ops::{Deref, DerefMut},
    path::Path,
};

use tokio::task;

use super::{CacheGuard, PersistedCache, Recovery};
use crate::{
    Cancellation, Diagnosis, Error, ErrorKind, Protection, Result, SerializableCache, protect::Protector,
};

/// A [`PersistedCache`] whose verbs are async (feature `tokio`).
///
/// Every future may be dropped at any time: a wait for the lock is then given up, and a save that has begun is
/// finished, or not done at all.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Json, PersistedCache, persistence::Memory};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sealed_cache::Error> {
/// let cache = PersistedCache::<Json<Vec<u32>>>::on(Memory::new())?.into_async();
/// let mut guard = cache.lock().await?;
/// // refresh over the network here: the guard lives across the `.await`
/// guard.push(7);
/// guard.commit().await?;
/// assert_eq!(cache.read(|numbers| numbers.len()).await?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncCache<T: SerializableCache> {
    cache: PersistedCache<T>,
}

/// As [`CacheGuard`], with an async [`commit`](Self::commit). Dropped without it, nothing is written.
#[derive(Debug)]
#[must_use = "the cache is unlocked as soon as the guard is dropped"]
pub struct AsyncCacheGuard<T: SerializableCache> {
    guard: CacheGuard<T>,
}

impl<T: SerializableCache> PersistedCache<T> {
    /// The same cache with async verbs. Both forms can be used side by side: `cache.clone().into_async()`.
    #[must_use]
    pub const fn into_async(self) -> AsyncCache<T> {
        AsyncCache { cache: self }
    }
}

impl<T: SerializableCache> AsyncCache<T> {
    /// As [`PersistedCache::read`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn read<R: Send + 'static>(&self, look: impl FnOnce(&T) -> R + Send + 'static) -> Result<R> {
        self.blocking(|cache, _| cache.read(look)).await
    }

    /// As [`PersistedCache::update`]. Once the closure has begun, dropping the future does not undo it.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn update<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R> {
        self.try_update(|cache| Ok(change(cache))).await
    }

    /// As [`PersistedCache::try_update`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn try_update<R: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        change: impl FnOnce(&mut T) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E> {
        self.blocking(|cache, cancellation| {
            let mut guard = cache.lock_cancellable(cancellation)?;
            let result = change(&mut guard)?;
            guard.commit()?;
            Ok(result)
        })
        .await
    }

    /// As [`PersistedCache::lock`]: the guard may be held across an `.await`.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn lock(&self) -> Result<AsyncCacheGuard<T>> {
        let guard = self.blocking(|cache, cancellation| cache.lock_cancellable(cancellation)).await?;
        Ok(AsyncCacheGuard { guard })
    }

    /// As [`PersistedCache::try_lock`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn try_lock(&self) -> Result<Option<AsyncCacheGuard<T>>> {
        let guard: Result<_> = self.blocking(|cache, _| cache.try_lock()).await;
        Ok(guard?.map(|guard| AsyncCacheGuard { guard }))
    }

    /// As [`PersistedCache::clear`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn clear(&self) -> Result<()> {
        self.blocking(|cache, cancellation| {
            let deadline = cache.shared.deadline().with_cancellation(cancellation);
            let mut lock = cache.shared.store.lock(&deadline)?;
            cache.shared.clear(&mut lock)
        })
        .await
    }

    /// As [`PersistedCache::verify`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn verify(&self) -> Result<()> {
        self.blocking(|cache, _| cache.verify()).await
    }

    /// As [`PersistedCache::rekey`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn rekey(&self) -> Result<()> {
        self.blocking(|cache, _| cache.rekey()).await
    }

    /// As [`PersistedCache::rekey_to`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn rekey_to(&self, protector: impl Protector) -> Result<()> {
        self.blocking(|cache, _| cache.rekey_to(protector)).await
    }

    /// As [`PersistedCache::protection`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn protection(&self) -> Result<Protection> {
        self.blocking(|cache, _| cache.protection()).await
    }

    /// As [`PersistedCache::diagnose`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Cancelled`] if the runtime is shutting down.
    pub async fn diagnose(&self) -> Result<Diagnosis> {
        self.blocking(|cache, _| Ok(cache.diagnose())).await
    }

    /// As [`PersistedCache::recoveries`].
    #[must_use]
    pub fn recoveries(&self) -> Vec<Recovery> {
        self.cache.recoveries()
    }

    /// As [`PersistedCache::location`].
    #[must_use]
    pub fn location(&self) -> Option<&Path> {
        self.cache.location()
    }

    /// The same cache with blocking verbs.
    #[must_use]
    pub const fn as_blocking(&self) -> &PersistedCache<T> {
        &self.cache
    }

    /// Do it on a blocking thread. If the future is dropped, a wait for the lock is given up.
    async fn blocking<R: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(PersistedCache<T>, Cancellation) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E> {
        let cancellation = Cancellation::new();
        let _cancel = CancelOnDrop(cancellation.clone());
        let cache = self.cache.clone();
        on_blocking_thread(move || work(cache, cancellation)).await?
    }
}

impl<T: SerializableCache> PersistedCache<T> {
    fn lock_cancellable(&self, cancellation: Cancellation) -> Result<CacheGuard<T>> {
        let lock = self.shared.lock(|shared| shared.deadline().with_cancellation(cancellation))?;
        CacheGuard::load(&self.shared, lock)
    }
}

impl<T: SerializableCache> AsyncCacheGuard<T> {
    /// As [`CacheGuard::commit`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn commit(mut self) -> Result<()> {
        self.save().await
    }

    /// As [`CacheGuard::save`]. The cache is serialized on the calling task, and written on a blocking thread.
    ///
    /// If the future is dropped, the write goes on under the lock; the guard still counts as changed.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn save(&mut self) -> Result<()> {
        if let Some(save) = self.guard.pending_save()? {
            let saved = on_blocking_thread(|| save.run()).await??;
            self.guard.saved(saved);
        }
        Ok(())
    }
}

impl<T: SerializableCache> Deref for AsyncCacheGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T: SerializableCache> DerefMut for AsyncCacheGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T: SerializableCache> Clone for AsyncCache<T> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone() }
    }
}

struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn on_blocking_thread<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R> {
    match task::spawn_blocking(work).await {
        Ok(result) => Ok(result),
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::new(ErrorKind::Cancelled, "the runtime is shutting down")
                .with_remedy("use the cache before the runtime is shut down")),
        },
    }
}
