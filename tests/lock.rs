//! `FileLock`: one holder at a time, across threads and processes; every wait has an end, and says who was waited for.

#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use child::{Call, Child, PATIENCE};
use place::{open, text};
use sealed_cache::{Cancellation, Deadline, ErrorKind, FileLock};
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
        self.folder.path().join("state.lock")
    }

    fn lock(&self) -> FileLock {
        FileLock::new(self.path()).unwrap()
    }

    /// Another process that holds the lock until it is told to give it back.
    fn holder(&self) -> Child {
        let child = Child::start("holds_the_lock", &[text(&self.path())]);
        child.expect("held");
        child
    }
}

#[test]
fn holds_the_lock() {
    let Some(call) = Call::of("holds_the_lock") else { return };
    let lock = FileLock::new(call.argument(0)).unwrap();
    let guard = lock.acquire(&soon()).unwrap();
    call.say("held");
    call.hear();
    drop(guard);
    call.say("given back");
    call.hear();
}

/// Until a thread that was sent off to wait does wait. Where the system does not tell, a pause has to do.
fn until_asleep(thread: Option<PathBuf>) {
    let Some(state) = thread.map(|thread| Path::new("/proc").join(thread).join("stat")) else {
        return thread::sleep(Duration::from_millis(200));
    };
    let is_asleep = || fs::read_to_string(&state).unwrap().rsplit(')').next().unwrap().starts_with(" S");
    // Twice in a row: a thread may nap on its way.
    let mut seen = 0;
    while seen < 3 {
        thread::sleep(Duration::from_millis(1));
        seen = if is_asleep() { seen + 1 } else { 0 };
    }
}

#[test]
fn threads_get_it_in_the_order_in_which_they_asked() {
    let stage = Stage::new();
    let held = stage.lock().acquire(&soon()).unwrap();
    let (got, order) = mpsc::channel();
    thread::scope(|scope| {
        for number in 0..6 {
            let (asks, asked) = mpsc::channel();
            // Each has a handle of its own, by the same or by another name.
            let path = if number % 2 == 0 { stage.path() } else { stage.folder.path().join("./state.lock") };
            let got = got.clone();
            scope.spawn(move || {
                let lock = FileLock::new(path).unwrap();
                asks.send(fs::read_link("/proc/thread-self").ok()).unwrap();
                let _guard = lock.acquire(&soon()).unwrap();
                got.send(number).unwrap();
            });
            until_asleep(asked.recv().unwrap());
        }
        assert!(order.try_recv().is_err());
        drop(held);
    });
    assert_eq!(order.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
}

/// Not a moment before its deadline, and not long after.
fn assert_times_out(stage: &Stage) -> sealed_cache::Error {
    let started = Instant::now();
    let error = stage.lock().acquire(&Deadline::after(SHORT)).unwrap_err();
    let waited = started.elapsed();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.kind().is_temporary());
    assert!(waited >= SHORT && waited < SHORT + Duration::from_secs(10), "{waited:?}");
    error
}

#[test]
fn a_thread_waits_until_its_deadline() {
    let stage = Stage::new();
    let _held = stage.lock().acquire(&soon()).unwrap();
    let error = assert_times_out(&stage).to_string();
    // On a busy machine it is longer; in whole it is said how long.
    let waited = error.strip_prefix("waited ").and_then(|rest| rest.split_once(" s for the lock"));
    assert!(waited.is_some_and(|(waited, _)| waited.parse::<f32>().unwrap() >= 0.1), "{error}");
    assert!(error.contains("this very process"), "{error}");
}

#[test]
fn a_time_out_names_the_process_that_holds_it() {
    let stage = Stage::new();
    let holder = stage.holder();
    let error = assert_times_out(&stage).to_string();
    let program = env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap();
    assert!(error.contains(&format!("{program} (pid {})", holder.id())), "{error}");
    assert!(error.contains("do not delete the file"), "{error}");
    let named = stage.lock().last_holder().unwrap();
    assert_eq!((named.process(), named.program()), (holder.id(), program));
}

#[test]
fn no_time_at_all_is_one_attempt() {
    let stage = Stage::new();
    let now = || Deadline::after(Duration::ZERO);
    drop(stage.lock().acquire(&now()).unwrap());
    let holder = stage.holder();
    assert_eq!(stage.lock().acquire(&now()).unwrap_err().kind(), ErrorKind::LockTimeout);
    assert!(stage.lock().try_acquire().unwrap().is_none());
    drop(holder);
}

#[test]
fn it_is_had_as_soon_as_the_holder_gives_it_back() {
    let stage = Stage::new();
    let mut holder = stage.holder();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| stage.lock().acquire(&soon()).map(drop));
        holder.tell("give it back");
        waiting.join().unwrap().unwrap();
    });
    // The process lives on.
    holder.expect("given back");
    assert!(stage.lock().try_acquire().unwrap().is_some());
}

#[test]
fn it_is_had_as_soon_as_the_holder_is_killed() {
    let stage = Stage::new();
    let mut holder = stage.holder();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| stage.lock().acquire(&soon()).map(drop));
        holder.kill();
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn use_from_within_its_own_guard_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    let impatient = place::builder::<place::Numbers>(folder.path()).lock_timeout(SHORT).open().unwrap();
    let error = cache.update(|_| impatient.update(|_| ())).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.to_string().contains("this very process"), "{error}");
    assert!(error.remedy().contains("from within its own guard or closure"), "{error}");
}

