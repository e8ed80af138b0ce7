//! What is tried again as long as others are in the way.

use std::time::Duration;

use super::{super::StoreError, engine::Engine, errors::Failure};
use crate::random;

/// A connection, once nobody is in the way.
pub(super) async fn opened<E: Engine>(engine: &E) -> Result<E::Connection, StoreError> {
    loop {
        match engine.open().await {
            Ok(connection) => return Ok(connection),
            Err(error) => pause(E::failure(&error)).await?,
        }
    }
}

/// Before the next attempt, if others were in the way; any other failure is the end.
pub(super) async fn pause(failure: Failure) -> Result<(), StoreError> {
    match failure {
        Failure::Again => {
            tokio::time::sleep(a_moment()).await;
            Ok(())
        }
        failure => Err(failure.into_error()),
    }
}

/// A few milliseconds, not the same ones as others who wait for the same.
pub(super) fn a_moment() -> Duration {
    let [random] = random::array::<1>().unwrap_or([128]);
    Duration::from_micros(1_000 + 40 * u64::from(random))
}
