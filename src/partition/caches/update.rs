//! [`Attempt`]: load, change, seal, compare-and-set; again if another node came before.

use std::time::Duration;

use tokio::time;

use super::{
    super::{
        Condition, Etag, Partition, PartitionName, Put, StoreError, StoreErrorKind, Stored,
        sealing::{self, Facts, Lineage},
    },
    Opened, Shared, entries,
    lifetimes::{Life, unix_now},
    random_fraction, span,
};
use crate::{Deadline, Error, ErrorKind, Result, SerializableCache, TokenCache, event::event};

/// How a change is to be made.
#[derive(Clone, Copy)]
pub(in super::super) struct Job {
    pub(in super::super) beginning: Beginning,
    pub(in super::super) timeout: Duration,
}

/// On what.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Beginning {
    /// Whatever is there, or nothing.
    Anew,
    /// What is there.
    There,
    /// What is there, if nobody signed out since this sign-in.
    Since(Lineage),
    /// Nothing, or what others have made meanwhile.
    SinceNothing,
}

/// One change under way.
struct Attempt<'a> {
    shared: &'a Shared,
    partition: &'a Partition,
    name: &'a PartitionName,
    beginning: Beginning,
    deadline: &'a Deadline,
}

/// What a closure has made of a cache.
enum Plan {
    Nothing,
    Remove(Etag),
    Put(Stored, Condition, Duration),
}

impl Plan {
    /// What is there when it is done: `None` if nothing is.
    const fn etag(&self) -> Option<Etag> {
        match self {
            Self::Put(stored, ..) => Some(stored.etag),
            Self::Nothing | Self::Remove(_) => None,
        }
    }
}

/// What became of it.
enum Done {
    Yes,
    /// Another node came before; this is there now.
    No(Option<Stored>),
    /// Perhaps it is done, perhaps it still will be.
    Perhaps(StoreError),
    /// It is not.
    Failed(StoreError),
}

/// The etags that may be ours, each with the number of the result.
type Earlier = Vec<(Option<Etag>, usize)>;

/// Changes a cache, and tells the number of the result that the caller's closure returned: what is below is compiled once,
/// and not for each closure.
type Change<'a> = dyn FnMut(&mut TokenCache) -> Result<usize> + Send + 'a;

impl Shared {
    /// Change a partition. `None` if it is not there as the job wants it.
    pub(in super::super) async fn change<R: Send>(
        &self,
        partition: &Partition,
        job: Job,
        change: impl Fn(&mut TokenCache) -> Result<R> + Send + Sync,
    ) -> Result<Option<R>> {
        let mut results = Vec::new();
        let mut numbered = |cache: &mut TokenCache| {
            results.push(change(cache)?);
            Ok(results.len() - 1)
        };
        let number = self.change_numbered(partition, job, &mut numbered).await?;
        Ok(number.map(|number| results.swap_remove(number)))
    }

    async fn change_numbered(
        &self,
        partition: &Partition,
        job: Job,
        change: &mut Change<'_>,
    ) -> Result<Option<usize>> {
        let (name, deadline) = (self.name(partition), Deadline::after(job.timeout));
        let work = async {
            let Some(_turn) = self.turns.take(&name, &deadline).await else { return Err(no_turn()) };
            let attempt = Attempt {
                shared: self,
                partition,
                name: &name,
                beginning: job.beginning,
                deadline: &deadline,
            };
            attempt.run(change).await
        };
        span::of_partition("update", work).await
    }
}

