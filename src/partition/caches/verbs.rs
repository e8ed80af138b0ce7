//! The verbs that change a partition.

use super::{
    super::Partition,
    Beginning, Job, PartitionedCaches,
    update::{may_try_again, pause},
};
use crate::{Deadline, Error, ErrorKind, Result, TokenCache};

impl PartitionedCaches {
    /// Change a cache, and make it if there is none: for a sign-in, and for tokens of the application itself.
    ///
    /// The closure has to be pure, but for the cache that it is given: it runs again where another node came before, also
    /// on a state that already has its change, if the engine did not say in time that it was stored. What it does not
    /// change is not written. What it leaves empty is removed.
    ///
    /// # Errors
    ///
    /// What the closure returns; [`ForeignEntry`](ErrorKind::ForeignEntry) for what belongs to another account;
    /// [`TooLarge`](ErrorKind::TooLarge); [`Conflict`](ErrorKind::Conflict) if there was no coming in between; and why the
    /// engine did not do it.
    ///
    /// If the engine answered each write, an error of any kind says that nothing was stored. If it did not, since it was slow
    /// ([`EngineTimeout`](ErrorKind::EngineTimeout)) or the connection broke
    /// ([`EngineUnavailable`](ErrorKind::EngineUnavailable)), the change may be stored, also where a later try of the same
    /// call ended with another kind: the next read tells. [`ambiguous_writes`](super::super::Statistics::ambiguous_writes)
    /// counts such writes.
    ///
    /// # Examples
    ///
    /// See [`PartitionedCaches`].
    pub async fn create_or_update<R: Send>(
        &self,
        partition: &Partition,
        change: impl Fn(&mut TokenCache) -> Result<R> + Send + Sync,
    ) -> Result<R> {
        let job = Job { beginning: Beginning::Anew, timeout: self.0.settings.update_timeout };
        match self.0.change(partition, job, change).await? {
            Some(result) => Ok(result),
            None => Err(Error::new(ErrorKind::Io, "a partition that is made where it is absent is absent")
                .with_remedy("this is a bug of sealed-cache")),
        }
    }

    /// Change a cache that is there. `None` if there is none: the closure did not run, or what it did was not stored,
    /// since somebody signed out. Nothing is ever made by it.
    ///
    /// # Errors
    ///
    /// As [`create_or_update`](Self::create_or_update).
    ///
    /// # Examples
    ///
    /// ```
    /// # use sealed_cache::partition::{Partition, PartitionedCaches};
    /// # async fn example(caches: &PartitionedCaches, person: &Partition) -> sealed_cache::Result<()> {
    /// let pruned = caches.update(person, |cache| Ok(cache.remove_client("another-client"))).await?;
    /// if pruned.is_none() { /* nobody is signed in */ }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update<R: Send>(
        &self,
        partition: &Partition,
        change: impl Fn(&mut TokenCache) -> Result<R> + Send + Sync,
    ) -> Result<Option<R>> {
        let job = Job { beginning: Beginning::There, timeout: self.0.settings.update_timeout };
        self.0.change(partition, job, change).await
    }

    /// Store what was made of a cache that was read before: for a library that owns its cache and cannot run again. What
    /// changed from `base` to `ours` is [merged](TokenCache::merge) into what is stored now. `None` if nothing is.
    ///
    /// # Errors
    ///
    /// As [`create_or_update`](Self::create_or_update).
    ///
    /// # Examples
    ///
    /// ```
    /// # use sealed_cache::partition::{Partition, PartitionedCaches};
    /// # async fn example(caches: &PartitionedCaches, person: &Partition) -> sealed_cache::Result<()> {
    /// let Some(base) = caches.read_current(person, Clone::clone).await? else { return Ok(()) };
    /// let mut ours = base.clone();
    /// // .. hand `ours` to the library ..
    /// caches.merge(person, &base, &ours).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn merge(
        &self,
        partition: &Partition,
        base: &TokenCache,
        ours: &TokenCache,
    ) -> Result<Option<()>> {
        self.update(partition, |theirs| {
            *theirs = ours.merge(base, theirs);
            Ok(())
        })
        .await
    }

    /// Sign out: remove the cache, whatever is in it. Tells whether there was one; `false` also if the engine removed it and
    /// did not say so before it was asked once more.
    ///
    /// Copies in this process are gone at once. On an error it is not certain that the engine has removed it: try again,
    /// and do not tell the person that it is done.
    ///
    /// # Errors
    ///
    /// Why the engine did not do it.
    pub async fn remove(&self, partition: &Partition) -> Result<bool> {
        let name = self.0.name(partition);
        self.0.forget(&name);
        self.0.refreshes.forget(&name);
        // And what is read meanwhile.
        let _doubt = self.0.doubt(&name);
        let deadline = Deadline::after(self.0.settings.update_timeout);
        let mut tries = 0;
        loop {
            match self.0.engine.remove(&name, None, &deadline).await {
                Err(error) if may_try_again(&error) && !deadline.has_passed() => {}
                outcome => return Ok(outcome?),
            }
            tries += 1;
            pause(tries, &deadline).await;
        }
    }
}
