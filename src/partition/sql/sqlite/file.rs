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
/// The path that is returned names a drive on Windows, without `\\?\`: SQLite takes that for a network share, has all
/// connections of a process share one lock on it, and two of them that come at once then leave it locked for ever.
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
    let path = dunce::simplified(&path).to_owned();
    if path.as_os_str().as_encoded_bytes().starts_with(br"\\") {
        return Err(StoreError::new(
            StoreErrorKind::Denied,
            "the database is on a network share, or its path is too long for SQLite (260 characters)",
        ));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_one_that_sqlite_does_not_take_for_a_network_share() {
        let folder = tempfile::tempdir().unwrap();
        let path = created(&folder.path().join("partitions.db")).unwrap();
        assert!(path.is_absolute() && path.is_file(), "{path:?}");
        assert!(!path.to_str().unwrap().starts_with(r"\\"), "{path:?}");
    }
}
