//! The file of the database, for this user only.

use std::{
    io,
    path::{Path, PathBuf},
};

use sealed_cache_platform::file;

use super::super::super::{StoreError, StoreErrorKind};
use crate::{Error, ErrorKind, files::checked_folder};

/// Create the file if there is none, in a folder that only this user can put files into. SQLite gives the files beside it
/// the rights of this one.
///
/// It is never opened here where it exists: to close it again would end the locks that this process has on it.
pub(super) fn created(path: &Path) -> Result<PathBuf, StoreError> {
    let Some(name) = path.file_name() else {
        return Err(StoreError::new(
            StoreErrorKind::Denied,
            "the path of the database is not that of a file",
        ));
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path = checked_folder(folder).map_err(refused)?.join(name);
    match file::create_private(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(refused(Error::io("cannot create the database", error)))
        }
        _ => Ok(path),
    }
}

fn refused(error: Error) -> StoreError {
    let kind = match error.kind() {
        ErrorKind::Io => StoreErrorKind::Unavailable,
        _ => StoreErrorKind::Denied,
    };
    StoreError::new(kind, error.what().to_owned()).with_source(error)
}