impl Attempt<'_> {
    async fn run(&self, change: &mut Change<'_>) -> Result<Option<usize>> {
        let (mut earlier, mut handed) = (Earlier::new(), None);
        let (mut conflicts, mut failures) = (0, 0);
        loop {
            let stored = match handed.take() {
                Some(stored) => stored,
                None => self.load().await?,
            };
            let opened = self.shared.open(self.partition, self.name, stored.as_ref());
            if let Some(number) = ours_after_all(&mut earlier, &opened) {
                self.shared.engine.counters.ambiguous_writes_done.one();
                return Ok(Some(number));
            }
            let Some((mut cache, facts, etag)) = self.begin(opened) else { return Ok(None) };
            let before = entries::refresh_tokens(&cache);
            cache.set_state_changed(false);
            let number = change(&mut cache)?;
            let plan = self.plan(&mut cache, facts.as_ref(), etag, &before)?;
            let ours = plan.etag();
            match self.carry_out(plan).await {
                Done::Yes => return Ok(Some(number)),
                Done::No(there) => {
                    // What came before may be an earlier try of this very change: then it is done, however late it is.
                    let there_now = there.as_ref().map(|there| there.etag);
                    let is_ours = earlier.iter().any(|(ours, _)| *ours == there_now);
                    conflicts += u32::from(!is_ours);
                    let is_current = is_ours || !self.after_conflict(conflicts).await?;
                    handed = is_current.then_some(there);
                }
                Done::Perhaps(error) => {
                    self.shared.engine.counters.ambiguous_writes.one();
                    failures += 1;
                    self.after_failure(error, failures).await?;
                    earlier.push((ours, number));
                }
                Done::Failed(error) => {
                    failures += 1;
                    self.after_failure(error, failures).await?;
                }
            }
        }
    }

    /// Try again after another node came before, if there is still time: with what was handed back at once, and every
    /// second time after a pause. Tells whether there was one: what was handed back is older then, and who always tried
    /// with that would not get through while others go on to write.
    async fn after_conflict(&self, conflicts: u32) -> Result<bool> {
        self.shared.engine.counters.conflicts.one();
        if conflicts >= self.shared.settings.most_tries || self.deadline.has_passed() {
            return Err(crowded());
        }
        let pauses = conflicts.is_multiple_of(2);
        if pauses {
            pause(conflicts / 2 - 1, self.deadline).await;
        }
        Ok(pauses)
    }

    /// Try again after this, if it may pass and there is still time.
    async fn after_failure(&self, error: StoreError, failures: u32) -> Result<()> {
        if !may_try_again(&error) || self.deadline.has_passed() {
            return Err(error.into());
        }
        pause(failures, self.deadline).await;
        Ok(())
    }

    /// Always from the engine: a change of an older state would be in vain.
    async fn load(&self) -> Result<Option<Stored>> {
        for tries in 1.. {
            match self.shared.engine.load(self.name, self.deadline).await {
                Ok(stored) => return Ok(stored),
                Err(error) => self.after_failure(error, tries).await?,
            }
        }
        unreachable!("tries are bounded by the deadline")
    }

    /// What the closure is to change; `None` if there is nothing for it.
    fn begin(&self, opened: Opened) -> Option<(TokenCache, Option<Facts>, Option<Etag>)> {
        let makes = matches!(self.beginning, Beginning::Anew | Beginning::SinceNothing);
        match opened {
            Opened::Cache(opened) => {
                let (cache, facts, etag) = *opened;
                match self.beginning {
                    Beginning::Since(lineage) if lineage != facts.lineage => None,
                    _ => Some((cache, Some(facts), Some(etag))),
                }
            }
            Opened::Absent => makes.then(|| (TokenCache::new(), None, None)),
            Opened::Ended(etag) | Opened::Unreadable(etag) => {
                makes.then(|| (TokenCache::new(), None, Some(etag)))
            }
        }
    }

    /// What has to be done so that this is stored.
    fn plan(
        &self,
        cache: &mut TokenCache,
        facts: Option<&Facts>,
        etag: Option<Etag>,
        refresh_tokens: &std::collections::HashSet<[u8; 32]>,
    ) -> Result<Plan> {
        if !cache.has_state_changed() {
            return Ok(Plan::Nothing);
        }
        let (shared, settings) = (self.shared, &self.shared.settings);
        entries::check_owner(self.partition, cache)
            .inspect_err(|_| shared.engine.counters.foreign_entries.one())?;
        shared.engine.counters.tokens_dropped.add(entries::tidy(cache, settings.most_tokens) as u64);
        let has_new = !entries::refresh_tokens(cache).is_subset(refresh_tokens);
        let is_renewed = has_new || self.beginning == Beginning::Anew;
        let life = settings.lifetimes.of(self.partition.kind(), cache, facts, is_renewed);
        let Some(life) = life.filter(|_| !entries::is_signed_out(cache)) else {
            return Ok(etag.map_or(Plan::Nothing, Plan::Remove));
        };
        let contents = cache.serialize()?;
        self.check_size(contents.len())?;
        let lineage = match facts {
            Some(facts) => facts.lineage,
            None => sealing::new_lineage()?,
        };
        let facts = Facts {
            key_id: String::new(),
            lineage,
            ends: life.ends,
            window: life.window,
            written: unix_now(),
            has_secret: false,
        };
        let stored = sealing::seal(contents, &facts, shared.place(self.partition, self.name), &shared.keys)?;
        let condition = etag.map_or(Condition::Absent, Condition::Matches);
        Ok(Plan::Put(stored, condition, jittered(life)))
    }

    fn check_size(&self, bytes: usize) -> Result<()> {
        let (engine, settings) = (&self.shared.engine, &self.shared.settings);
        // Header and tag come on top.
        let most = settings.most_bytes.min(engine.store.capabilities().largest.saturating_sub(128));
        if bytes > most {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("a partition of {bytes} bytes is too large"),
            )
            .with_remedy(format!("at most {most} bytes are stored: keep fewer tokens in a partition")));
        }
        engine.counters.size(bytes);
        if bytes > settings.warn_bytes {
            engine.counters.large_partitions.one();
            event!(warn, bytes, "a partition is large");
        }
        Ok(())
    }

    async fn carry_out(&self, plan: Plan) -> Done {
        let outcome = match plan {
            Plan::Nothing => return Done::Yes,
            Plan::Remove(etag) => self.take_out(etag).await,
            Plan::Put(stored, condition, lives_for) => self.put(&stored, condition, lives_for).await,
        };
        match outcome {
            Ok(Put::Stored) => Done::Yes,
            Ok(Put::Conflict(there)) => Done::No(there),
            Err(error) if error.is_ambiguous() => Done::Perhaps(error),
            Err(error) => Done::Failed(error),
        }
    }

    async fn put(
        &self,
        stored: &Stored,
        condition: Condition,
        lives_for: Duration,
    ) -> Result<Put, StoreError> {
        let (doubt, since) = (self.shared.doubt(self.name), self.shared.moment(self.name));
        let put = self.shared.engine.put(self.name, stored, condition, lives_for, self.deadline).await;
        if let Ok(Put::Stored) = put {
            doubt.settle();
            self.shared.keep_written(self.name, stored, since);
        }
        put
    }

    async fn take_out(&self, etag: Etag) -> Result<Put, StoreError> {
        let engine = &self.shared.engine;
        let doubt = self.shared.doubt(self.name);
        if engine.remove(self.name, Some(etag), self.deadline).await? {
            return Ok(Put::Stored);
        }
        drop(doubt);
        // A removal does not tell what is there instead.
        engine.load(self.name, self.deadline).await.map(Put::Conflict)
    }
}

