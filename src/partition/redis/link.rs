//! The way to one Redis: a connection, and the next one when it is lost.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use redis::{Client, Cmd, Value};
use tokio::sync::watch;

use super::{
    super::{StoreError, StoreErrorKind, within::within},
    RedisSettings,
    connection::Connection,
    errors::{self, Failure},
};
use crate::Deadline;

/// Whether a command may be asked again on a new connection when the first one broke before it answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It does the same a second time.
    IsFine,
    /// It may have been done, and somebody else may have changed that meanwhile.
    WouldBeAnotherChange,
}

pub(super) struct Link {
    client: Client,
    connect_timeout: Duration,
    silence: Duration,
    state: Mutex<State>,
}

/// The newest connection, or the attempt to make it.
struct State {
    attempt: watch::Receiver<Option<Attempt>>,
    number: u64,
}

/// How an attempt ended. Everybody who waited for it is told the same.
type Attempt = Result<Arc<Connection>, Reason>;

#[derive(Clone, Debug)]
struct Reason {
    kind: StoreErrorKind,
    message: Arc<str>,
}

impl From<StoreError> for Reason {
    fn from(error: StoreError) -> Self {
        Self { kind: error.kind(), message: error.to_string().into() }
    }
}

impl From<Reason> for StoreError {
    fn from(reason: Reason) -> Self {
        Self::new(reason.kind, reason.message.to_string())
    }
}

impl Link {
    pub(super) fn new(client: Client, settings: &RedisSettings) -> Self {
        // An attempt that nobody makes: the first call makes one.
        let state = State { attempt: watch::channel(None).1, number: 0 };
        let RedisSettings { connect_timeout, silence, .. } = *settings;
        Self { client, connect_timeout, silence, state: Mutex::new(state) }
    }

    /// What Redis answers to a command. The error is ambiguous if it may have been done all the same.
    pub(super) async fn ask(
        &self,
        command: &Cmd,
        again: Again,
        deadline: &Deadline,
    ) -> Result<Value, Failure> {
        let first = self.ask_once(command, deadline).await;
        match first {
            // Whatever the second attempt says, the first one may have been done.
            Err(Failure::Lost(_)) if again == Again::IsFine => {
                self.ask_once(command, deadline).await.map_err(Failure::ambiguous)
            }
            first => first,
        }
    }

    async fn ask_once(&self, command: &Cmd, deadline: &Deadline) -> Result<Value, Failure> {
        let connection = self.connection(deadline).await.map_err(Failure::Refused)?;
        if deadline.has_passed() {
            return Err(Failure::Refused(errors::timeout("the deadline had passed before Redis was asked")));
        }
        let answer = connection.ask(command, deadline, self.silence).await;
        answer.unwrap_or_else(|| {
            Err(Failure::Refused(errors::timeout("Redis did not answer in time").ambiguous()))
        })
    }

    /// The connection, or a new one if there is none or it is lost.
    pub(super) async fn connection(&self, deadline: &Deadline) -> Result<Arc<Connection>, StoreError> {
        let mut attempt = self.attempt();
        if let Some(Ok(connection)) = attempt.borrow().as_ref() {
            return Ok(connection.clone());
        }
        let ended = within(deadline, attempt.wait_for(Option::is_some)).await;
        let Some(ended) = ended else {
            return Err(errors::timeout("there was no connection to Redis in time"));
        };
        let Ok(ended) = ended else {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the runtime that connected has ended"));
        };
        ended.clone().expect("it was waited for").map_err(StoreError::from)
    }

    /// The attempt that made the connection, or makes it: a new one if the last one failed or its connection is lost.
    fn attempt(&self) -> watch::Receiver<Option<Attempt>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if is_over(&state.attempt) {
            state.number += 1;
            state.attempt = self.begin(state.number);
        }
        state.attempt.clone()
    }

    /// On a task of its own: whoever asked first may have less patience than it takes.
    fn begin(&self, number: u64) -> watch::Receiver<Option<Attempt>> {
        let (sender, receiver) = watch::channel(None);
        let (client, timeout) = (self.client.clone(), self.connect_timeout);
        let outcome = Outcome(sender);
        tokio::spawn(async move {
            let opened = Connection::open(&client, number, timeout).await;
            outcome.is(opened.map(Arc::new).map_err(Reason::from));
        });
        receiver
    }
}

/// Where an attempt tells how it ended; also that it panicked.
struct Outcome(watch::Sender<Option<Attempt>>);

impl Outcome {
    fn is(&self, outcome: Attempt) {
        let _ = self.0.send(Some(outcome));
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.is(Err(StoreError::new(StoreErrorKind::Denied, PANICKED).into()));
        }
    }
}

/// What `rustls` does where nobody has told it whose cryptography to use.
const PANICKED: &str = "the driver of Redis panicked while it connected: for rediss://, switch on the feature `tls` of sealed-cache, \
     or install a provider of cryptography for rustls";

/// Whether nothing is to be hoped for from this attempt any more.
fn is_over(attempt: &watch::Receiver<Option<Attempt>>) -> bool {
    match attempt.borrow().as_ref() {
        Some(Ok(connection)) => connection.is_lost(),
        Some(Err(_)) => true,
        // The task has ended without a result, with its runtime.
        None => attempt.has_changed().is_err(),
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client knows the password.
        f.write_str("Link")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_that_panics_says_so() {
        let (sender, mut receiver) = watch::channel(None);
        let outcome = Outcome(sender);
        let panicked = tokio::spawn(async move {
            let _outcome = outcome;
            panic!("as rustls does");
        });
        assert!(panicked.await.unwrap_err().is_panic());
        let ended = receiver.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        assert!(ended.is_err_and(|reason| reason.kind == StoreErrorKind::Denied));
    }
}
