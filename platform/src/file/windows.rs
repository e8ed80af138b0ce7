//! Windows: the rights come from the folder, which in a user's profile is that user's alone.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io,
    os::windows::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    time::{Duration, SystemTime},
};

use super::{Opened, Problem, Stamp};

/// `FILE_FLAG_OPEN_REPARSE_POINT`: open a link itself instead of what it leads to.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// How long a replacement waits for a reader or a virus scanner to close the file.
const REPLACE_FOR: Duration = Duration::from_secs(2);

/// The state of the file at this path: `None` if there is none. A symbolic link is not followed.
///
/// # Errors
///
/// Those of the file system.
pub fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => stamp_from(&metadata).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The state of an open file.
///
/// # Errors
///
/// Those of the file system.
pub fn stamp_of(file: &File) -> io::Result<Stamp> {
    stamp_from(&file.metadata()?)
}

/// Open a plain file to read it: `None` if there is none.
///
/// # Errors
///
/// A [`Problem`] if it is a link; `IsADirectory` for a folder; those of the file system.
pub fn open_to_read(path: &Path) -> io::Result<Option<Opened>> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let file = match OpenOptions::new().read(true).custom_flags(OPEN_REPARSE_POINT).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = plain(&file)?;
    Ok(Some(Opened { stamp: stamp_from(&metadata)?, owner: None, readers: None, file }))
}

/// Create a file that did not exist, with the rights of its folder.
///
/// # Errors
///
/// `AlreadyExists`; those of the file system.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).custom_flags(OPEN_REPARSE_POINT).open(path)
}

/// Open the file of a lock, created if it does not exist.
///
/// # Errors
///
/// A [`Problem`] if it is a link; those of the file system.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(OPEN_REPARSE_POINT)
        .open(path)?;
    plain(&file)?;
    Ok(file)
}

/// Put a file in the place of another one, in one step. While somebody has the other one open, it is tried again.
///
/// # Errors
///
/// Those of the file system.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    let started = std::time::Instant::now();
    loop {
        match fs::rename(from, to) {
            Err(error) if is_in_use(&error) && started.elapsed() < REPLACE_FOR => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

/// Windows makes names durable with the files themselves.
///
/// # Errors
///
/// None.
pub const fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Remove a file; that there is none is no error.
///
/// # Errors
///
/// Those of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Create the folders of this path that do not exist, with the rights of the folder they are in.
///
/// # Errors
///
/// Those of the file system.
pub fn create_private_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

/// Why this folder is not this user's alone to change, if it is not.
///
/// # Errors
///
/// `NotADirectory`; those of the file system.
pub fn check_folder(path: &Path) -> io::Result<Option<Problem>> {
    if fs::metadata(path)?.is_dir() { Ok(None) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

fn stamp_from(metadata: &Metadata) -> io::Result<Stamp> {
    let modified: SystemTime = metadata.modified()?;
    Ok(Stamp { identity: (metadata.creation_time(), 0), size: metadata.file_size(), modified })
}

fn plain(file: &File) -> io::Result<Metadata> {
    let metadata = file.metadata()?;
    if metadata.is_symlink() {
        return Err(Problem::SymbolicLink.into());
    }
    if metadata.is_file() { Ok(metadata) } else { Err(Problem::NotAFile.into()) }
}

fn is_in_use(error: &io::Error) -> bool {
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    matches!(error.raw_os_error(), Some(ACCESS_DENIED | SHARING_VIOLATION))
}
