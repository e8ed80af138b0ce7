//! [`Pool`]: a few connections, shared by all calls, and the loop around each statement.
//!
//! Not the pool of the driver: that one asks the server a question each time a connection comes back, and keeps connections
//! of calls that were given up, with their statements still running.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

#[cfg(feature = "mysql")]
use super::engine::Counting;
use super::{
    super::{StoreError, StoreErrorKind, within::within},
    again::{a_moment, opened},
    argument::Argument,
    engine::Engine,
    errors::{Failure, timeout},
};
use crate::{Deadline, event::event};

/// A connection that was idle for longer is asked whether it still works before a statement is trusted to it.
const FRESH: Duration = Duration::from_secs(1);
/// A connection that was idle for longer is closed.
const LONGEST_IDLE: Duration = Duration::from_secs(300);
/// How often a statement is given again because its connection was lost. Every idle connection is dropped at the first.
const LOSSES: u32 = 2;
/// Which part of its time a call spends on an idle connection that may not answer. The rest is for a new one.
const ASKING: u32 = 3;
/// No answer within less says nothing of the others.
const TELLING: Duration = Duration::from_millis(20);

/// What may be done with a statement whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// It changes nothing.
    Read,
    /// A write that can be given again, because it recognises itself.
    Repeatable,
    /// A write that cannot: whether it was done is for the caller to find out.
    Once,
}

/// What a statement gave.
pub(super) struct Given<T> {
    pub(super) what: T,
    /// An earlier attempt may have been done as well: its answer was lost.
    pub(super) is_unsure: bool,
}

pub(super) struct Pool<E: Engine>(Arc<Shared<E>>);

struct Shared<E: Engine> {
    engine: E,
    connect_timeout: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle<E>>>,
}

struct Idle<E: Engine> {
    connection: E::Connection,
    since: Instant,
}

impl<E: Engine> Pool<E> {
    pub(super) fn new(engine: E, connections: usize, connect_timeout: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(connections));
        Self(Arc::new(Shared { engine, connect_timeout, permits, idle: Mutex::default() }))
    }

    /// All rows that the statement gives.
    pub(super) async fn rows(
        &self,
        nature: Nature,
        statement: &'static str,
        arguments: &[Argument<'_>],
        deadline: &Deadline,
    ) -> Result<Given<Vec<E::Row>>, StoreError> {
        let mut trial = Trial::new(nature, deadline);
        loop {
            let mut held = trial.noted(self.take(deadline).await)?;
            let outcome = within(deadline, E::rows(held.connection(), statement, arguments)).await;
            if let Some(rows) = trial.outcome(held, outcome).await? {
                return Ok(rows);
            }
        }
    }

    /// A connection that works, idle or new.
    async fn take(&self, deadline: &Deadline) -> Result<Held<E>, StoreError> {
        let permit = within(deadline, self.0.permits.clone().acquire_owned()).await;
        let permit = permit.ok_or_else(|| timeout("every connection was in use until the deadline"))?;
        let permit = permit.map_err(|_| timeout("the store is closed"))?;
        if deadline.has_passed() {
            return Err(timeout("the deadline had passed before the database was asked"));
        }
        let Some(mut idle) = self.0.pop(Instant::now()) else { return self.open(permit, deadline).await };
        let is_fresh = idle.since.elapsed() < FRESH;
        if is_fresh || self.0.answers(&mut idle.connection, deadline).await {
            return Ok(self.hold(idle.connection, permit));
        }
        drop(idle);
        self.open(permit, deadline).await
    }

    /// A new connection. If it comes too late for this call, then it serves the next.
    async fn open(&self, permit: OwnedSemaphorePermit, deadline: &Deadline) -> Result<Held<E>, StoreError> {
        let (sender, receiver) = oneshot::channel();
        let pool = Self(self.0.clone());
        tokio::spawn(async move {
            let opened = tokio::time::timeout(pool.0.connect_timeout, opened(&pool.0.engine)).await;
            let opened = match opened {
                Ok(opened) => opened.map(|connection| pool.hold(connection, permit)),
                Err(_) => Err(timeout("the database did not take a connection in time")),
            };
            if let Err(Ok(held)) = sender.send(opened) {
                held.give_back();
            }
        });
        match within(deadline, receiver).await {
            Some(Ok(opened)) => opened,
            Some(Err(_)) => Err(StoreError::new(StoreErrorKind::Unavailable, "the runtime is shutting down")),
            None => Err(timeout("the database did not take a connection before the deadline")),
        }
    }

    fn hold(&self, connection: E::Connection, permit: OwnedSemaphorePermit) -> Held<E> {
        Held { connection: Some(connection), shared: self.0.clone(), _permit: permit }
    }
}

