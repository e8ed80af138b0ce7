//! Full and read-only file systems, folders without rights and users without a home: for real, so as root.
#![cfg(unix)]

#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use child::{Call, Child};
use place::{Cache, Numbers, builder, names, open, stored, text};
use sealed_cache::{ErrorKind, PersistedCache};
use tempfile::TempDir;

/// Let the other process see a small file system at this folder, which goes when it ends.
fn on_a_small_disk(task: &str) {
    let folder = tempfile::tempdir().unwrap();
    let script =
        format!("mount -t tmpfs -o size=64k,mode=0700 none '{}'; exec \"$@\"", folder.path().display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec", &script, "sh"]).arg(env::current_exe().unwrap());
    Child::start_by(command, task, &[text(folder.path())]).ends();
    assert!(names(folder.path()).is_empty(), "the small disk was not mounted");
}

fn fill(folder: &Path) {
    let filler = folder.join("filler");
    // A quarter of it stays for the lock file and the cache: see to it byte by byte.
    let error = fs::write(&filler, vec![0; 1 << 20]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn saves_on_a_full_disk() {
    let Some(call) = Call::of("saves_on_a_full_disk") else { return };
    let folder = Path::new(call.argument(0));
    let cache = open(folder);
    cache.update(|numbers| numbers.push(1)).unwrap();
    fill(folder);

    let error = cache.update(|numbers| numbers.push(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
    // The old cache is whole, for this handle and for a new one, and nothing is left over.
    assert_eq!(cache.read(|numbers| numbers.to_vec()).unwrap(), [1]);
    assert_eq!(stored(folder), [1]);
    assert_eq!(names(folder), ["filler", "tokens.lock", "tokens.sealed"]);

    // A guard keeps what could not be saved.
    let mut guard = cache.lock().unwrap();
    guard.push(3);
    assert_eq!(guard.save().unwrap_err().kind(), ErrorKind::Io);
    fs::remove_file(folder.join("filler")).unwrap();
    guard.commit().unwrap();
    assert_eq!(stored(folder), [1, 3]);
    cache.verify().unwrap();
    assert_eq!(names(folder), ["tokens.lock", "tokens.sealed"]);
}

#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn a_full_disk_leaves_the_cache_whole() {
    on_a_small_disk("saves_on_a_full_disk");
}

#[test]
fn saves_first_on_a_full_disk() {
    let Some(call) = Call::of("saves_first_on_a_full_disk") else { return };
    let folder = Path::new(call.argument(0));
    fill(folder);
    let cache = open(folder);
    let error = cache.update(|numbers| numbers.push(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
    assert!(stored(folder).is_empty());
    fs::remove_file(folder.join("filler")).unwrap();
    cache.update(|numbers| numbers.push(2)).unwrap();
    assert_eq!(stored(folder), [2]);
    assert_eq!(names(folder), ["tokens.lock", "tokens.sealed"]);
}

#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn a_disk_that_was_full_from_the_beginning() {
    on_a_small_disk("saves_first_on_a_full_disk");
}

#[test]
fn saves_on_a_read_only_disk() {
    let Some(call) = Call::of("saves_on_a_read_only_disk") else { return };
    let folder = Path::new(call.argument(0));
    let cache = open(folder);
    cache.update(|numbers| numbers.push(1)).unwrap();
    let mount = |how: &str| Command::new("mount").args(["-o", how]).arg(folder).status().unwrap().success();
    assert!(mount("remount,ro"));
    for cache in [cache, open(folder)] {
        assert_eq!(cache.read(|numbers| numbers.to_vec()).unwrap(), [1]);
        for error in [cache.update(|numbers| numbers.push(2)), cache.clear()].map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::Io, "{error}");
            assert!(error.to_string().contains("mounted read-only; name another folder"), "{error}");
        }
    }
    assert!(mount("remount,rw"));
    open(folder).update(|numbers| numbers.push(3)).unwrap();
    assert_eq!(stored(folder), [1, 3]);
}

#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn a_read_only_disk_can_be_read() {
    on_a_small_disk("saves_on_a_read_only_disk");
}

/// This program as a user that has no rights, no name and no home.
fn as_nobody(task: &str, arguments: &[&str]) -> (Child, TempDir) {
    const NOBODY: &str = "54321";
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
    command.env_remove("HOME").env_remove("XDG_DATA_HOME").current_dir(folder.path());
    (Child::start_by(command, task, arguments), folder)
}

#[test]
fn has_no_home() {
    let Some(call) = Call::of("has_no_home") else { return };
    let builder = || PersistedCache::<Numbers>::builder("com.example.proofs").protector(place::key());
    let error = builder().open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("no home folder"), "{error}");
    assert!(error.remedy().contains("set HOME") && error.remedy().contains(".folder("), "{error}");
    // With a folder, no home is needed.
    let folder = Path::new(call.argument(0)).join("of nobody");
    let cache = builder().folder(&folder).open().unwrap();
    cache.update(|numbers| numbers.push(1)).unwrap();
    assert_eq!(names(&folder), ["cache.lock", "cache.sealed"]);
}

#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn a_user_without_a_home_has_to_name_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    as_nobody("has_no_home", &[text(folder.path())]).0.ends();
}

#[test]
fn has_no_rights() {
    let Some(call) = Call::of("has_no_rights") else { return };
    let folder = Path::new(call.argument(0)).join("mine");
    let set_mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    let cache: Cache = builder(&folder).open().unwrap();
    cache.update(|numbers| numbers.push(1)).unwrap();
    set_mode(0o500);
    assert_eq!(stored(&folder), [1]);
    let denied = |outcome: sealed_cache::Result<()>| {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
        assert!(error.to_string().contains("check the owner and the rights"), "{error}");
    };
    denied(cache.update(|numbers| numbers.push(2)));
    denied(cache.clear());
    set_mode(0o000);
    denied(cache.read(|_| ()));
    denied(builder::<Numbers>(&folder).open().map(drop));
    set_mode(0o700);
    assert_eq!(stored(&folder), [1]);
    // Nor may it use the folder of somebody else.
    let of_root = Path::new(call.argument(0)).join("of root");
    let error = builder::<Numbers>(&of_root).open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OtherOwner, "{error}");
}

#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn a_folder_without_rights_is_an_error_and_not_an_empty_cache() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    open(&folder.path().join("of root")).update(|numbers| numbers.push(1)).unwrap();
    as_nobody("has_no_rights", &[text(folder.path())]).0.ends();
}
