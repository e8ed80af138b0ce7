//! The engine Redis: it keeps to the contract of `PartitionStore`, and to its promises when Redis is stopped, killed, emptied,
//! full, or lets nobody in. And what has to hold on every engine.

#![cfg(all(feature = "redis", feature = "testing", unix))]

mod access;
mod changes;
#[path = "../common/child.rs"]
mod child;
mod cluster;
mod conformance;
#[path = "../common/engine/mod.rs"]
mod engine;
mod full;
mod killed;
mod kit;
mod no_writes;
mod processes;
#[path = "../common/processes.rs"]
mod processes_on;
mod stopped;
#[path = "../partition/suite/mod.rs"]
mod suite;
mod visits;

use std::sync::Arc;

use sealed_cache::partition::PartitionStore;
use tokio::{runtime::Handle, task::block_in_place};

use engine::redis::Redis;

/// Nodes of a Redis that belongs to one test, each with a connection of its own.
fn nodes() -> impl Fn() -> Arc<dyn PartitionStore> {
    let redis = Redis::start();
    move || Arc::new(block_in_place(|| Handle::current().block_on(kit::store(&redis))))
}

on_engine!(nodes(), #[ignore = "needs redis-server: cargo xtask test engines"]);
on_engine!(
    nodes(),
    [#[ignore = "needs redis-server: cargo xtask test engines"]],
    concurrent_histories_keep_their_promises
);
