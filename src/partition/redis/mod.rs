//! [`RedisStore`]: partitions on Redis, Valkey and what speaks like them.
//!
//! A partition is one string value, `etag (16 bytes) + sealed bytes`, that always expires. Everything that changes one is one
//! command or one script on that one key, so that it is atomic, and a proxy can send it to the server that has the key.

mod changes;
mod connection;
mod errors;
mod link;
mod scripts;
mod server;
mod settings;
mod store;
mod visits;

pub use settings::RedisSettings;
pub use store::RedisStore;
