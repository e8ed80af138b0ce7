//! For tests of this crate and of yours (feature `testing`): watching file operations and making them fail.

pub use crate::files::{FileObserver, FileStep};
