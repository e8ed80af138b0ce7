//! Jobs of an operator: purge, and sealing anew after the key was changed.

use std::time::Duration;

use super::{
    super::{
        Condition, PartitionName, Put, Stored,
        sealing::{self, Place, Unopened},
    },
    PartitionedCaches, Shared,
    lifetimes::{Life, unix_now},
};
use crate::{Deadline, Result};

/// How many names are asked for at a time.
const STEP: u32 = 256;
/// For one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a [`rewrap`](PartitionedCaches::rewrap) did.
///
/// ```
/// let nothing = sealed_cache::partition::Rewrapped::default();
/// assert_eq!(nothing.visited, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewrapped {
    /// Partitions of this namespace that were looked at.
    pub visited: u64,
    /// Sealed with the primary key now, and were not before.
    pub rewrapped: u64,
    /// Changed by others at the very moment, with whatever key these have.
    pub overtaken: u64,
    /// Sealed with a secret of the caller as well: left as they are.
    pub with_secret: u64,
    /// Did not open: left as they are.
    pub unreadable: u64,
}

impl PartitionedCaches {
    /// Remove what has expired, at most so many partitions, where the engine does not do that by itself. Tells how many.
    /// Call it now and then, from one node, until it tells fewer than it may remove.
    ///
    /// # Errors
    ///
    /// Why the engine did not do it.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(caches: &sealed_cache::partition::PartitionedCaches) -> sealed_cache::Result<()> {
    /// while caches.purge(1000).await? == 1000 {}
    /// # Ok(())
    /// # }
    /// ```
    pub async fn purge(&self, at_most: u32) -> Result<u64> {
        Ok(self.0.engine.purge(at_most, &Deadline::after(PATIENCE)).await?)
    }

    /// Seal with the primary key what is sealed with another one, partition by partition, while everything is in use. A
    /// partition that lives from use to use counts as used by it.
    ///
    /// # Errors
    ///
    /// Why the engine did not do it; what was done so far is done, and it may be called again.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(caches: &sealed_cache::partition::PartitionedCaches) -> sealed_cache::Result<()> {
    /// let done = caches.rewrap().await?;
    /// println!("{} of {} were sealed anew", done.rewrapped, done.visited);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rewrap(&self) -> Result<Rewrapped> {
        let prefix = format!("{}:", self.0.namespace.prefix());
        let (mut done, mut last) = (Rewrapped::default(), None);
        loop {
            let names = self.0.engine.names_after(last.as_ref(), STEP, &Deadline::after(PATIENCE)).await?;
            let Some(end) = names.last() else { return Ok(done) };
            last = Some(end.clone());
            for name in names.iter().filter(|name| name.as_str().starts_with(&prefix)) {
                self.0.rewrap(name, &mut done).await?;
            }
        }
    }
}

impl Shared {
    async fn rewrap(&self, name: &PartitionName, done: &mut Rewrapped) -> Result<()> {
        let deadline = Deadline::after(self.settings.update_timeout);
        let Some(stored) = self.engine.load(name, &deadline).await? else { return Ok(()) };
        done.visited += 1;
        let anew = match self.sealed_anew(name, &stored) {
            Ok(Some(anew)) => anew?,
            Ok(None) => return Ok(()),
            Err(None) => {
                done.with_secret += 1;
                return Ok(());
            }
            Err(Some(why)) => {
                done.unreadable += 1;
                self.unreadable(name, why);
                return Ok(());
            }
        };
        let (anew, lives_for) = anew;
        let _doubt = self.doubt(name);
        match self.engine.put(name, &anew, Condition::Matches(stored.etag), lives_for, &deadline).await? {
            Put::Stored => done.rewrapped += 1,
            Put::Conflict(_) => done.overtaken += 1,
        }
        Ok(())
    }

    /// `Ok(None)` if there is no need: it is sealed with the primary key, or at its end; `Err(None)` if a secret is needed that only a caller has.
    fn sealed_anew(
        &self,
        name: &PartitionName,
        stored: &Stored,
    ) -> std::result::Result<Option<Result<(Stored, Duration)>>, Option<Unopened>> {
        let (facts, _) = sealing::decode(&stored.sealed).map_err(Some)?;
        if facts.has_secret {
            return Err(None);
        }
        if facts.key_id == self.keys.primary().0 {
            return Ok(None);
        }
        let place = Place { namespace: &self.namespace, name, secret: None };
        let (facts, contents) = sealing::open(stored, place, &self.keys).map_err(Some)?;
        let lives_for = Life::of(&facts).remaining(unix_now());
        if lives_for.is_zero() {
            // It has ended, and counts as absent.
            return Ok(None);
        }
        Ok(Some(sealing::seal(contents, &facts, place, &self.keys).map(|anew| (anew, lives_for))))
    }
}