#[cfg(feature = "mysql")]
impl<E: Counting> Pool<E> {
    /// How many rows the statement has changed.
    pub(super) async fn changed(
        &self,
        nature: Nature,
        statement: &'static str,
        arguments: &[Argument<'_>],
        deadline: &Deadline,
    ) -> Result<Given<u64>, StoreError> {
        let mut trial = Trial::new(nature, deadline);
        loop {
            let mut held = trial.noted(self.take(deadline).await)?;
            let outcome = within(deadline, E::changed(held.connection(), statement, arguments)).await;
            if let Some(changed) = trial.outcome(held, outcome).await? {
                return Ok(changed);
            }
        }
    }
}

impl<E: Engine> Shared<E> {
    /// Whether a connection still works. Where one does not, the others are likely to be gone as well: a firewall has forgotten
    /// them all.
    async fn answers(&self, connection: &mut E::Connection, deadline: &Deadline) -> bool {
        let time = deadline.remaining() / ASKING;
        let asked = tokio::time::timeout(time, within(deadline, connection.ping())).await;
        let is_lost = match asked {
            Ok(Some(Ok(()))) => return true,
            Ok(Some(Err(_))) => true,
            // Cancelled.
            Ok(None) => false,
            Err(_) => time >= TELLING,
        };
        if is_lost {
            self.idle().clear();
        }
        false
    }

    /// The one that was used last. Those that were idle for too long are closed.
    fn pop(&self, now: Instant) -> Option<Idle<E>> {
        let mut idle = self.idle();
        idle.retain(|idle| now.duration_since(idle.since) < LONGEST_IDLE);
        idle.pop()
    }

    fn push(&self, connection: E::Connection) {
        let (mut idle, since) = (self.idle(), Instant::now());
        idle.retain(|idle| since.duration_since(idle.since) < LONGEST_IDLE);
        idle.push(Idle { connection, since });
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle<E>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of one call. Dropped before it was given back, it is closed: nobody knows what is still to come on it.
struct Held<E: Engine> {
    connection: Option<E::Connection>,
    shared: Arc<Shared<E>>,
    // After the connection: nobody takes its place before it is back.
    _permit: OwnedSemaphorePermit,
}

impl<E: Engine> Held<E> {
    fn connection(&mut self) -> &mut E::Connection {
        self.connection.as_mut().expect("it is taken out only when the holder is given back")
    }

    fn give_back(mut self) {
        self.shared.push(self.connection.take().expect("it is given back once"));
    }

    /// Where one connection is lost, those that were idle are likely to be lost as well.
    fn lose(self) {
        self.shared.idle().clear();
    }
}

/// The attempts of one statement.
struct Trial<'a> {
    nature: Nature,
    deadline: &'a Deadline,
    losses: u32,
    may_be_done: bool,
}

impl<'a> Trial<'a> {
    const fn new(nature: Nature, deadline: &'a Deadline) -> Self {
        Self { nature, deadline, losses: 0, may_be_done: false }
    }

    /// What the statement gave; `None` if it is to be given again.
    async fn outcome<E: Engine, T>(
        &mut self,
        held: Held<E>,
        outcome: Option<Result<T, sqlx::Error>>,
    ) -> Result<Option<Given<T>>, StoreError> {
        match outcome {
            Some(Ok(what)) => {
                held.give_back();
                Ok(Some(Given { what, is_unsure: self.may_be_done }))
            }
            Some(Err(error)) => self.failed(held, E::failure(&error)).await.map(|()| None),
            None => {
                self.may_be_done = true;
                self.noted(Err(timeout("the database did not answer before the deadline")))
            }
        }
    }

    async fn failed<E: Engine>(&mut self, held: Held<E>, failure: Failure) -> Result<(), StoreError> {
        event!(debug, ?failure, "a statement failed");
        match failure {
            Failure::Again => {
                held.give_back();
                self.nap().await
            }
            Failure::Refused(error) => {
                held.give_back();
                self.noted(Err(error))
            }
            Failure::Elsewhere(error) => self.lost(held, error, false),
            Failure::Lost(error) => {
                self.may_be_done = true;
                self.lost(held, error, self.nature == Nature::Once)
            }
        }
    }

    /// Whether to try again on another connection.
    fn lost<E: Engine>(&mut self, held: Held<E>, error: StoreError, is_last: bool) -> Result<(), StoreError> {
        held.lose();
        self.losses += 1;
        let is_over = is_last || self.losses > LOSSES || self.deadline.has_passed();
        if is_over { self.noted(Err(error)) } else { Ok(()) }
    }

    async fn nap(&self) -> Result<(), StoreError> {
        tokio::time::sleep(a_moment().min(self.deadline.remaining())).await;
        if self.deadline.has_passed() { self.noted(Err(Failure::Again.into_error())) } else { Ok(()) }
    }

    /// Once an answer was lost, no later error tells what became of the statement.
    fn noted<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let is_ambiguous = self.may_be_done && self.nature != Nature::Read;
        outcome.map_err(|error| if is_ambiguous { error.ambiguous() } else { error })
    }
}

impl<E: Engine> Clone for Pool<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: Engine> fmt::Debug for Pool<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle = self.0.idle().len();
        f.debug_struct("Pool")
            .field("idle", &idle)
            .field("free", &self.0.permits.available_permits())
            .finish()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::{super::sqlite::in_memory, *};

    #[tokio::test]
    async fn what_was_idle_for_too_long_is_not_used() {
        let pool = Pool::new(in_memory(), 2, Duration::from_secs(60));
        let deadline = Deadline::after(Duration::from_secs(60));
        for _ in 0..2 {
            pool.rows(Nature::Read, "SELECT 1", &[], &deadline).await.unwrap();
        }
        assert_eq!(pool.0.idle().len(), 1);
        assert!(pool.0.pop(Instant::now() + LONGEST_IDLE).is_none());
        assert_eq!(pool.0.idle().len(), 0);
    }
}
