//! The file of the database, for this user only.

use std::{
    io,
    path::{Path, PathBuf},
};

use sealed_cache_platform::file;

use crate::{Error, ErrorKind, Result, files::checked_folder};

/// Create the file if there is none, in a folder that only this user can put files into. SQLite gives the files beside it
/// the rights of this one.
///
/// The path that is returned names a drive on Windows, without `\\?\`: SQLite takes that for a network share, has all
/// connections of a process share one lock on it, and two of them that come at once then leave it locked for ever.
///
/// It is never opened here where it exists: to close it again would end the locks that this process has on it.
pub(super) fn created(path: &Path) -> Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(Error::new(ErrorKind::AccessDenied, "the path of the database is not that of a file")
            .with_remedy("name a file in a folder of this user")
            .with_path(path));
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path = checked_folder(folder).map_err(|error| of_engine(error, path))?.join(name);
    let path = dunce::simplified(&path).to_owned();
    if path.as_os_str().as_encoded_bytes().starts_with(br"\\") {
        let what = "the database is on a network share, or its path is too long for SQLite (260 characters)";
        return Err(Error::new(ErrorKind::AccessDenied, what)
            .with_remedy("put it on a local drive, under a shorter path")
            .with_path(path));
    }
    match file::create_private(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(of_engine(Error::io("cannot create the database", error), &path))
        }
        _ => Ok(path),
    }
}

/// With what to do and where, as an error of the engine: a file that cannot be reached signs nobody out.
fn of_engine(error: Error, path: &Path) -> Error {
    let kind = match error.kind() {
        ErrorKind::Io => ErrorKind::EngineUnavailable,
        _ => ErrorKind::AccessDenied,
    };
    Error::new(kind, error.what().to_owned())
        .with_remedy(error.remedy().to_owned())
        .with_path(error.path().unwrap_or(path))
        .with_source(error)
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
