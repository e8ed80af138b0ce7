//! The engine Redis: it keeps to the contract of `PartitionStore`, and to its promises when Redis is stopped, killed, emptied,
//! full, or lets nobody in.

#![cfg(all(feature = "redis", feature = "testing", unix))]

mod access;
mod changes;
mod conformance;
#[path = "../common/engine/mod.rs"]
mod engine;
mod killed;
mod kit;
mod stopped;
mod visits;
