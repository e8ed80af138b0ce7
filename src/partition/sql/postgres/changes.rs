//! Changes, as LISTEN tells them.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{
    Executor,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};

use super::{
    super::super::{Changes, PartitionName, StoreError, StoreErrorKind},
    errors,
    statements::CHANNEL,
};

/// A connection that has told nothing for so long is asked whether it still can.
const SILENCE: Duration = Duration::from_secs(15);
/// And has so long to answer.
const ANSWER: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct PostgresChanges {
    /// None once it is lost: the driver would connect again, and tell nobody what was missed.
    listener: Option<PgListener>,
}

impl PostgresChanges {
    pub(super) async fn listen(options: PgConnectOptions, timeout: Duration) -> Result<Self, StoreError> {
        let failed = |error| errors::failure(&error).into_error();
        // The driver listens only on a connection of a pool of its own.
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(timeout);
        let pool = pool.max_lifetime(None).idle_timeout(None).connect_with(options).await.map_err(failed)?;
        let mut listener = PgListener::connect_with(&pool).await.map_err(failed)?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await.map_err(failed)?;
        Ok(Self { listener: Some(listener) })
    }
}

#[async_trait]
impl Changes for PostgresChanges {
    async fn next(&mut self) -> Result<PartitionName, StoreError> {
        while let Some(listener) = &mut self.listener {
            match tokio::time::timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(told))) => return Ok(PartitionName::from_engine(told.payload().to_owned())),
                Ok(_) => self.listener = None,
                Err(_) if answers(listener).await => {}
                Err(_) => self.listener = None,
            }
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, "the connection that told of changes is lost"))
    }
}

/// What is told meanwhile is kept for the next look.
async fn answers(listener: &mut PgListener) -> bool {
    let asked = listener.execute("SELECT 1");
    matches!(tokio::time::timeout(ANSWER, asked).await, Ok(Ok(_)))
}
