//! The family's own places: token caches that the MSAL libraries of other languages read and write as well.
//!
//! A [`Layout`] says where such a cache lies, in what form and under which lock: a preset for each SDK, or free. For a
//! program, [`PersistedCache::msal`](crate::PersistedCache::msal) opens it; [`MsalPersistence`] is the store below.
//!
//! Who can share with whom, and what that costs, is in
//! [`docs/sharing.md`](https://github.com/sealed-cache/sealed-cache/blob/main/docs/sharing.md).

mod azidentity;
mod bounded_item;
mod builder;
mod coding;
pub mod dangerous;
mod item;
mod keychain_item;
mod layout;
mod merging;
mod presets;
mod secret_service_item;
mod storage;
mod store;

pub use builder::MsalPersistenceBuilder;
pub use keychain_item::KeychainItem;
pub use layout::Layout;
pub use presets::{Cae, DotnetStorage};
pub use secret_service_item::{Encoding, SecretServiceItem};
pub use store::MsalPersistence;
