//! Whether a lock on this file system keeps another one out.

use std::{
    fs::{self, TryLockError},
    path::Path,
};

use sealed_cache_platform::file;

use super::Finding;

pub(crate) fn look(folder: &Path) -> Vec<Finding> {
    let Some(folder) = folder.ancestors().find(|folder| folder.exists()) else { return Vec::new() };
    let what = folder.display().to_string();
    let path = folder.join(format!(".sealed-cache-doctor-{}-lock", std::process::id()));
    let tried = excludes(&path);
    let _ = fs::remove_file(&path);
    vec![match tried {
        Ok(true) => Finding::good(what, "a lock that is held keeps others out"),
        Ok(false) => Finding::problem(
            what,
            "a lock that is held keeps nobody out: two programs can overwrite each other's tokens",
            "put the caches on a local disk (XDG_DATA_HOME)",
        ),
        Err(error) => Finding::problem(
            what,
            format!("locks cannot be tried: {error}"),
            "programs need a folder that they can write to, on a file system that has locks",
        ),
    }]
}

fn excludes(path: &Path) -> std::io::Result<bool> {
    let (first, second) = (file::open_lock_file(path)?, file::open_lock_file(path)?);
    match first.try_lock() {
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) => return Ok(false),
        Ok(()) => {}
    }
    Ok(matches!(second.try_lock(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_disk_has_locks_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let found = look(folder.path());
        assert_eq!(found[0].message, "a lock that is held keeps others out");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
