//! The server half: one cache for each account, on the engine in memory. `cargo xtask test` runs the same suites on the
//! engines that are servers.

#![cfg(all(feature = "server", feature = "testing"))]

mod conformance;
