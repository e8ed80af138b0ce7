//! One holder at a time, across threads and processes; every wait has an end, and says who was waited for.

use std::{env, time::Instant};

use sealed_cache::{Cancellation, ErrorKind};

use super::*;

/// A lock that was left behind is there at the start: one takes it over, and the others wait for that one.
#[test]
fn threads_and_processes_exclude_each_other() {
    const EACH: u32 = 10;
    let stage = Stage::new();
    fs::write(stage.folder.path().join("counter"), "0").unwrap();
    stage.left(format!("{}", ended()).as_bytes(), 10);
    let (path, times) = (stage.path(), EACH.to_string());
    let arguments = [path.to_str().unwrap(), &times];
    let children: Vec<_> = (0..3).map(|_| Child::start("counts_under_the_lock", &arguments)).collect();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| count(&path, EACH));
        }
    });
    children.into_iter().for_each(Child::ends);
    assert_eq!(fs::read_to_string(stage.folder.path().join("counter")).unwrap(), (6 * EACH).to_string());
    let left: Vec<_> =
        fs::read_dir(stage.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["counter"], "something was left behind");
}

#[test]
fn the_lock_file_names_its_holder_and_is_gone_when_it_is_given_back() {
    let stage = Stage::new();
    let guard = stage.lock().acquire(&soon()).unwrap();
    assert!(guard.is_held());
    assert_eq!(guard.path(), stage.lock().path());
    let program = env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap();
    let record = fs::read_to_string(stage.path()).unwrap();
    assert_eq!(record, format!("{} {program}", std::process::id()));
    drop(guard);
    assert!(!stage.path().exists());
}

#[test]
fn it_is_had_when_the_holder_gives_it_back() {
    let stage = Stage::new();
    let mut holder = stage.holder();
    assert!(stage.try_lock().is_none());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| stage.lock().acquire(&soon()).map(drop));
        holder.tell("give it back");
        waiting.join().unwrap().unwrap();
    });
    holder.expect("given back");
}

#[test]
fn it_is_had_when_the_holder_was_killed() {
    let stage = Stage::new();
    let mut holder = stage.holder();
    holder.kill();
    // Windows removes the file with its process. Elsewhere it is there, and may be taken over when it is old enough.
    if let Ok(record) = fs::read(stage.path()) {
        assert!(stage.try_lock().is_none(), "it is too young");
        stage.left(&record, 6);
    }
    assert!(stage.try_lock().is_some());
    assert!(!stage.path().exists());
}

#[test]
fn a_time_out_names_the_process_that_holds_it() {
    let stage = Stage::new();
    let holder = stage.holder();
    let started = Instant::now();
    let error = stage.timeout();
    assert!(started.elapsed() >= SHORT && started.elapsed() < SHORT + Duration::from_secs(10));
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert_eq!(error.path(), Some(stage.lock().path()));
    let program = env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap();
    assert!(
        error.what().contains(&format!("held by {program} (pid {}), which runs", holder.id())),
        "{error}"
    );
    assert!(error.remedy().starts_with("wait for that program or end it"), "{error}");
}

#[test]
fn a_thread_that_waits_for_its_own_process_is_told() {
    let stage = Stage::new();
    let held = stage.lock().acquire(&soon()).unwrap();
    assert!(stage.try_lock().is_none());
    let error = stage.timeout();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.what().contains("this very process"), "{error}");
    assert!(error.remedy().contains("from within its own guard or closure"), "{error}");
    drop(held);
    assert!(stage.try_lock().is_some());
}

#[test]
fn no_time_at_all_is_one_attempt() {
    let stage = Stage::new();
    let now = || Deadline::after(Duration::ZERO);
    drop(stage.lock().acquire(&now()).unwrap());
    let _holder = stage.holder();
    assert_eq!(stage.lock().acquire(&now()).unwrap_err().kind(), ErrorKind::LockTimeout);
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
        let error = waiting.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(error.to_string().contains("gave up waiting for the lock"), "{error}");
    });
    assert!(started.elapsed() < PATIENCE / 2);
}

#[test]
fn a_guard_can_be_dropped_by_another_thread() {
    let stage = Stage::new();
    let guard = stage.lock().acquire(&soon()).unwrap();
    thread::spawn(move || drop(guard)).join().unwrap();
    assert!(stage.try_lock().is_some());
}

#[test]
fn a_lock_needs_a_folder_and_a_name() {
    let stage = Stage::new();
    assert_eq!(FamilyLock::new("/").unwrap_err().kind(), ErrorKind::Configuration);
    let nowhere = stage.folder.path().join("nowhere").join("a.lockfile");
    assert_eq!(FamilyLock::new(nowhere).unwrap_err().kind(), ErrorKind::Io);
    let below = stage.folder.path().join("below");
    fs::create_dir(&below).unwrap();
    let lock = FamilyLock::new(below.join("a.lockfile")).unwrap();
    fs::remove_dir(&below).unwrap();
    let error = lock.try_acquire().unwrap_err();
    assert!(
        error.kind() == ErrorKind::Io && error.to_string().contains("cannot create the lock file"),
        "{error}"
    );
}
