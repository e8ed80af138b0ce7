//! [`Slot`]: where one session is on the engine, for the time of one call.

use sha2::{Digest, Sha256};
use tower_sessions_core::session::{Id, Record};

use super::{
    super::{
        Condition, Etag, PartitionName, Put, Stored,
        caches::{Shared, may_try_again, pause, unix_now},
        canonical,
        sealing::{self, Facts, Place, Unopened},
    },
    record,
    ticket::Ticket,
};
use crate::{Deadline, Error, ErrorKind, Result};

/// Sessions are not partitions: nothing else has this kind in its name.
const KIND: &str = "session";

pub(super) struct Slot<'a> {
    shared: &'a Shared,
    name: PartitionName,
    ticket: Option<Ticket>,
    deadline: Deadline,
}

impl<'a> Slot<'a> {
    pub(super) fn new(shared: &'a Shared, id: &Id, ticket: Option<Ticket>) -> Self {
        let id = Sha256::digest(id.0.to_le_bytes());
        let fields = [&shared.namespace.fields()[..], &[KIND.as_bytes(), &id]].concat();
        let hash = shared.keys.hash(&canonical::of(&fields));
        let name = PartitionName::new(shared.namespace.prefix(), KIND, &hash);
        Self { shared, name, ticket, deadline: Deadline::after(shared.settings.update_timeout()) }
    }

    /// Tells whether it is stored. It is not if there is one with this id.
    pub(super) async fn create(&self, record: &Record) -> Result<bool> {
        self.put(record, Condition::Absent).await
    }

    /// Put what was changed into what is there, if there still is something.
    pub(super) async fn save(&self, ours: &Record) -> Result<()> {
        for tries in 1..=self.shared.settings.limits().1 {
            let Some((theirs, etag)) = self.find().await? else { return Ok(()) };
            let merged = record::merge(ours, &theirs);
            if merged == theirs || self.put(&merged, Condition::Matches(etag)).await? {
                return Ok(());
            }
            if self.deadline.has_passed() {
                break;
            }
            pause(tries, &self.deadline).await;
        }
        Err(Error::new(ErrorKind::Conflict, "too many changes of one session at the same time")
            .with_remedy("try again; if it goes on, change sessions less often"))
    }

    pub(super) async fn load(&self) -> Result<Option<Record>> {
        Ok(self.find().await?.map(|(record, _)| record))
    }

    pub(super) async fn delete(&self) -> Result<()> {
        for tries in 1.. {
            match self.shared.engine.remove(&self.name, None, &self.deadline).await {
                Err(error) if may_try_again(&error) && !self.deadline.has_passed() => {}
                outcome => return Ok(outcome.map(drop)?),
            }
            pause(tries, &self.deadline).await;
        }
        unreachable!("tries are bounded by the deadline")
    }

    async fn find(&self) -> Result<Option<(Record, Etag)>> {
        for tries in 1.. {
            match self.shared.engine.load(&self.name, &self.deadline).await {
                Err(error) if may_try_again(&error) && !self.deadline.has_passed() => {}
                outcome => return Ok(outcome?.and_then(|stored| self.open(&stored))),
            }
            pause(tries, &self.deadline).await;
        }
        unreachable!("tries are bounded by the deadline")
    }

    fn open(&self, stored: &Stored) -> Option<(Record, Etag)> {
        let opened = sealing::open(stored, self.place(), &self.shared.keys)
            .and_then(|(_, contents)| record::decode(&contents).ok_or(Unopened::Contents))
            .inspect_err(|why| self.shared.unreadable(&self.name, *why));
        // The engine's clock may be another one.
        let record = opened.ok().filter(|record| ends(record) > unix_now())?;
        Some((record, stored.etag))
    }

    /// One that was not answered is tried again as it is: if it was done all the same, its etag is there.
    async fn put(&self, record: &Record, condition: Condition) -> Result<bool> {
        let stored = self.seal(record)?;
        let (engine, lives_for) = (&self.shared.engine, lives_for(record));
        for tries in 1.. {
            match engine.put(&self.name, &stored, condition, lives_for, &self.deadline).await {
                Ok(Put::Stored) => return Ok(true),
                Ok(Put::Conflict(there)) => return Ok(there.is_some_and(|there| there.etag == stored.etag)),
                Err(error) if may_try_again(&error) && !self.deadline.has_passed() => {}
                Err(error) => return Err(error.into()),
            }
            pause(tries, &self.deadline).await;
        }
        unreachable!("tries are bounded by the deadline")
    }

    fn seal(&self, record: &Record) -> Result<Stored> {
        let contents = record::encode(record)?;
        self.check_size(contents.len())?;
        let facts = Facts {
            key_id: String::new(),
            lineage: sealing::new_lineage()?,
            ends: ends(record),
            window: 0,
            written: unix_now(),
            has_secret: false,
        };
        sealing::seal(contents, &facts, self.place(), &self.shared.keys)
    }

    fn check_size(&self, bytes: usize) -> Result<()> {
        let (most, _) = self.shared.settings.limits();
        if bytes <= most {
            return Ok(());
        }
        Err(Error::new(ErrorKind::TooLarge, format!("a session of {bytes} bytes is too large"))
            .with_remedy(format!("at most {most} bytes are stored: keep less in a session")))
    }

    fn place(&self) -> Place<'_> {
        let secret = self.ticket.as_ref().map(Ticket::secret);
        Place { namespace: &self.shared.namespace, name: &self.name, secret }
    }
}

/// In Unix seconds.
fn ends(record: &Record) -> u64 {
    record.expiry_date.unix_timestamp().try_into().unwrap_or(0)
}

/// Engines refuse nothing: what has ended already is there for a moment, and never found.
fn lives_for(record: &Record) -> std::time::Duration {
    std::time::Duration::from_secs(ends(record).saturating_sub(unix_now()).max(1))
}
