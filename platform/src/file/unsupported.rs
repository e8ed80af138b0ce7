//! A system without files that we know how to keep private.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::SystemTime,
};

use super::{Creation, Existing, Opened, Problem, Stamp};

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
pub fn set_modified(_path: &Path, _time: SystemTime) -> io::Result<Stamp> {
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

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn create_exclusive(_path: &Path) -> io::Result<Creation> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn lock_exclusive(_file: &File) -> Result<(), TryLockError> {
    unsupported().map_err(TryLockError::Error)
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn lock_record(_file: &File) -> io::Result<bool> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn open_exclusive(_path: &Path) -> io::Result<Existing> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn take_over(_file: File) -> io::Result<Option<File>> {
    unsupported()
}

/// Not supported here.
///
/// # Errors
///
/// Always `Unsupported`.
pub fn release_exclusive(_path: &Path, _file: File) -> io::Result<()> {
    unsupported()
}

/// Not known here.
#[must_use]
pub const fn is_in_use(_error: &io::Error) -> bool {
    false
}
