//! One connection, shared by all calls: what is asked on it is answered in order.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use redis::{AsyncConnectionConfig, Client, Cmd, PushInfo, RedisError, Value, aio::MultiplexedConnection};
use tokio::sync::watch;

use super::{
    super::{StoreError, within::within},
    errors::{self, Failure},
};
use crate::Deadline;

pub(super) struct Connection {
    wire: MultiplexedConnection,
    /// Its sender belongs to the task that reads: it is gone as soon as the connection is, also while nobody asks. So the next
    /// call is not sent into nothing.
    reader: watch::Receiver<()>,
    is_given_up: AtomicBool,
    /// When the first call was sent that timed out with nothing answered since.
    silent_since: Mutex<Option<Instant>>,
    /// Which of the connections of its link it is.
    pub(super) number: u64,
}

impl Connection {
    pub(super) async fn open(client: &Client, number: u64, timeout: Duration) -> Result<Self, StoreError> {
        let (sender, reader) = watch::channel(());
        let opened = async {
            // Deadlines are those of the calls, here and below.
            let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
            let config = config.set_push_sender(move |_: PushInfo| {
                let _held = &sender;
                Ok::<(), ()>(())
            });
            client.get_multiplexed_async_connection_with_config(&config).await
        };
        let wire = match within(&Deadline::after(timeout), opened).await {
            Some(Ok(wire)) => wire,
            Some(Err(error)) => return Err(errors::connecting(&error)),
            None => return Err(errors::timeout("Redis did not take a connection in time")),
        };
        let (is_given_up, silent_since) = (AtomicBool::new(false), Mutex::default());
        Ok(Self { wire, reader, is_given_up, silent_since, number })
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_given_up.load(Ordering::Acquire) || self.reader.has_changed().is_err()
    }

    /// Let the next call have another one. Calls that wait for an answer on this one still get it.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Release);
    }

    /// What Redis answers; `None` if it does not before the deadline.
    pub(super) async fn ask(
        &self,
        command: &Cmd,
        deadline: &Deadline,
        silence: Duration,
    ) -> Option<Result<Value, Failure>> {
        let sent = Instant::now();
        let (mut wire, mut reader) = (self.wire.clone(), self.reader.clone());
        let answer = unless(reader.changed(), command.query_async(&mut wire));
        let answer = within(deadline, answer).await;
        self.note(answer.is_some(), sent, silence);
        answer.map(|answer| match answer {
            Some(answer) => answer.map_err(|error| self.failure(&error)),
            None => Err(Failure::Lost(errors::broken()).ambiguous()),
        })
    }

    /// A server that is stopped or a network that swallows everything cannot be told from a slow one, except by patience.
    fn note(&self, has_answered: bool, sent: Instant, silence: Duration) {
        let mut since = self.silent_since.lock().unwrap_or_else(PoisonError::into_inner);
        if has_answered {
            *since = None;
        } else if since.get_or_insert(sent).elapsed() >= silence {
            self.give_up();
        }
    }

    fn failure(&self, error: &RedisError) -> Failure {
        let failure = Failure::of(error);
        // A replica stays one until its clients have found the new primary.
        if matches!(failure, Failure::Lost(_)) || error.code() == Some("READONLY") {
            self.give_up();
        }
        failure
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("number", &self.number).field("is_lost", &self.is_lost()).finish()
    }
}

/// The answer, or `None` if the end comes before it.
///
/// The driver alone is not enough: a command that it takes in the moment in which its reader ends is forgotten, and nobody
/// would be told.
async fn unless<F: Future>(end: impl Future, answer: F) -> Option<F::Output> {
    let (mut end, mut answer) = (pin!(end), pin!(answer));
    poll_fn(|context| {
        if let Poll::Ready(answer) = answer.as_mut().poll(context) {
            return Poll::Ready(Some(answer));
        }
        if end.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        // It may have come just before the end.
        match answer.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => Poll::Ready(None),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn an_answer_counts_more_than_the_end() {
        assert_eq!(unless(ready(()), ready(7)).await, Some(7));
        assert_eq!(unless(pending::<()>(), ready(7)).await, Some(7));
        assert_eq!(unless(ready(()), pending::<u8>()).await, None);
    }

    #[tokio::test]
    async fn an_answer_that_comes_with_the_end_is_taken() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let end = async move { sender.send(7).unwrap() };
        assert_eq!(unless(end, receiver).await, Some(Ok(7)));
    }
}
