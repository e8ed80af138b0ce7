//! Files of this user alone: a checked folder, a file in it, and the one way in which it is replaced.

mod folder;
#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, unreachable_pub, reason = "public as `testing::FileStep`")
)]
mod operations;
mod private_file;
mod shared_file;

pub(crate) use folder::{checked_folder, shared_folder};
pub(crate) use operations::Files;
#[cfg(feature = "testing")]
pub use operations::{FileObserver, FileStep};
pub(crate) use private_file::PrivateFile;
pub(crate) use shared_file::SharedFile;
