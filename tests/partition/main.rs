//! The server half: one cache for each account, on the engine in memory. The suites of `suite/` run on every engine.

#![cfg(all(feature = "server", feature = "testing"))]

mod conformance;
mod ends;
mod format;
#[cfg(all(feature = "metrics", feature = "tracing"))]
#[path = "../common/log.rs"]
mod log;
mod runtimes;
#[cfg(all(feature = "metrics", feature = "tracing"))]
mod said;
mod settings;
mod suite;

use std::sync::{Arc, LazyLock};

use sealed_cache::partition::{MemoryStore, PartitionStore};

/// All nodes have the memory of this process.
fn connect() -> Arc<dyn PartitionStore> {
    static MEMORY: LazyLock<Arc<MemoryStore>> = LazyLock::new(|| Arc::new(MemoryStore::new(256 << 20)));
    MEMORY.clone()
}

on_engine!(connect);
on_engine!(connect, [], concurrent_histories_keep_their_promises);
