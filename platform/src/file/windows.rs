//! Windows: access control lists, file indices, and replacing in spite of readers.

#[path = "windows/exclusive.rs"]
mod exclusive;
#[path = "windows/rights.rs"]
mod rights;
#[path = "windows/security.rs"]
mod security;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::windows::{fs::OpenOptionsExt, io::AsRawHandle},
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use windows_sys::Win32::{
    Foundation::{
        ERROR_ACCESS_DENIED, ERROR_INVALID_FUNCTION, ERROR_INVALID_PARAMETER, ERROR_LOCK_VIOLATION,
        ERROR_NOT_SUPPORTED, ERROR_SHARING_VIOLATION, ERROR_USER_MAPPED_FILE, FILETIME, GENERIC_READ,
        GENERIC_WRITE,
    },
    Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, CREATE_NEW, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
        FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES, GetFileInformationByHandle, OPEN_ALWAYS, READ_CONTROL,
    },
};

pub use self::exclusive::{
    create_exclusive, is_in_use, lock_exclusive, lock_record, open_exclusive, release_exclusive, take_over,
};
use super::{Opened, Problem, Stamp};

/// A folder can be opened as well, and a link is opened itself instead of what it leads to.
const AS_IT_IS: u32 = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;

/// How long a replacement or a removal waits for a reader or a virus scanner to close the file.
const BUSY_FOR: Duration = Duration::from_secs(2);

/// The state of the file at this path: `None` if there is none. A symbolic link is not followed.
///
/// # Errors
///
/// Those of the file system.
pub fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match OpenOptions::new().access_mode(FILE_READ_ATTRIBUTES).custom_flags(AS_IT_IS).open(path) {
        Ok(file) => stamp_of(&file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The state of an open file.
///
/// # Errors
///
/// Those of `GetFileInformationByHandle`.
pub fn stamp_of(file: &File) -> io::Result<Stamp> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is ours.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut found) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Stamp {
        identity: (found.dwVolumeSerialNumber.into(), wide(found.nFileIndexHigh, found.nFileIndexLow)),
        size: wide(found.nFileSizeHigh, found.nFileSizeLow),
        modified: time(found.ftLastWriteTime),
    })
}

/// Open a plain file to read it: `None` if there is none.
///
/// # Errors
///
/// A [`Problem`] if it is a link; `IsADirectory` for a folder; those of the file system.
pub fn open_to_read(path: &Path) -> io::Result<Option<Opened>> {
    // Programs in other languages open the files that they share with us for themselves alone, for a moment.
    let open = || OpenOptions::new().read(true).custom_flags(AS_IT_IS).open(path);
    let file = match while_it_is(&[ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION], open) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    plain(&file)?;
    let others = rights::others(&file)?;
    Ok(Some(Opened { stamp: stamp_of(&file)?, owner: others.owner, readers: others.readers, file }))
}

/// Create a file that did not exist, for this user and the system only, whatever its folder says.
///
/// # Errors
///
/// `AlreadyExists`, also for a dangling link; those of the file system.
pub fn create_private(path: &Path) -> io::Result<File> {
    rights::open(path, GENERIC_WRITE, CREATE_NEW, rights::SHARED, 0)
}

/// Open the file of a lock, created for this user and the system only if it does not exist.
///
/// # Errors
///
/// A [`Problem`] if it is a link or somebody else's; those of the file system.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    let file = rights::open(path, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, rights::SHARED, 0)?;
    plain(&file)?;
    match rights::others(&file)?.owner {
        Some(problem) => Err(problem.into()),
        None => Ok(file),
    }
}

/// Put a file in the place of another one, in one step. While somebody has the other one open, it is tried again.
///
/// # Errors
///
/// Those of the file system.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| fs::rename(from, to))
}

/// Set the time of modification of a plain file, and the state it is in then. A link is not followed.
///
/// # Errors
///
/// A [`Problem`] if it is a link; those of the file system.
pub fn set_modified(path: &Path, time: SystemTime) -> io::Result<Stamp> {
    let access = FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
    let open = || OpenOptions::new().access_mode(access).custom_flags(AS_IT_IS).open(path);
    let file = patiently(open)?;
    plain(&file)?;
    file.set_modified(time)?;
    stamp_of(&file)
}

/// Make the names in a folder durable, where the file system can be told to.
///
/// # Errors
///
/// Those of `FlushFileBuffers`, except that it cannot be done for this folder.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder =
        OpenOptions::new().access_mode(GENERIC_WRITE).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path);
    match folder.and_then(|folder| folder.sync_all()) {
        Err(error) if is(&error, &CANNOT_FLUSH) => Ok(()),
        outcome => outcome,
    }
}

/// Remove a file; that there is none is no error.
///
/// # Errors
///
/// Those of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    match patiently(|| fs::remove_file(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Create the folders of this path that do not exist, for this user and the system only.
///
/// # Errors
///
/// Those of `CreateDirectoryW`; `NotADirectory` if a file is in the place of a folder.
pub fn create_private_folders(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return DirBuilder::new().create(path);
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    create_private_folders(parent)?;
    // The canonical path may be longer than 260 characters.
    match rights::create_folder(&fs::canonicalize(parent)?.join(name)) {
        // Another process was faster; what it made is checked like any other folder.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    }
}

/// Why this folder is not this user's alone to change, if it is not.
///
/// # Errors
///
/// `NotADirectory`; those of the file system.
pub fn check_folder(path: &Path) -> io::Result<Option<Problem>> {
    let folder = OpenOptions::new()
        .access_mode(FILE_READ_ATTRIBUTES | READ_CONTROL)
        .custom_flags(AS_IT_IS)
        .open(path)?;
    let metadata = folder.metadata()?;
    if metadata.is_symlink() {
        return Ok(Some(Problem::SymbolicLink));
    }
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let others = rights::others(&folder)?;
    Ok(others.owner.or(others.writers))
}

fn plain(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if metadata.is_symlink() {
        return Err(Problem::SymbolicLink.into());
    }
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.is_file() { Ok(()) } else { Err(Problem::NotAFile.into()) }
}

/// Somebody who has the file open, a virus scanner above all, will close it in a moment.
fn patiently<R>(work: impl Fn() -> io::Result<R>) -> io::Result<R> {
    while_it_is(&BUSY, work)
}

fn while_it_is<R>(busy: &[u32], work: impl Fn() -> io::Result<R>) -> io::Result<R> {
    let started = Instant::now();
    loop {
        match work() {
            Err(error) if is(&error, busy) && started.elapsed() < BUSY_FOR => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

const BUSY: [u32; 4] =
    [ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE];
const CANNOT_FLUSH: [u32; 4] =
    [ERROR_ACCESS_DENIED, ERROR_INVALID_FUNCTION, ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED];

fn is(error: &io::Error, codes: &[u32]) -> bool {
    error.raw_os_error().is_some_and(|code| codes.contains(&code.cast_unsigned()))
}

fn wide(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Windows counts in 100 nanoseconds, from the year 1601.
fn time(time: FILETIME) -> SystemTime {
    const UNIX_EPOCH_IN_TICKS: u64 = 116_444_736_000_000_000;
    let ticks = wide(time.dwHighDateTime, time.dwLowDateTime).saturating_sub(UNIX_EPOCH_IN_TICKS);
    UNIX_EPOCH + Duration::from_secs(ticks / 10_000_000) + Duration::from_nanos(ticks % 10_000_000 * 100)
}
