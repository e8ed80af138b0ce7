//! The server half: one token cache for each account, on an engine that its operators already run.
//!
//! * [`PartitionedCaches`] is what a program uses; [`Partition`] says whose cache.
//! * [`PartitionStore`] is what an engine has to do; [`MemoryStore`] is one.
//! * [`KeyRing`] has the keys: an engine never sees what is in a cache, nor whose it is.
//!
//! `docs/partition-format.md` tells what is on the engine, byte by byte.

mod caches;
mod canonical;
mod etag;
mod home_account_id;
mod keys;
mod memory;
mod namespace;
mod partition_name;
#[cfg(feature = "redis")]
mod redis;
mod refresh;
mod sealing;
#[cfg(feature = "sessions")]
mod session;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod sql;
mod statistics;
mod store;
mod store_error;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis", feature = "sqlite"))]
mod tls;
mod whose;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis", feature = "sqlite"))]
mod within;

pub use caches::{Coherence, Lifetimes, PartitionedCaches, PartitionedCachesBuilder, Rewrapped};
pub use etag::Etag;
pub use home_account_id::HomeAccountId;
pub use keys::{KeyOrigin, KeyRing, KeySource};
pub use memory::MemoryStore;
pub use namespace::Namespace;
pub use partition_name::PartitionName;
#[cfg(feature = "redis")]
pub use redis::{RedisSettings, RedisStore};
pub use refresh::{AcquiredToken, RefreshFailure, TokenSource};
#[cfg(feature = "sessions")]
pub use session::{SealedSessions, SessionMode, SignedIn, Ticket};
#[cfg(feature = "mysql")]
pub use sql::MysqlStore;
#[cfg(feature = "postgres")]
pub use sql::PostgresStore;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub use sql::SqlSettings;
#[cfg(feature = "sqlite")]
pub use sql::SqliteStore;
pub use statistics::Statistics;
pub use store::{Capabilities, Changes, Condition, LeaseHolder, PartitionStore, Put, Stored};
pub use store_error::{StoreError, StoreErrorKind};
pub use whose::{ApplicationPartition, Partition};
