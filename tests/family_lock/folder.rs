//! The lock of a folder, which is Java's.

use sealed_cache::ErrorKind;

use super::*;

impl Stage {
    fn with_folder(&self) -> FamilyLock {
        self.lock().with_folder_lock()
    }

    fn folder_lock(&self) -> PathBuf {
        self.folder.path().join(".lockfile")
    }

    fn leave_folder_lock(&self, record: &str, seconds: u64) {
        leave(&self.folder_lock(), record.as_bytes(), Duration::from_secs(seconds));
    }
}

fn host() -> String {
    sealed_cache_platform::process::host_name().unwrap()
}

#[test]
fn both_are_held_and_both_are_given_back() {
    let stage = Stage::new();
    let guard = stage.with_folder().acquire(&soon()).unwrap();
    assert!(stage.path().exists());
    // On Windows the record lock keeps others from reading.
    if cfg!(unix) {
        let record = fs::read_to_string(stage.folder_lock()).unwrap();
        assert_eq!(record, format!("{} {}", std::process::id(), host()));
    }
    assert!(stage.folder_lock().exists() && guard.is_held());
    drop(guard);
    assert!(!stage.path().exists() && !stage.folder_lock().exists());
}

#[test]
fn without_the_lock_of_the_file_that_of_the_folder_is_not_touched() {
    let stage = Stage::new();
    let holder = stage.holder();
    assert!(stage.with_folder().try_acquire().unwrap().is_none());
    let error = stage.with_folder().acquire(&Deadline::after(SHORT)).unwrap_err();
    assert!(error.to_string().contains(&format!("(pid {})", holder.id())), "{error}");
    assert!(!stage.folder_lock().exists());
}

#[test]
fn without_the_lock_of_the_folder_that_of_the_file_is_given_back() {
    let (stage, child) = (Stage::new(), waits());
    stage.leave_folder_lock(&format!("{} {}", child.id(), host()), 0);
    assert!(stage.with_folder().try_acquire().unwrap().is_none());
    let error = stage.with_folder().acquire(&Deadline::after(SHORT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.to_string().contains(&format!("{} (pid {}), which runs", host(), child.id())), "{error}");
    assert!(stage.try_lock().is_some(), "the lock of the file is free");
}

#[test]
fn two_files_of_one_folder_exclude_each_other() {
    let stage = Stage::new();
    let other = FamilyLock::new(stage.folder.path().join("other.lockfile")).unwrap();
    let guard = stage.with_folder().acquire(&soon()).unwrap();
    drop(other.acquire(&soon()).unwrap());
    let other = other.with_folder_lock();
    assert!(other.try_acquire().unwrap().is_none());
    drop(guard);
    assert!(other.try_acquire().unwrap().is_some());
}

#[test]
fn the_lock_of_a_folder_alone_is_not_taken_twice() {
    let stage = Stage::new();
    let lock = FamilyLock::new(stage.folder_lock()).unwrap().with_folder_lock();
    let guard = lock.acquire(&soon()).unwrap();
    assert!(stage.with_folder().try_acquire().unwrap().is_none());
    drop(guard);
}

#[test]
fn what_a_dead_java_left_is_taken_over_after_5_seconds() {
    let (stage, record) = (Stage::new(), format!("{} {}", ended(), host()));
    stage.leave_folder_lock(&record, 0);
    assert!(stage.with_folder().try_acquire().unwrap().is_none());
    stage.leave_folder_lock(&record, 6);
    assert!(stage.with_folder().try_acquire().unwrap().is_some());
    assert!(!stage.folder_lock().exists());
}

#[test]
fn a_process_of_another_machine_is_not_judged_by_those_of_this_one() {
    let (stage, record) = (Stage::new(), format!("{} another.example.test", ended()));
    stage.leave_folder_lock(&record, 55);
    assert!(stage.with_folder().try_acquire().unwrap().is_none());
    let error = stage.with_folder().acquire(&Deadline::after(SHORT)).unwrap_err();
    assert!(error.to_string().contains("on the machine another.example.test"), "{error}");
    stage.leave_folder_lock(&record, 61);
    assert!(stage.with_folder().try_acquire().unwrap().is_some());
}

#[cfg(unix)]
mod record_lock {
    use std::{
        io::{BufRead, BufReader, Write},
        process::{self, Command, Stdio},
    };

    use super::*;

    /// Locks the file as Java does, or says that it cannot; then waits for a line.
    const LOCKS: &str = "\
import fcntl, sys
file = open(sys.argv[1], 'r+')
try:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print('locked', flush=True)
except BlockingIOError:
    print('taken', flush=True)
sys.stdin.readline()
";

    struct Python(process::Child);

    impl Python {
        /// And what it says.
        fn locks(path: &Path) -> (Self, String) {
            let mut command = Command::new("python3");
            command.args(["-c", LOCKS]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut said = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
            (Self(child), said.trim_end().to_owned())
        }

        fn ends(mut self) {
            self.0.stdin.take().unwrap().write_all(b"\n").unwrap();
            assert!(self.0.wait().unwrap().success());
        }
    }

    #[test]
    #[ignore = "needs Python: cargo xtask test keychain"]
    fn it_excludes_who_takes_a_record_lock() {
        let stage = Stage::new();
        let guard = stage.with_folder().acquire(&soon()).unwrap();
        let (python, said) = Python::locks(&stage.folder_lock());
        assert_eq!(said, "taken");
        python.ends();
        drop(guard);
    }

    #[test]
    #[ignore = "needs Python: cargo xtask test keychain"]
    fn who_has_a_record_lock_keeps_it_however_old_the_file_is() {
        let (stage, record) = (Stage::new(), format!("{} {}", ended(), host()));
        stage.leave_folder_lock(&record, 1000);
        let (python, said) = Python::locks(&stage.folder_lock());
        assert_eq!(said, "locked");
        let error = stage.with_folder().acquire(&Deadline::after(SHORT)).unwrap_err();
        assert!(error.to_string().contains("somebody still has the file locked"), "{error}");
        assert_eq!(fs::read_to_string(stage.folder_lock()).unwrap(), record);
        python.ends();
        assert!(stage.with_folder().try_acquire().unwrap().is_some());
    }
}
