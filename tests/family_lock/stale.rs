//! Lock files that nobody gave back: which are taken over, and which never are.

use sealed_cache::{ErrorKind, LockState};
use sealed_cache_platform::process::running_for;

use super::*;

const DAY: u64 = 24 * 60 * 60;

/// What each of the family writes, and ours.
fn records(process: u32) -> Vec<String> {
    vec![
        format!("{process} /usr/bin/az"),
        format!("\u{feff}{process} dotnet\n"),
        format!("{process}"),
        format!("{{{process}}} {{/usr/bin/azd}}"),
        format!("{process} our-program"),
        // Written over a longer one, which was not cut.
        format!("\u{feff}{process} a\nlonger-name\n"),
        format!("{{{process}}} {{a}}12345}} {{b}}"),
    ]
}

fn assert_kept(stage: &Stage) {
    let before = fs::read(stage.path()).unwrap();
    assert!(stage.try_lock().is_none(), "{:?} was taken over", String::from_utf8_lossy(&before));
    assert_eq!(fs::read(stage.path()).unwrap(), before, "it was changed");
}

fn assert_taken_over(stage: &Stage) {
    let before = fs::read(stage.path()).unwrap();
    let guard = stage.try_lock();
    let guard = guard.unwrap_or_else(|| panic!("{:?} was kept", String::from_utf8_lossy(&before)));
    let ours = fs::read_to_string(stage.path()).unwrap();
    assert!(ours.starts_with(&format!("{} ", std::process::id())), "{ours}");
    assert!(guard.is_held());
    drop(guard);
    assert!(!stage.path().exists());
}

#[test]
fn what_a_dead_process_left_is_taken_over_after_5_seconds() {
    let (stage, dead) = (Stage::new(), ended());
    for record in records(dead) {
        stage.left(record.as_bytes(), 1);
        assert_kept(&stage);
        stage.left(record.as_bytes(), 6);
        assert_taken_over(&stage);
    }
}

#[test]
fn what_a_living_process_holds_is_never_taken_over() {
    let (stage, child) = (Stage::new(), waits());
    for record in records(child.id()) {
        stage.left(record.as_bytes(), 0);
        assert_kept(&stage);
    }
    // No lock of theirs is older than they are.
    for process in [Some(std::process::id()), oldest()].into_iter().flatten() {
        let age = running_for(process).unwrap_or(Duration::from_secs(DAY));
        leave(&stage.path(), process.to_string().as_bytes(), age);
        assert_kept(&stage);
    }
}

/// The first process, where it can be asked after.
fn oldest() -> Option<u32> {
    running_for(1).map(|_| 1)
}

#[test]
fn a_process_that_is_younger_than_the_lock_did_not_take_it() {
    let (stage, child) = (Stage::new(), waits());
    stage.left(child.id().to_string().as_bytes(), DAY);
    // Where the system does not tell how old a process is, it may have.
    if running_for(child.id()).is_some() { assert_taken_over(&stage) } else { assert_kept(&stage) }
}

#[test]
fn what_names_nobody_is_taken_over_after_60_seconds() {
    let stage = Stage::new();
    for record in ["", "\u{feff}", "who knows", "{} {a}", "0 a"] {
        for young in [0, 55] {
            stage.left(record.as_bytes(), young);
            assert_kept(&stage);
        }
        stage.left(record.as_bytes(), 61);
        assert_taken_over(&stage);
    }
}

#[test]
fn a_lock_from_the_future_is_not_old() {
    let stage = Stage::new();
    stage.left(ended().to_string().as_bytes(), 0);
    let file = File::options().write(true).open(stage.path()).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(DAY)).unwrap();
    assert_kept(&stage);
}

#[test]
fn a_time_out_says_that_the_holder_has_ended() {
    let (stage, dead) = (Stage::new(), ended());
    stage.left(format!("{{{dead}}} {{/usr/bin/azd}}").as_bytes(), 0);
    let error = stage.timeout();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    let expected = format!("left behind by azd (pid {dead}), which does not run here any more");
    assert!(error.what().contains(&expected), "{error}");
    assert!(error.remedy().contains("it will be taken over when it is 5 s old: try again"), "{error}");
}

#[test]
fn a_time_out_says_that_nobody_is_named() {
    let stage = Stage::new();
    stage.left(b"", 0);
    let error = stage.timeout();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.what().contains("whose file does not say who holds it"), "{error}");
    assert!(error.remedy().contains("60 s"), "{error}");
}

