//! Windows: files that nobody else may write or delete, and that go when they are closed.

use std::{
    fs::{File, TryLockError},
    io,
    os::windows::io::AsRawHandle,
    path::Path,
};

use windows_sys::Win32::{
    Foundation::{
        ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_DELETE_PENDING, ERROR_FILE_EXISTS,
        ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION, GENERIC_READ, GENERIC_WRITE,
    },
    Storage::FileSystem::{
        CREATE_NEW, DELETE, FILE_DISPOSITION_INFO, FILE_FLAG_DELETE_ON_CLOSE, FILE_SHARE_READ,
        FileDispositionInfo, OPEN_EXISTING, SetFileInformationByHandle,
    },
};

use super::{
    super::{Creation, Existing},
    is, plain, rights,
};

const EXISTS: [u32; 4] =
    [ERROR_FILE_EXISTS, ERROR_ALREADY_EXISTS, ERROR_SHARING_VIOLATION, ERROR_DELETE_PENDING];
const BUSY: [u32; 3] = [ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_DELETE_PENDING];

/// Create a lock file that must not exist, for this user and the system only. Others can only read it, and it goes when it
/// is closed, also by the end of the process.
///
/// # Errors
///
/// Those of `CreateFileW`. That something is there, or that access is denied, is none: see [`Creation`].
pub fn create_exclusive(path: &Path) -> io::Result<Creation> {
    let access = GENERIC_READ | GENERIC_WRITE | DELETE;
    match rights::open(path, access, CREATE_NEW, FILE_SHARE_READ, FILE_FLAG_DELETE_ON_CLOSE) {
        Ok(file) => Ok(Creation::Created(file)),
        Err(error) if is(&error, &EXISTS) => Ok(Creation::Exists),
        Err(error) if is(&error, &[ERROR_ACCESS_DENIED]) => Ok(Creation::Unclear(error)),
        Err(error) => Err(error),
    }
}

/// Nothing more to do here: as long as it is open, nobody else can open it to write.
///
/// # Errors
///
/// None here.
pub fn lock_exclusive(_file: &File) -> Result<(), TryLockError> {
    Ok(())
}

/// Lock the whole file with `LockFileEx`, as Java does, without waiting: false if somebody else has it.
///
/// # Errors
///
/// Those of `LockFileEx` where the file system has no such locks.
pub fn lock_record(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Open a lock file that exists in order to take it over, so that nobody else has it open to write or delete.
///
/// # Errors
///
/// A [`Problem`](super::super::Problem) if it is a link; those of `CreateFileW`.
pub fn open_exclusive(path: &Path) -> io::Result<Existing> {
    let access = GENERIC_READ | GENERIC_WRITE | DELETE;
    match rights::open(path, access, OPEN_EXISTING, FILE_SHARE_READ, 0) {
        Ok(file) => plain(&file).map(|()| Existing::Opened(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Existing::Gone),
        Err(error) if is(&error, &BUSY) => Ok(Existing::Busy),
        Err(error) => Err(error),
    }
}

/// Remove a lock file that nobody else has open, so that it can be created anew: `None`.
///
/// # Errors
///
/// Those of `SetFileInformationByHandle`.
pub fn take_over(file: File) -> io::Result<Option<File>> {
    let removal = FILE_DISPOSITION_INFO { DeleteFile: true };
    let size = u32::try_from(size_of::<FILE_DISPOSITION_INFO>()).expect("a small structure");
    // SAFETY: the handle is open with the right to delete; the structure is the one of this class, and outlives the call.
    let done = unsafe {
        SetFileInformationByHandle(
            file.as_raw_handle(),
            FileDispositionInfo,
            (&raw const removal).cast(),
            size,
        )
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(None) }
}

/// Close the lock file, by which it goes.
///
/// # Errors
///
/// None here.
pub fn release_exclusive(_path: &Path, _file: File) -> io::Result<()> {
    Ok(())
}

/// Whether it is that somebody has the file open in a way that excludes us, or that it is just being deleted.
#[must_use]
pub fn is_in_use(error: &io::Error) -> bool {
    is(error, &BUSY)
}
