//! [`Opened`]: what a stored partition turns out to be.

use super::{
    super::{
        Etag, Partition, PartitionName, Stored,
        sealing::{self, Facts, Place, Unopened},
    },
    Shared,
    lifetimes::unix_now,
};
use crate::{SerializableCache, TokenCache, event::event};

/// A stored partition, opened.
pub(in super::super) enum Opened {
    /// Nothing is stored.
    Absent,
    /// What is stored does not open: as good as nothing, and to be replaced by the next sign-in.
    Unreadable(Etag),
    /// What is stored was to be gone by now: as good as nothing, too. The engine was restored from a backup, somebody
    /// prolonged it there, or the clocks differ.
    Ended(Etag),
    Cache(Box<(TokenCache, Facts, Etag)>),
}

impl Shared {
    /// Open what is stored. That it does not open is told loudly: somebody altered it, or a key is missing.
    pub(in super::super) fn open(
        &self,
        partition: &Partition,
        name: &PartitionName,
        stored: Option<&Stored>,
    ) -> Opened {
        let Some(stored) = stored else { return Opened::Absent };
        let place = self.place(partition, name);
        let opened = sealing::open(stored, place, &self.keys).and_then(|(facts, contents)| {
            let cache = TokenCache::deserialize(contents).map_err(|_| Unopened::Contents)?;
            Ok((cache, facts, stored.etag))
        });
        match opened {
            Ok((_, facts, etag)) if facts.ends <= unix_now() => Opened::Ended(etag),
            Ok(opened) => Opened::Cache(Box::new(opened)),
            Err(why) => {
                self.unreadable(name, why);
                Opened::Unreadable(stored.etag)
            }
        }
    }

    pub(in super::super) fn unreadable(&self, name: &PartitionName, why: Unopened) {
        self.engine.counters.unreadable.one();
        #[cfg(feature = "metrics")]
        metrics::counter!("sealed_cache_open_failures", "reason" => why.reason()).increment(1);
        event!(error, ?name, reason = why.reason(), "a stored partition does not open: it counts as absent");
        let _ = (name, why.reason());
    }

    pub(super) fn place<'a>(&'a self, partition: &'a Partition, name: &'a PartitionName) -> Place<'a> {
        Place { namespace: &self.namespace, name, secret: partition.secret() }
    }
}
