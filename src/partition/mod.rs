//! The server half: one token cache for each account, on an engine that its operators already run.

mod etag;
mod memory;
mod partition_name;
mod store;
mod store_error;

pub use etag::Etag;
pub use memory::MemoryStore;
pub use partition_name::PartitionName;
pub use store::{Capabilities, Changes, Condition, LeaseHolder, PartitionStore, Put, Stored};
pub use store_error::{StoreError, StoreErrorKind};