#[test]
fn a_file_that_is_no_lock_file_is_not_touched() {
    let stage = Stage::new();
    let cache = "x".repeat(10_000);
    stage.left(cache.as_bytes(), DAY);
    let error = stage.lock().acquire(&soon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("too large"), "{error}");
    assert_eq!(fs::read_to_string(stage.path()).unwrap(), cache);
}

#[test]
fn a_folder_in_its_place_is_an_error() {
    let stage = Stage::new();
    fs::create_dir(stage.path()).unwrap();
    let error = stage.lock().acquire(&soon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.remedy().contains("a folder is in the place"), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, chown, symlink};

    use super::*;

    #[test]
    fn what_somebody_has_locked_is_never_taken_over() {
        let (stage, dead) = (Stage::new(), ended());
        stage.left(dead.to_string().as_bytes(), DAY);
        let locked = File::open(stage.path()).unwrap();
        locked.lock().unwrap();
        assert_kept(&stage);
        let error = stage.timeout();
        assert_eq!(error.kind(), ErrorKind::LockTimeout);
        assert!(error.what().contains("but somebody still has the file locked"), "{error}");
        drop(locked);
        assert_taken_over(&stage);
    }

    #[test]
    fn it_is_taken_over_in_place() {
        let stage = Stage::new();
        stage.left(ended().to_string().as_bytes(), DAY);
        let before = fs::metadata(stage.path()).unwrap().ino();
        let guard = stage.try_lock().unwrap();
        assert_eq!(fs::metadata(stage.path()).unwrap().ino(), before);
        // Those who use `flock` find it locked.
        assert!(File::open(stage.path()).unwrap().try_lock().is_err());
        drop(guard);
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let stage = Stage::new();
        let elsewhere = stage.folder.path().join("elsewhere");
        for exists in [false, true] {
            if exists {
                leave(&elsewhere, b"of somebody", Duration::from_secs(DAY));
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
    fn a_file_with_a_second_name_is_refused() {
        let stage = Stage::new();
        let elsewhere = stage.folder.path().join("elsewhere");
        leave(&elsewhere, b"of somebody", Duration::from_secs(DAY));
        fs::hard_link(&elsewhere, stage.path()).unwrap();
        let error = stage.timeout();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("second name"), "{error}");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "of somebody");
    }

    #[test]
    #[ignore = "needs root: cargo xtask test keychain"]
    fn what_another_user_left_is_refused() {
        let stage = Stage::new();
        stage.left(ended().to_string().as_bytes(), DAY);
        chown(stage.path(), Some(12_345), None).unwrap();
        let error = stage.timeout();
        assert_eq!(error.kind(), ErrorKind::OtherOwner);
        assert!(error.to_string().contains("belongs to user id 12345"), "{error}");
        assert!(stage.path().exists());
    }
}

/// What a person is told is what the rules make of the same file, and looking changes nothing.
#[test]
fn looking_tells_what_taking_it_would_find() {
    let (stage, dead, child) = (Stage::new(), ended(), waits());
    let state = || {
        let before = fs::read(stage.path()).ok();
        let mut states = stage.lock().states().unwrap();
        assert_eq!(fs::read(stage.path()).ok(), before, "it was changed");
        assert_eq!(states.len(), 1);
        states.remove(0).1
    };
    assert_eq!(state(), LockState::Free);
    stage.left(format!("{dead} az").as_bytes(), 2);
    let LockState::LeftBehind { process, wait, .. } = state() else { panic!("{:?}", state()) };
    assert_eq!(process, Some(dead));
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(3), "{wait:?}");
    assert_eq!(state().to_string(), format!("left behind by az (pid {dead})"));
    stage.left(format!("{dead} az").as_bytes(), 6);
    assert!(matches!(state(), LockState::LeftBehind { wait: Duration::ZERO, .. }));
    stage.left(format!("{} az", child.id()).as_bytes(), 0);
    assert_eq!(state().to_string(), format!("held by az (pid {})", child.id()));
    // Who says nothing may be writing: so it counts as held until it may be taken over.
    stage.left(b"", 30);
    assert!(matches!(state(), LockState::Held { process: None, .. }));
    stage.left(b"", 61);
    assert!(matches!(state(), LockState::LeftBehind { process: None, wait: Duration::ZERO, .. }));
}
