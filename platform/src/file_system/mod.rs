//! On what kind of file system a path lies: on some of them locks, times or permissions do not mean what they say.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "unsupported.rs"]
mod system;

use std::{borrow::Cow, io, path::Path};

/// A file system.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSystem {
    /// Its name as `mount` shows it: `ext4`. A number where we know none.
    pub name: Cow<'static, str>,
    /// Whether it is one of another machine, whose locks and clock are that machine's.
    pub is_network: bool,
    /// Whether nothing can be written to it.
    pub is_read_only: bool,
}

/// The file system of this path, which must exist. `None` where the operating system does not tell.
///
/// A network file system whose server is gone answers late or never.
///
/// # Errors
///
/// Those of `statfs(2)`.
pub fn of(path: &Path) -> io::Result<Option<FileSystem>> {
    system::of(path)
}
