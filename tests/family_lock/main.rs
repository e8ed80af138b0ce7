//! `FamilyLock`: the lock of the MSAL extension libraries. One holder at a time, nothing of a peer's is taken while it lives,
//! and what a dead one left does not stay in the way.

#[path = "../common/child.rs"]
mod child;

mod folder;
mod holding;
#[cfg(unix)]
mod lost;
mod stale;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use child::{Call, Child, PATIENCE};
use sealed_cache::{Deadline, FamilyLock, FamilyLockGuard};
use tempfile::TempDir;

const SHORT: Duration = Duration::from_millis(150);

fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cache.bin.lockfile")
    }

    fn lock(&self) -> FamilyLock {
        FamilyLock::new(self.path()).unwrap()
    }

    fn try_lock(&self) -> Option<FamilyLockGuard> {
        self.lock().try_acquire().unwrap()
    }

    /// The error of a wait that is too short.
    fn timeout(&self) -> sealed_cache::Error {
        self.lock().acquire(&Deadline::after(SHORT)).unwrap_err()
    }

    /// A lock file that was last written so many seconds ago.
    fn left(&self, record: &[u8], seconds: u64) {
        leave(&self.path(), record, Duration::from_secs(seconds));
    }

    /// Another process that holds the lock until it is told to give it back.
    fn holder(&self) -> Child {
        let child = Child::start("holds_the_lock", &[self.path().to_str().unwrap()]);
        child.expect("held");
        child
    }
}

fn leave(path: &Path, record: &[u8], age: Duration) {
    fs::write(path, record).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

/// The id of a process that has ended.
fn ended() -> u32 {
    let mut child = waits();
    child.kill();
    child.id()
}

/// Another process that has nothing to do with locks.
fn waits() -> Child {
    let child = Child::start("waits_to_be_told", &[]);
    child.expect("here");
    child
}

#[test]
fn waits_to_be_told() {
    let Some(call) = Call::of("waits_to_be_told") else { return };
    call.say("here");
    call.hear();
}

#[test]
fn holds_the_lock() {
    let Some(call) = Call::of("holds_the_lock") else { return };
    let guard = FamilyLock::new(call.argument(0)).unwrap().acquire(&soon()).unwrap();
    call.say("held");
    call.hear();
    drop(guard);
    call.say("given back");
    call.hear();
}

/// The other process: adds to a number in a file, under the lock.
#[test]
fn counts_under_the_lock() {
    let Some(call) = Call::of("counts_under_the_lock") else { return };
    count(Path::new(call.argument(0)), call.number(1));
}

fn count(path: &Path, times: u32) {
    let lock = FamilyLock::new(path).unwrap().with_folder_lock();
    let [counter, inside] = ["counter", "inside"].map(|name| path.with_file_name(name));
    for _ in 0..times {
        let guard = lock.acquire(&soon()).unwrap();
        // Nobody else is inside.
        File::create_new(&inside).unwrap();
        let count: u32 = fs::read_to_string(&counter).unwrap().parse().unwrap();
        thread::yield_now();
        fs::write(&counter, (count + 1).to_string()).unwrap();
        fs::remove_file(&inside).unwrap();
        assert!(guard.is_held());
    }
}
