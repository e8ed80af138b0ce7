//! What both kinds of lock say when they cannot be had.

use std::{
    io,
    path::{Path, PathBuf},
};

use sealed_cache_platform::file::Problem;

use crate::{Deadline, Error, ErrorKind, Result};

/// What to do where a program waits for itself.
pub(super) const OWN_GUARD: &str =
    "do not lock or update a cache from within its own guard or closure, and keep guards short";

/// One path for one file, so that every handle in the process finds the same queue.
pub(super) fn canonical(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| {
        Error::new(ErrorKind::Configuration, "a lock needs the name of a file")
            .with_path(path)
            .with_remedy("name a file in a folder that exists")
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| Error::io("cannot find the folder of the lock file", error).with_path(folder))?;
    Ok(folder.join(name))
}

/// The wait is over: either it was given up, or it took too long for a lock that was held so, with this remedy.
pub(super) fn waited(deadline: &Deadline, held: &str, remedy: &'static str) -> Error {
    if deadline.is_cancelled() {
        return Error::new(ErrorKind::Cancelled, "gave up waiting for the lock, as the program asked")
            .with_remedy("nothing was changed; try again");
    }
    let waited = deadline.waited().as_secs_f32();
    Error::new(ErrorKind::LockTimeout, format!("waited {waited:.1} s for the lock{held}")).with_remedy(remedy)
}

/// The lock file cannot be opened, or must not be used.
pub(super) fn not_opened(path: &Path, error: io::Error) -> Error {
    match Problem::of(&error) {
        Some(problem) => unusable(path, problem),
        None => Error::io("cannot open the lock file", error).with_path(path),
    }
}

/// The lock file must not be used.
pub(super) fn unusable(path: &Path, problem: &Problem) -> Error {
    let kind = if problem.is_other_owner() { ErrorKind::OtherOwner } else { ErrorKind::Configuration };
    Error::new(kind, format!("the lock file {problem}")).with_path(path).with_remedy(problem.remedy(path))
}

/// The file system does not do what a lock needs.
pub(super) fn no_lock(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the file system here cannot lock files: {error}"))
        .with_path(path)
        .with_remedy("name a folder on a local disk")
        .with_source(error)
}
