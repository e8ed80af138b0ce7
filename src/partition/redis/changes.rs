//! Hearing of changes: a connection of its own that is subscribed to the channel.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, Value, aio::MultiplexedConnection, cmd};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::timeout,
};

use super::{
    super::{Changes, PartitionName, StoreError, StoreErrorKind, within::within},
    errors,
};
use crate::Deadline;

/// How many changes may wait for the one who listens, before the subscription counts as lost.
const WAITING: usize = 4096;
/// How long nothing may come before the connection is tried: a network can swallow a connection without a word.
const QUIET: Duration = Duration::from_secs(15);
/// How long Redis may take for that.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Subscription {
    wire: MultiplexedConnection,
    heard: mpsc::Receiver<PartitionName>,
}

impl Subscription {
    pub(super) async fn open(
        client: &Client,
        channel: &str,
        deadline: &Deadline,
    ) -> Result<Self, StoreError> {
        let (sender, heard) = mpsc::channel(WAITING);
        let listener = Listener(std::sync::Mutex::new(Some(sender)));
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let config = config.set_push_sender(move |push: PushInfo| {
            listener.hear(push);
            Ok::<(), ()>(())
        });
        let opened = async {
            let mut wire = client.get_multiplexed_async_connection_with_config(&config).await?;
            wire.subscribe(channel).await?;
            Ok(Self { wire, heard })
        };
        match within(deadline, opened).await {
            Some(opened) => opened.map_err(|error| errors::connecting(&error)),
            None => Err(errors::timeout("Redis did not take a subscription in time")),
        }
    }

    async fn is_alive(&self) -> bool {
        let mut wire = self.wire.clone();
        match timeout(PATIENCE, cmd("PING").query_async::<Value>(&mut wire)).await {
            Ok(Ok(_)) => true,
            // Who says no is there: the user may lack the right to ask.
            Ok(Err(error)) => error.code().is_some(),
            Err(_) => false,
        }
    }
}

/// Takes what comes, on the task of the connection. Without a sender, the subscription is lost.
struct Listener(std::sync::Mutex<Option<mpsc::Sender<PartitionName>>>);

impl Listener {
    fn hear(&self, push: PushInfo) {
        let mut sender = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_lost = match push.kind {
            PushKind::Disconnection => true,
            PushKind::Message => sender.as_ref().is_some_and(|sender| match name(push.data) {
                Some(name) => matches!(sender.try_send(name), Err(TrySendError::Full(_))),
                None => false,
            }),
            _ => false,
        };
        if is_lost {
            *sender = None;
        }
    }
}

/// Of a message: channel and payload. Whatever else somebody publishes there is none of our changes.
fn name(data: Vec<Value>) -> Option<PartitionName> {
    match data.into_iter().nth(1)? {
        Value::BulkString(payload) => String::from_utf8(payload).ok().map(PartitionName::from_engine),
        Value::SimpleString(payload) => Some(PartitionName::from_engine(payload)),
        _ => None,
    }
}

#[async_trait]
impl Changes for Subscription {
    async fn next(&mut self) -> Result<PartitionName, StoreError> {
        loop {
            match timeout(QUIET, self.heard.recv()).await {
                Ok(Some(name)) => return Ok(name),
                Ok(None) => return Err(lost()),
                Err(_) if self.is_alive().await => {}
                Err(_) => {
                    self.heard.close();
                    return Err(lost());
                }
            }
        }
    }
}

fn lost() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "the subscription to changes was lost: some may have been missed",
    )
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}
