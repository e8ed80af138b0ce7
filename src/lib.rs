//! Encrypted, OS-keychain-backed persistence for serializable caches.

pub mod cache;
mod cache_id;
mod error;
mod secret;

pub use cache::{Json, SerializableCache};
pub use cache_id::CacheId;
pub use error::{Error, ErrorKind, Result};
pub use secret::SecretBytes;
