//! Encrypted, OS-keychain-backed persistence for serializable caches.

pub mod cache;
mod error;
mod secret;

pub use cache::{Json, SerializableCache};
pub use error::{Error, ErrorKind, Result};
pub use secret::SecretBytes;
