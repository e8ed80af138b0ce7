//! Lock files that exist only while somebody has the lock.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

use sealed_cache_platform::file::{self, Creation, Existing};

fn created(path: &Path) -> File {
    match file::create_exclusive(path).unwrap() {
        Creation::Created(file) => file,
        other => panic!("{other:?}"),
    }
}

fn opened(path: &Path) -> File {
    match file::open_exclusive(path).unwrap() {
        Existing::Opened(file) => file,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_creates_it_has_it_until_it_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lockfile");
    let mut first = created(&path);
    first.write_all(b"1 a").unwrap();
    for _ in 0..2 {
        assert!(matches!(file::create_exclusive(&path).unwrap(), Creation::Exists));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "1 a", "others can read who has it");
    file::release_exclusive(&path, first).unwrap();
    assert!(!path.exists());
    file::release_exclusive(&path, created(&path)).unwrap();
}

#[test]
fn one_that_was_left_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lockfile");
    assert!(matches!(file::open_exclusive(&path).unwrap(), Existing::Gone));
    fs::write(&path, "1 a").unwrap();
    let file = opened(&path);
    file::lock_exclusive(&file).unwrap();
    let file = file::take_over(file).unwrap().unwrap_or_else(|| created(&path));
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    file::release_exclusive(&path, file).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_record_lock_has_one_holder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "").unwrap();
    let open = || File::options().read(true).write(true).open(&path).unwrap();
    let (first, second) = (open(), open());
    assert!(file::lock_record(&first).unwrap());
    // Elsewhere, such a lock is one of the process, which can take it again.
    if cfg!(any(target_os = "linux", windows)) {
        assert!(!file::lock_record(&second).unwrap());
    }
    drop(first);
    assert!(file::lock_record(&second).unwrap());
}

#[test]
fn where_there_is_no_folder_it_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("a.lockfile");
    assert_eq!(file::create_exclusive(&path).unwrap_err().kind(), ErrorKind::NotFound);
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::TryLockError,
        os::unix::fs::{MetadataExt, symlink},
    };

    use sealed_cache_platform::file::Problem;

    use super::*;

    #[test]
    fn it_is_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lockfile");
        assert_eq!(created(&path).metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn only_our_own_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lockfile");
        let ours = created(&path);
        fs::remove_file(&path).unwrap();
        file::release_exclusive(&path, ours).unwrap();
        let ours = created(&path);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "somebody else's").unwrap();
        file::release_exclusive(&path, ours).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
    }

    #[test]
    fn what_is_locked_cannot_be_locked_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lockfile");
        let held = created(&path);
        file::lock_exclusive(&held).unwrap();
        let outcome = file::lock_exclusive(&opened(&path));
        assert!(matches!(outcome, Err(TryLockError::WouldBlock)), "{outcome:?}");
    }

    fn problem(path: &Path) -> Problem {
        Problem::of(&file::open_exclusive(path).unwrap_err()).unwrap().clone()
    }

    #[test]
    fn what_leads_elsewhere_is_neither_made_nor_opened() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["a.lockfile", "other"].map(|name| folder.path().join(name));
        symlink(&other, &path).unwrap();
        assert!(matches!(file::create_exclusive(&path).unwrap(), Creation::Exists));
        assert!(!other.exists(), "the link was followed");
        assert_eq!(problem(&path), Problem::SymbolicLink);
        fs::remove_file(&path).unwrap();
        fs::write(&other, "of somebody").unwrap();
        fs::hard_link(&other, &path).unwrap();
        assert_eq!(problem(&path), Problem::SecondName);
    }
}
