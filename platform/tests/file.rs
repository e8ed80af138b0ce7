//! Private files and folders, as far as they are the same on every system; and what only Windows has.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    thread,
    time::{Duration, SystemTime},
};

use sealed_cache_platform::file;

#[test]
fn a_stamp_tells_one_file_from_another_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a"), folder.path().join("b"));
    assert_eq!(file::stamp(&path).unwrap(), None);
    file::create_private(&path).unwrap().write_all(b"one").unwrap();
    file::create_private(&other).unwrap().write_all(b"two").unwrap();
    let (first, second) = (file::stamp(&path).unwrap().unwrap(), file::stamp(&other).unwrap().unwrap());
    assert!(!first.is_same_file(&second));
    assert_eq!(file::open_to_read(&path).unwrap().unwrap().stamp(), first);
    file::replace(&other, &path).unwrap();
    file::sync_folder(folder.path()).unwrap();
    let replaced = file::stamp(&path).unwrap().unwrap();
    assert!(replaced.is_same_file(&second) && replaced.size() == 3);
    assert_eq!(file::stamp(&other).unwrap(), None);
}

#[test]
fn a_time_of_modification_is_kept_to_100_nanoseconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_700);
    let created = file::create_private(&path).unwrap();
    created.set_modified(time).unwrap();
    assert_eq!(file::stamp_of(&created).unwrap().modified(), time);
    assert_eq!(file::stamp(&path).unwrap().unwrap().modified(), time);
}

#[test]
fn a_file_is_replaced_and_removed_in_spite_of_readers() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a"), folder.path().join("b"));
    let read = || {
        let mut text = String::new();
        file::open_to_read(&path).unwrap().unwrap().read_to_string(&mut text).unwrap();
        text
    };
    // Some systems let nobody replace a file while it is open: then this waits.
    let reading_while = |work: &dyn Fn()| {
        let mut reader = file::open_to_read(&path).unwrap().unwrap();
        thread::scope(|scope| {
            let reading = scope.spawn(move || {
                thread::sleep(Duration::from_millis(300));
                let mut text = String::new();
                reader.read_to_string(&mut text).unwrap();
                text
            });
            work();
            reading.join().unwrap()
        })
    };
    file::create_private(&path).unwrap().write_all(b"one").unwrap();
    file::create_private(&other).unwrap().write_all(b"two").unwrap();
    assert_eq!(reading_while(&|| file::replace(&other, &path).unwrap()), "one");
    assert_eq!(read(), "two");
    assert_eq!(reading_while(&|| file::remove(&path).unwrap()), "two");
    file::remove(&path).unwrap();
    assert!(file::open_to_read(&path).unwrap().is_none());
}

#[test]
fn a_folder_is_not_a_file_and_a_file_not_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("x/y");
    file::create_private_folders(&inner).unwrap();
    file::create_private_folders(&inner).unwrap();
    assert_eq!(file::check_folder(&inner).unwrap(), None);
    assert_eq!(file::open_to_read(&inner).unwrap_err().kind(), ErrorKind::IsADirectory);
    let path = inner.join("a");
    drop(file::create_private(&path).unwrap());
    assert_eq!(file::create_private(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(file::check_folder(&path).unwrap_err().kind(), ErrorKind::NotADirectory);
    assert_eq!(file::create_private_folders(&path).unwrap_err().kind(), ErrorKind::NotADirectory);
}

#[test]
fn what_we_create_is_ours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("x");
    file::create_private_folders(&inner).unwrap();
    for place in [folder.path(), &inner] {
        drop(file::create_private(&place.join("a")).unwrap());
        let opened = file::open_to_read(&place.join("a")).unwrap().unwrap();
        assert_eq!((opened.other_owner(), opened.not_private()), (None, None));
        let lock = file::open_lock_file(&place.join("a.lock")).unwrap();
        lock.try_lock().unwrap();
        assert!(file::open_lock_file(&place.join("a.lock")).unwrap().try_lock().is_err());
    }
    fs::write(inner.join("b"), b"by others, in our folder").unwrap();
}

#[cfg(windows)]
mod windows {
    use std::{os::windows::ffi::OsStrExt, path::Path, ptr};

    use sealed_cache_platform::file::Problem;
    use windows_sys::Win32::Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        DACL_SECURITY_INFORMATION, SetFileSecurityW,
    };

    use super::*;

    /// Give this access control list, in the language of Windows for it, to a file or folder.
    fn give(list: &str, path: &Path) {
        let list: Vec<u16> = list.encode_utf16().chain([0]).collect();
        let path: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
        let mut descriptor = ptr::null_mut();
        // SAFETY: both texts end with a zero; the descriptor is leaked.
        unsafe {
            let made = ConvertStringSecurityDescriptorToSecurityDescriptorW(
                list.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            );
            assert!(made != 0, "{}", std::io::Error::last_os_error());
            let set = SetFileSecurityW(path.as_ptr(), DACL_SECURITY_INFORMATION, descriptor);
            assert!(set != 0, "{}", std::io::Error::last_os_error());
        }
    }

    #[test]
    fn a_folder_that_everyone_may_write_is_refused_and_what_we_create_in_it_is_still_ours() {
        let folder = tempfile::tempdir().unwrap();
        give("D:P(A;OICI;FA;;;WD)", folder.path());
        let problem = file::check_folder(folder.path()).unwrap().expect("a problem");
        assert_eq!(problem, Problem::WritableByGroup("Everyone"));
        assert!(problem.remedy(folder.path()).contains("icacls"), "{}", problem.remedy(folder.path()));

        drop(file::create_private(&folder.path().join("ours")).unwrap());
        assert_eq!(file::open_to_read(&folder.path().join("ours")).unwrap().unwrap().not_private(), None);
    }

    #[test]
    fn a_file_that_everyone_may_read_is_not_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(file::create_private(&path).unwrap());
        give("D:P(A;;FA;;;OW)(A;;FA;;;SY)(A;;GR;;;WD)", &path);
        let opened = file::open_to_read(&path).unwrap().unwrap();
        assert_eq!(opened.not_private(), Some(&Problem::OpenToGroup("Everyone")));
        assert_eq!(opened.other_owner(), None);
    }

    #[test]
    fn a_folder_that_everyone_may_read_is_no_problem() {
        let folder = tempfile::tempdir().unwrap();
        give("D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;GRGX;;;WD)", folder.path());
        assert_eq!(file::check_folder(folder.path()).unwrap(), None);
    }
}
