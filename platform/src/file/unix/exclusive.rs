//! Unix: `O_EXCL`, `flock`, record locks, and a name that is removed only while it is that of our file.

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::Path,
};

use super::{
    super::{Creation, Existing, Problem},
    OWNER_ONLY_FILE, link_explained, other_owner, plain, remove, stamp, stamp_of,
};

/// A lock of the open file, as `flock` makes it, and not of the process, which would lose it by closing any other handle.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SET_RECORD_LOCK: libc::c_int = libc::F_OFD_SETLK;
/// There is no other here: nobody in this process may open and close the file while it is locked.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SET_RECORD_LOCK: libc::c_int = libc::F_SETLK;

/// Create a lock file that must not exist, for this user only, and keep it open.
///
/// # Errors
///
/// Those of `open(2)`. That something is there, be it a link, is no error.
pub fn create_exclusive(path: &Path) -> io::Result<Creation> {
    let created = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY_FILE)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path);
    let file = match created {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Creation::Exists),
        Err(error) => return Err(error),
    };
    // A umask could have taken our own rights. Without them, the file is a lock all the same.
    if file.metadata().is_ok_and(|metadata| metadata.mode() & OWNER_ONLY_FILE != OWNER_ONLY_FILE) {
        let _ = file.set_permissions(Permissions::from_mode(OWNER_ONLY_FILE));
    }
    Ok(Creation::Created(file))
}

/// Lock the whole file with `flock`, without waiting.
///
/// # Errors
///
/// `WouldBlock` if somebody else has it locked; those of `flock(2)` where the file system has no locks.
pub fn lock_exclusive(file: &File) -> Result<(), TryLockError> {
    loop {
        match file.try_lock() {
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Lock the whole file with a record lock, as Java does, without waiting: false if somebody else has it.
///
/// # Errors
///
/// Those of `fcntl(2)` where the file system has no such locks.
pub fn lock_record(file: &File) -> io::Result<bool> {
    // SAFETY: the structure consists of numbers only. Zeros mean: from the start to the end, however far that is.
    let mut range: libc::flock = unsafe { std::mem::zeroed() };
    range.l_type = libc::F_WRLCK as _;
    range.l_whence = libc::SEEK_SET as _;
    // SAFETY: the file is open, and the structure lives until after the call.
    if unsafe { libc::fcntl(file.as_raw_fd(), SET_RECORD_LOCK, &raw const range) } == 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        error => Err(error),
    }
}

/// Open a lock file that exists in order to take it over. Nothing is created or changed.
///
/// # Errors
///
/// A [`Problem`] if it is a link, a special file, somebody else's, or has a second name: what is written into it could
/// then be lost elsewhere; those of `open(2)`.
pub fn open_exclusive(path: &Path) -> io::Result<Existing> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = match OpenOptions::new().read(true).write(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Existing::Gone),
        Err(error) => return Err(link_explained(error)),
    };
    let metadata = plain(&file)?;
    match other_owner(&metadata) {
        Some(problem) => Err(problem.into()),
        None if metadata.nlink() > 1 => Err(Problem::SecondName.into()),
        None => Ok(Existing::Opened(file)),
    }
}

/// Empty a lock file that is locked, so that it is ours from now on. (Windows removes it instead: `None`.)
///
/// # Errors
///
/// Those of `ftruncate(2)`.
pub fn take_over(file: File) -> io::Result<Option<File>> {
    file.set_len(0)?;
    Ok(Some(file))
}

/// Remove the lock file if the path still names ours, and only then close it.
///
/// # Errors
///
/// Those of `lstat(2)`, `fstat(2)` and `unlink(2)`. It is unlocked and closed in any case.
pub fn release_exclusive(path: &Path, file: File) -> io::Result<()> {
    let removed = remove_ours(path, &file);
    // Closing would unlock it too, but not while a forked child still has the file open.
    let _ = file.unlock();
    removed
}

fn remove_ours(path: &Path, file: &File) -> io::Result<()> {
    let ours = stamp_of(file)?;
    match stamp(path)? {
        Some(named) if named.is_same_file(&ours) => remove(path),
        _ => Ok(()),
    }
}

/// Whether it is that somebody has the file open in a way that excludes us: never so on Unix.
#[must_use]
pub const fn is_in_use(_error: &io::Error) -> bool {
    false
}