#[test]
fn a_wait_can_be_given_up_from_another_thread() {
    let stage = Stage::new();
    let in_this_process = stage.lock().acquire(&soon()).unwrap();
    assert_given_up(&stage);
    drop(in_this_process);
    let _in_another = stage.holder();
    assert_given_up(&stage);
}

fn assert_given_up(stage: &Stage) {
    let cancellation = Cancellation::new();
    let deadline = soon().with_cancellation(cancellation.clone());
    let started = Instant::now();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| stage.lock().acquire(&deadline).map(drop));
        cancellation.cancel();
        assert_eq!(waiting.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    });
    assert!(started.elapsed() < PATIENCE / 2);
}

#[test]
fn who_gave_up_is_not_given_the_lock() {
    let stage = Stage::new();
    let held = stage.lock().acquire(&soon()).unwrap();
    assert_times_out(&stage);
    drop(held);
    assert!(stage.lock().try_acquire().unwrap().is_some());
}

#[test]
fn a_guard_can_be_dropped_by_another_thread() {
    let stage = Stage::new();
    let guard = stage.lock().acquire(&soon()).unwrap();
    thread::spawn(move || drop(guard)).join().unwrap();
    assert!(stage.lock().try_acquire().unwrap().is_some());
}

/// The other process: adds to a number in a file, and deletes the lock file each time while it holds the lock.
#[test]
fn counts_and_deletes() {
    let Some(call) = Call::of("counts_and_deletes") else { return };
    let lock = FileLock::new(call.argument(0)).unwrap();
    let counter = Path::new(call.argument(1));
    for _ in 0..call.number(2) {
        let guard = lock.acquire(&soon()).unwrap();
        let count: u32 = fs::read_to_string(counter).unwrap().parse().unwrap();
        fs::write(counter, (count + 1).to_string()).unwrap();
        // The last thing: from here on, somebody else may have a lock of the same name.
        fs::remove_file(lock.path()).unwrap();
        drop(guard);
    }
}

/// A waiting process must not take a deleted file for the lock.
#[test]
fn a_lock_file_that_is_deleted_lets_no_two_in_at_once() {
    const PROCESSES: u32 = 4;
    const TIMES: u32 = 150;
    let stage = Stage::new();
    let counter = stage.folder.path().join("counter");
    fs::write(&counter, "0").unwrap();
    let (lock, times) = (stage.path(), TIMES.to_string());
    let arguments = [text(&lock), text(&counter), &times];
    let children: Vec<_> = (0..PROCESSES).map(|_| Child::start("counts_and_deletes", &arguments)).collect();
    children.into_iter().for_each(Child::ends);
    assert_eq!(fs::read_to_string(counter).unwrap(), (PROCESSES * TIMES).to_string());
}

#[test]
#[cfg_attr(
    wine,
    ignore = "needs the name of an open file to go at once when it is deleted, as it does on Windows"
)]
fn a_lock_file_that_is_deleted_while_it_is_held_is_made_anew() {
    let stage = Stage::new();
    let mut holder = stage.holder();
    fs::remove_file(stage.path()).unwrap();
    // Nothing can be done for the holder; the others exclude each other.
    let guard = stage.lock().acquire(&soon()).unwrap();
    holder.tell("give it back");
    holder.expect("given back");
    let late = Child::start("holds_the_lock", &[text(&stage.path())]);
    assert!(stage.path().exists());
    drop(guard);
    late.expect("held");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, chown, symlink};

    use super::*;

    fn inode(path: &Path) -> u64 {
        fs::metadata(path).unwrap().ino()
    }

    #[test]
    fn the_lock_file_is_never_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path());
        cache.update(|numbers| numbers.push(1)).unwrap();
        let lock = folder.path().join("tokens.lock");
        let before = inode(&lock);
        cache.clear().unwrap();
        drop(cache);
        open(folder.path()).update(|numbers| numbers.push(1)).unwrap();
        open(folder.path()).verify().unwrap();
        assert_eq!(inode(&lock), before);
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let stage = Stage::new();
        let elsewhere = stage.folder.path().join("elsewhere");
        for exists in [false, true] {
            if exists {
                fs::write(&elsewhere, "of somebody").unwrap();
            }
            let _ = fs::remove_file(stage.path());
            symlink(&elsewhere, stage.path()).unwrap();
            let error = stage.lock().acquire(&soon()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains("symbolic link"), "{error}");
            assert_eq!(elsewhere.exists(), exists, "the link was followed");
        }
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "of somebody");
    }

    #[test]
    #[ignore = "needs root: cargo xtask test keychain"]
    fn the_lock_file_of_another_user_is_refused() {
        let stage = Stage::new();
        drop(stage.lock().acquire(&soon()).unwrap());
        chown(stage.path(), Some(12_345), None).unwrap();
        let error = stage.lock().acquire(&soon()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OtherOwner);
        assert!(error.to_string().contains("belongs to user id 12345"), "{error}");
        assert!(error.remedy().contains("chown"), "{error}");
    }
}