/// The number of what the closure returned, if what is there now is what we wrote before, when the engine did not say so.
fn ours_after_all(earlier: &mut Earlier, opened: &Opened) -> Option<usize> {
    let etag = match opened {
        Opened::Cache(opened) => Some(opened.2),
        Opened::Absent => None,
        Opened::Ended(etag) | Opened::Unreadable(etag) => Some(*etag),
    };
    let found = earlier.iter().position(|(ours, _)| *ours == etag)?;
    let (_, number) = earlier.swap_remove(found);
    // One that somebody has altered since then is not ours.
    (!matches!(opened, Opened::Unreadable(_))).then_some(number)
}

fn jittered(life: Life) -> Duration {
    let remaining = life.remaining(unix_now());
    if life.window == 0 { remaining } else { remaining.mul_f64(1.0 - 0.05 * random_fraction()) }
}

pub(in super::super) fn may_try_again(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Timeout | StoreErrorKind::Unavailable)
}

/// Longer each time, never the same on two nodes: less than 4 milliseconds after the first try.
pub(in super::super) async fn pause(tries: u32, deadline: &Deadline) {
    let longest = Duration::from_millis(2 << tries.min(6));
    time::sleep(longest.mul_f64(random_fraction()).min(deadline.remaining())).await;
}

/// While it is waited for, the engine works on the changes of those whose turn came before, and nothing else takes long.
fn no_turn() -> Error {
    Error::new(ErrorKind::EngineTimeout, "earlier changes of the same partition are not done in time")
        .with_remedy(
            "look whether the engine is overloaded or stopped; nobody was signed out, nothing was stored",
        )
}

fn crowded() -> Error {
    Error::new(ErrorKind::Conflict, "too many changes of one partition at the same time").with_remedy(
        "try again; if it goes on, keep fewer tokens of different people or resources in one partition",
    )
}
