//! A system without files that we know how to keep private.

use std::{fs::File, io, path::Path};

use super::{Opened, Problem, Stamp};

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has no private files that this library knows",
    ))
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn stamp(_path: &Path) -> io::Result<Option<Stamp>> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn stamp_of(_file: &File) -> io::Result<Stamp> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn open_to_read(_path: &Path) -> io::Result<Option<Opened>> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn create_private(_path: &Path) -> io::Result<File> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn open_lock_file(_path: &Path) -> io::Result<File> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn replace(_from: &Path, _to: &Path) -> io::Result<()> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn sync_folder(_path: &Path) -> io::Result<()> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn remove(_path: &Path) -> io::Result<()> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn create_private_folders(_path: &Path) -> io::Result<()> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn check_folder(_path: &Path) -> io::Result<Option<Problem>> {
    unsupported()
}
