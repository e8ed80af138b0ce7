#![doc = include_str!("../README.md")]
mod access;
pub mod cache;
mod cache_id;
mod deadline;
mod error;
mod event;
mod files;
mod lock;
#[cfg(feature = "server")]
pub mod partition;
pub mod persistence;
pub mod protect;
mod random;
mod seal;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "watch")]
pub use access::CacheWatcher;
#[cfg(feature = "tokio")]
pub use access::{AsyncCache, AsyncCacheGuard};
pub use access::{
    Builder, CacheAccess, CacheGuard, CachePlugin, MsalBuilder, OnUnreadable, PersistedCache, Recovery,
    RecoveryReason,
};
pub use cache::{Json, SerializableCache, TokenCache, token_cache};
pub use cache_id::CacheId;
pub use deadline::{Cancellation, Deadline};
pub use error::{Error, ErrorKind, Result};
pub use lock::{FamilyLock, FamilyLockGuard, FileLock, FileLockGuard, Holder, LockState};
pub use persistence::{Diagnosis, Protection};
#[cfg(feature = "keyring")]
pub use protect::KeyringEntry;
pub use protect::{
    CallerKey, DataKey, Dpapi, KernelKeyring, KeyFile, KeyLifetime, MacKeychain, Passphrase, Prompt,
    SecretService, SystemdCredential,
};
pub use secret::SecretBytes;
