//! Redis: a server that belongs to one test each.

mod access;
mod changes;
mod cluster;
mod conformance;
mod full;
mod killed;
mod no_writes;
mod processes;
mod stopped;
mod visits;

use std::sync::Arc;

use sealed_cache::partition::{RedisSettings, RedisStore};

use crate::{
    engine::redis::Redis,
    kit::{PATIENCE, Store},
};

pub(crate) async fn store(redis: &Redis) -> Store {
    store_with(redis, RedisSettings::new()).await
}

/// With as much patience for a connection as a busy machine asks for.
pub(crate) async fn store_with(redis: &Redis, settings: RedisSettings) -> Store {
    Arc::new(RedisStore::connect(&redis.url(), settings.connect_timeout(PATIENCE)).await.unwrap())
}
