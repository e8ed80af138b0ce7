//! The folder of a private file: created for this user only, and refused if others can put files into it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealed_cache_platform::file::{self, Problem};

use crate::{Error, ErrorKind, Result};

/// The folder by its canonical path.
pub(crate) fn checked_folder(folder: &Path) -> Result<PathBuf> {
    checked(folder, |_| true)
}

/// The same for a folder that programs in other languages make as well, with whatever umask: its group may write it.
pub(crate) fn shared_folder(folder: &Path) -> Result<PathBuf> {
    checked(folder, |problem| !problem.is_writable_by_own_group_only())
}

fn checked(folder: &Path, matters: impl Fn(&Problem) -> bool) -> Result<PathBuf> {
    file::create_private_folders(folder)
        .map_err(|error| Error::io("cannot create the folder", error).with_path(folder))?;
    let canonical = fs::canonicalize(folder)
        .map_err(|error| Error::io("cannot find the folder", error).with_path(folder))?;
    let checked = file::check_folder(&canonical)
        .map_err(|error| Error::io("cannot look at the folder", error).with_path(&canonical))?;
    match checked.filter(matters) {
        None => Ok(canonical),
        Some(problem) => {
            let kind = if problem.is_other_owner() { ErrorKind::OtherOwner } else { ErrorKind::AccessDenied };
            Err(Error::new(kind, format!("the folder {problem}"))
                .with_remedy(problem.remedy(&canonical))
                .with_path(canonical))
        }
    }
}
