//! A lock file that somebody took away while it was ours.

use sealed_cache::ErrorKind;

use super::*;

#[test]
fn who_deletes_it_is_noticed_and_it_is_taken_again() {
    let stage = Stage::new();
    let mut guard = stage.lock().acquire(&soon()).unwrap();
    guard.retake(&soon()).unwrap();
    assert!(guard.is_held());
    fs::remove_file(stage.path()).unwrap();
    assert!(!guard.is_held());
    guard.retake(&soon()).unwrap();
    assert!(guard.is_held() && stage.path().exists());
    drop(guard);
    assert!(!stage.path().exists());
}

#[test]
fn another_file_of_its_name_is_not_ours_and_stays() {
    let stage = Stage::new();
    let guard = stage.lock().acquire(&soon()).unwrap();
    let new = stage.folder.path().join("new");
    fs::write(&new, "somebody else's").unwrap();
    fs::rename(&new, stage.path()).unwrap();
    assert!(!guard.is_held());
    drop(guard);
    assert_eq!(fs::read_to_string(stage.path()).unwrap(), "somebody else's");
}

#[test]
fn it_is_taken_again_when_the_other_has_given_it_back() {
    let stage = Stage::new();
    let mut guard = stage.lock().acquire(&soon()).unwrap();
    fs::remove_file(stage.path()).unwrap();
    let mut other = stage.holder();
    let error = guard.retake(&Deadline::after(SHORT)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.to_string().contains(&format!("(pid {}), which runs", other.id())), "{error}");
    assert!(!guard.is_held());
    // No other thread of this process comes in between.
    assert!(stage.timeout().to_string().contains("this very process"));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| guard.retake(&soon()));
        other.tell("give it back");
        waiting.join().unwrap().unwrap();
    });
    assert!(guard.is_held());
    drop(guard);
    assert!(stage.try_lock().is_some());
}

#[test]
fn a_lost_lock_that_was_not_taken_again_leaves_that_of_another_alone() {
    let stage = Stage::new();
    let mut guard = stage.lock().acquire(&soon()).unwrap();
    fs::remove_file(stage.path()).unwrap();
    let other = stage.holder();
    guard.retake(&Deadline::after(SHORT)).unwrap_err();
    drop(guard);
    assert!(stage.path().exists());
    assert!(stage.try_lock().is_none());
    drop(other);
}

#[test]
fn both_locks_are_taken_again_in_their_order() {
    let stage = Stage::new();
    let folder = stage.folder.path().join(".lockfile");
    let mut guard = stage.lock().with_folder_lock().acquire(&soon()).unwrap();
    for lost in [vec![&folder], vec![&stage.path()], vec![&folder, &stage.path()]] {
        lost.into_iter().for_each(|path| fs::remove_file(path).unwrap());
        assert!(!guard.is_held());
        guard.retake(&soon()).unwrap();
        assert!(guard.is_held() && folder.exists() && stage.path().exists());
    }
    // Whoever waits for that of the file has none of the folder.
    fs::remove_file(stage.path()).unwrap();
    let _other = stage.holder();
    guard.retake(&Deadline::after(SHORT)).unwrap_err();
    assert!(!folder.exists());
}
