//! HOW a cache is used: [`PersistedCache`], its builder, the guard, the hooks, and the async face.

#[cfg(feature = "tokio")]
mod async_cache;
mod builder;
mod guard;
mod hooks;
mod msal;
mod persisted;
mod recovery;
mod shared;
mod transfer;
#[cfg(feature = "watch")]
mod watch;

#[cfg(feature = "tokio")]
pub use async_cache::{AsyncCache, AsyncCacheGuard};
pub use builder::Builder;
pub use guard::CacheGuard;
pub use hooks::{CacheAccess, CachePlugin};
pub use msal::MsalBuilder;
pub use persisted::PersistedCache;
pub use recovery::{OnUnreadable, Recovery, RecoveryReason};
#[cfg(feature = "watch")]
pub use watch::CacheWatcher;
