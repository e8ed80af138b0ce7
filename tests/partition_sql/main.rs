//! The engines that are databases: they keep to the contract of `PartitionStore`, and to their promises when the database is
//! stopped, crashes, is full, lets nobody in, or has no tables.

#![cfg(all(feature = "postgres", feature = "mysql", feature = "sqlite", feature = "testing"))]

#[path = "../common/child.rs"]
mod child;
#[cfg(unix)]
mod crashed;
#[cfg(unix)]
mod databases;
#[cfg(unix)]
#[path = "../common/engine/mod.rs"]
mod engine;
mod kit;
#[cfg(unix)]
mod locked;
#[cfg(unix)]
mod mariadb;
#[cfg(unix)]
mod postgres;
mod processes;
#[path = "../common/processes.rs"]
mod processes_on;
#[cfg(unix)]
mod proxy;
#[cfg(unix)]
mod refused;
#[cfg(unix)]
mod silent;
mod sqlite;
#[cfg(unix)]
mod stopped;
#[path = "../partition/suite/mod.rs"]
mod suite;
#[cfg(unix)]
mod suites;
