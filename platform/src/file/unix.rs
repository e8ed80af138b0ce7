//! Unix: mode bits, owners, `O_NOFOLLOW`, `fsync` of folders.

#[path = "unix/exclusive.rs"]
mod exclusive;

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

pub use self::exclusive::{
    create_exclusive, is_in_use, lock_exclusive, lock_record, open_exclusive, release_exclusive, take_over,
};
use super::{Opened, Problem, Stamp};

const OWNER_ONLY_FILE: u32 = 0o600;
const OWNER_ONLY_FOLDER: u32 = 0o700;

/// The state of the file at this path: `None` if there is none. A symbolic link is not followed.
///
/// # Errors
///
/// Those of `lstat(2)`.
pub fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(stamp_from(&metadata))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The state of an open file.
///
/// # Errors
///
/// Those of `fstat(2)`.
pub fn stamp_of(file: &File) -> io::Result<Stamp> {
    Ok(stamp_from(&file.metadata()?))
}

/// Open a plain file to read it: `None` if there is none.
///
/// # Errors
///
/// A [`Problem`] if it is a link or a special file; `IsADirectory` for a folder; those of `open(2)`.
pub fn open_to_read(path: &Path) -> io::Result<Option<Opened>> {
    // Not blocking, so that a pipe in the place of the file cannot hold us up.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(link_explained(error)),
    };
    let metadata = plain(&file)?;
    Ok(Some(Opened {
        stamp: stamp_from(&metadata),
        owner: other_owner(&metadata),
        readers: open_to_others(&metadata, 0o077).map(Problem::OpenToOthers),
        file,
    }))
}

/// Create a file that did not exist, readable and writable for this user only, whatever the umask says.
///
/// # Errors
///
/// `AlreadyExists`, also for a dangling link; those of `open(2)`.
pub fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY_FILE)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?;
    // A umask can only take rights away, and could have taken our own.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY_FILE))?;
    Ok(file)
}

/// Open the file of a lock, created for this user only if it does not exist.
///
/// # Errors
///
/// A [`Problem`] if it is a link, a special file or somebody else's; those of `open(2)`.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ONLY_FILE)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(link_explained)?;
    let metadata = plain(&file)?;
    if let Some(problem) = other_owner(&metadata) {
        return Err(problem.into());
    }
    // As in `create_private`. Unlike there, somebody else may have created it.
    if metadata.mode() & OWNER_ONLY_FILE != OWNER_ONLY_FILE {
        file.set_permissions(Permissions::from_mode(OWNER_ONLY_FILE))?;
    }
    Ok(file)
}

/// Put a file in the place of another one, in one step.
///
/// # Errors
///
/// Those of `rename(2)`.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Set the time of modification of a plain file, and the state it is in then. A link is not followed.
///
/// # Errors
///
/// A [`Problem`] if it is a link or a special file; those of `open(2)` and `futimens(2)`.
pub fn set_modified(path: &Path, time: SystemTime) -> io::Result<Stamp> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(link_explained)?;
    plain(&file)?;
    file.set_modified(time)?;
    stamp_of(&file)
}

/// Make the names in a folder durable.
///
/// # Errors
///
/// Those of `fsync(2)`.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Remove a file; that there is none is no error.
///
/// # Errors
///
/// Those of `unlink(2)`.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Create the folders of this path that do not exist, for this user only, whatever the umask says.
///
/// # Errors
///
/// Those of `mkdir(2)`; `NotADirectory` if a file is in the place of a folder.
pub fn create_private_folders(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_private_folders(parent)?;
    }
    match DirBuilder::new().mode(OWNER_ONLY_FOLDER).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY_FOLDER)),
        // Another process was faster; what it made is checked like any other folder.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Why this folder is not this user's alone to change, if it is not.
///
/// # Errors
///
/// Those of `lstat(2)`.
pub fn check_folder(path: &Path) -> io::Result<Option<Problem>> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(Some(Problem::SymbolicLink));
    }
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let writers = open_to_others(&metadata, 0o022).map(Problem::WritableByOthers);
    Ok(other_owner(&metadata).or(writers))
}

fn stamp_from(metadata: &Metadata) -> Stamp {
    let seconds = Duration::from_secs(metadata.mtime().unsigned_abs());
    let whole =
        if metadata.mtime() < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
    let nanos = Duration::from_nanos(metadata.mtime_nsec().unsigned_abs());
    let modified = whole.and_then(|whole: SystemTime| whole.checked_add(nanos)).unwrap_or(UNIX_EPOCH);
    Stamp { identity: (metadata.dev(), metadata.ino()), size: metadata.size(), modified }
}

fn plain(file: &File) -> io::Result<Metadata> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.is_file() { Ok(metadata) } else { Err(Problem::NotAFile.into()) }
}

fn link_explained(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        // FreeBSD says EMLINK where the others say ELOOP.
        Some(libc::ELOOP | libc::EMLINK) => Problem::SymbolicLink.into(),
        // A socket cannot be opened at all.
        Some(libc::ENXIO) => Problem::NotAFile.into(),
        _ => error,
    }
}

fn other_owner(metadata: &Metadata) -> Option<Problem> {
    // SAFETY: geteuid takes nothing, touches no memory and always succeeds.
    let us = unsafe { libc::geteuid() };
    (metadata.uid() != us).then(|| Problem::OtherOwner { owner: metadata.uid(), us })
}

fn open_to_others(metadata: &Metadata, bits: u32) -> Option<u32> {
    let mode = metadata.mode() & 0o7777;
    (mode & bits != 0).then_some(mode)
}
