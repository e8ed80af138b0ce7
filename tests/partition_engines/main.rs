//! The engines: they keep to the contract of `PartitionStore`, and to their promises when one is stopped, crashes, is emptied,
//! is full, or lets nobody in. And what has to hold on every engine.

#![cfg(all(
    feature = "redis",
    feature = "postgres",
    feature = "mysql",
    feature = "sqlite",
    feature = "testing"
))]

#[path = "../common/child.rs"]
mod child;
#[cfg(unix)]
#[path = "../common/engine/mod.rs"]
mod engine;
mod kit;
#[path = "../common/processes.rs"]
mod processes_on;
#[cfg(unix)]
mod redis;
mod sql;
#[path = "../partition/suite/mod.rs"]
mod suite;
mod suites;
#[cfg(unix)]
mod tls;
