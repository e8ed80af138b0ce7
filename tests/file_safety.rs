//! Files of this user alone: how they are created, what is refused, and what a person is told to do about it.

#![cfg(unix)]

#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{
    env,
    fmt::Debug,
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
};

use child::{Call, Child, PATIENCE};
use place::{Cache, Numbers, builder, names, open, stored, text, unprotected};
use sealed_cache::{Error, ErrorKind, KeyFile, PersistedCache, Result};
use tempfile::TempDir;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A folder with a cache in it that holds `[1]`.
fn with_cache() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).update(|numbers| numbers.push(1)).unwrap();
    let file = folder.path().join("tokens.sealed");
    (folder, file)
}

fn try_open(folder: &Path) -> Result<Cache> {
    builder(folder).open()
}

fn assert_refused<T: Debug>(outcome: Result<T>, kind: ErrorKind, words: &[&str]) -> Error {
    let error = outcome.unwrap_err();
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    words.iter().for_each(|word| assert!(message.contains(word), "{word:?} is not in {message:?}"));
    error
}

/// Do what the message says: the command between the backticks.
fn do_as_told(error: &Error) {
    let command = error.remedy().split('`').nth(1).expect("a command");
    let command = command.strip_prefix("sudo ").unwrap_or(command);
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

/// The other process: saves, changes and looks, under whatever umask it was given.
#[test]
fn saves_under_a_umask() {
    let Some(call) = Call::of("saves_under_a_umask") else { return };
    let folder = Path::new(call.argument(0));
    let cache = unprotected::<Numbers>(&folder.join("made/for the cache"))
        .protector(KeyFile::in_folder(folder.join("made/for keys")))
        .open()
        .unwrap();
    for number in 0..2 {
        cache.update(|numbers| numbers.push(number)).unwrap();
    }
    assert_eq!(cache.read(|numbers| numbers.len()).unwrap(), 2);
}

#[test]
fn files_are_for_this_user_only_whatever_the_umask() {
    for umask in ["000", "022", "077", "0777"] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("umask {umask}; exec \"$@\"");
        Child::start_after(&script, "saves_under_a_umask", &[text(folder.path())]).ends();
        let made = folder.path().join("made");
        let (cache, keys) = (made.join("for the cache"), made.join("for keys"));
        for folder in [&made, &cache, &keys] {
            assert_eq!(mode(folder), 0o700, "{} with umask {umask}", folder.display());
        }
        assert_eq!(names(&cache), ["tokens.lock", "tokens.sealed"]);
        for (folder, name) in [&cache, &keys].iter().flat_map(|f| names(f).into_iter().map(|n| (*f, n))) {
            assert_eq!(mode(&folder.join(&name)), 0o600, "{name} with umask {umask}");
        }
    }
}

/// Not only afterwards: there is no moment in which somebody else could open it.
#[cfg(feature = "testing")]
#[test]
fn a_new_file_is_closed_to_others_before_a_byte_is_in_it() {
    use sealed_cache::testing::{FileObserver, FileStep};

    #[derive(Debug)]
    struct Looks(std::sync::Mutex<Vec<u32>>);

    impl FileObserver for Looks {
        fn before(&self, step: FileStep<'_>) -> std::io::Result<()> {
            if let FileStep::Write(path, _) = step {
                self.0.lock().unwrap().push(mode(path));
            }
            Ok(())
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let looks = std::sync::Arc::new(Looks(std::sync::Mutex::default()));
    let cache = builder(folder.path()).file_observer(std::sync::Arc::clone(&looks) as _).open().unwrap();
    cache.update(|numbers: &mut Numbers| numbers.push(1)).unwrap();
    let modes = looks.0.lock().unwrap();
    assert!(!modes.is_empty() && modes.iter().all(|mode| *mode == 0o600), "{modes:?}");
}

#[test]
fn a_link_in_the_place_of_the_file_is_refused() {
    let (folder, file) = with_cache();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    let cache = open(folder.path());
    let words = ["symbolic link", "tokens.sealed", "ls -l"];
    assert_refused(cache.read(|_| ()), ErrorKind::Configuration, &words);
    assert_refused(cache.update(|numbers| numbers.push(2)), ErrorKind::Configuration, &words);
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
}

#[test]
fn a_link_in_the_place_of_the_temporary_file_is_not_followed() {
    let (folder, _) = with_cache();
    let cache = open(folder.path());
    for exists in [false, true] {
        let victim = folder.path().join("victim");
        if exists {
            fs::write(&victim, "of somebody").unwrap();
        }
        symlink(&victim, folder.path().join("tokens.sealed.tmp")).unwrap();
        cache.update(|numbers| numbers.push(2)).unwrap();
        assert_eq!(fs::read_to_string(&victim).ok(), exists.then(|| "of somebody".to_owned()));
    }
    assert_eq!(stored(folder.path()), [1, 2, 2]);
    assert_eq!(names(folder.path()), ["tokens.lock", "tokens.sealed", "victim"]);
}

#[test]
fn a_folder_that_others_can_write_is_refused_until_it_is_mended() {
    let (folder, _) = with_cache();
    for open_to in [0o777, 0o770, 0o722, 0o1777] {
        set_mode(folder.path(), open_to);
        let words = ["can be written by other users", &format!("{open_to:04o}"), "chmod go-w"];
        let error = assert_refused(try_open(folder.path()), ErrorKind::AccessDenied, &words);
        do_as_told(&error);
        assert_eq!(stored(folder.path()), [1]);
    }
}

#[test]
fn a_folder_that_others_can_read_is_fine() {
    let (folder, _) = with_cache();
    set_mode(folder.path(), 0o755);
    assert_eq!(stored(folder.path()), [1]);
}

#[test]
fn a_folder_behind_a_link_is_the_folder() {
    let (folder, _) = with_cache();
    let outside = tempfile::tempdir().unwrap();
    let link = outside.path().join("link");
    symlink(folder.path(), &link).unwrap();
    assert_eq!(stored(&link), [1]);
    // One lock, by whichever name.
    let _held = open(&link).lock().unwrap();
    assert!(open(folder.path()).try_lock().unwrap().is_none());
}

#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn what_belongs_to_another_user_is_refused_until_it_is_given_back() {
    let (folder, file) = with_cache();
    let words = ["belongs to user id 12345", "sudo chown -R"];
    chown(folder.path(), Some(12_345), None).unwrap();
    do_as_told(&assert_refused(try_open(folder.path()), ErrorKind::OtherOwner, &words));
    chown(&file, Some(12_345), None).unwrap();
    let cache = open(folder.path());
    let error = assert_refused(cache.read(|_| ()), ErrorKind::OtherOwner, &words);
    assert_refused(cache.update(|numbers| numbers.push(2)), ErrorKind::OtherOwner, &words);
    do_as_told(&error);
    assert_eq!(stored(folder.path()), [1]);
}

#[test]
fn a_key_file_that_others_can_read_is_refused_until_it_is_mended() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open =
        || unprotected::<Numbers>(folder.path()).protector(KeyFile::in_folder(keys.path())).open().unwrap();
    open().update(|numbers| numbers.push(1)).unwrap();
    let key = keys.path().join(&names(keys.path())[0]);
    for open_to in [0o640, 0o604, 0o666] {
        set_mode(&key, open_to);
        let words = ["is open to other users", "chmod go-rwx"];
        do_as_told(&assert_refused(open().read(|_| ()), ErrorKind::AccessDenied, &words));
        assert_eq!(open().read(|numbers| numbers.len()).unwrap(), 1);
    }
}

/// Whatever is in the place of the file: an error, soon, and it is left alone.
fn assert_not_taken_for_a_file(path: &Path, kind: ErrorKind, words: &[&str]) {
    let folder = path.parent().unwrap().to_owned();
    let (sender, outcome) = mpsc::channel();
    thread::spawn(move || {
        let cache = open(&folder);
        sender.send((cache.read(|_| ()), cache.update(|numbers| numbers.push(2)))).unwrap();
    });
    let (read, update) = outcome.recv_timeout(PATIENCE).expect("an answer, and no hanging");
    assert_refused(read, kind, words);
    assert_refused(update, kind, words);
}

#[test]
fn a_pipe_in_the_place_of_the_file_does_not_hang() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.sealed");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_not_taken_for_a_file(&path, ErrorKind::Configuration, &["is not a plain file", "ls -l"]);
    assert!(path.exists());
}

#[test]
fn a_folder_in_the_place_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.sealed");
    fs::create_dir_all(path.join("of somebody")).unwrap();
    assert_not_taken_for_a_file(&path, ErrorKind::Io, &["a folder is in the place of the file"]);
    open(folder.path()).clear().unwrap_err();
    assert!(path.join("of somebody").exists());
}

#[test]
fn a_file_in_the_place_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "of somebody").unwrap();
    let words = ["a file is in the place of a folder"];
    assert_refused(try_open(&path), ErrorKind::Io, &words);
    assert_refused(try_open(&path.join("below")), ErrorKind::Io, &words);
}

#[test]
fn a_folder_that_is_removed_while_the_cache_is_open() {
    let (folder, _) = with_cache();
    let cache = open(folder.path());
    assert_eq!(cache.read(|numbers| numbers.to_vec()).unwrap(), [1]);
    fs::remove_dir_all(folder.path()).unwrap();
    let words = ["removed meanwhile"];
    assert_refused(cache.update(|numbers| numbers.push(2)), ErrorKind::Io, &words);
    fs::create_dir(folder.path()).unwrap();
    cache.update(|numbers| numbers.push(3)).unwrap();
    assert_eq!(stored(folder.path()), [3]);
}

/// The other process: opens a cache in the folder that is the default for it, and tells which one that is.
#[test]
fn uses_the_default_folder() {
    let Some(call) = Call::of("uses_the_default_folder") else { return };
    let builder = PersistedCache::<Numbers>::builder("com.example.proofs");
    match builder.protector(place::key()).open() {
        Ok(cache) => {
            cache.update(|numbers| numbers.push(1)).unwrap();
            call.say(cache.location().unwrap().display());
        }
        Err(error) => call.say(format_args!("{:?}: {error}", error.kind())),
    }
}

#[test]
fn the_default_folder_follows_the_home_of_the_user() {
    let home = fs::canonicalize(tempfile::tempdir().unwrap().keep()).unwrap();
    let mut program = Command::new(env::current_exe().unwrap());
    program.env("HOME", &home).env_remove("XDG_DATA_HOME");
    let child = Child::start_by(program, "uses_the_default_folder", &[]);
    let said = PathBuf::from(child.hear().unwrap());
    assert!(said.starts_with(&home) && said.ends_with("com.example.proofs/cache.sealed"), "{said:?}");
    assert_eq!((mode(said.parent().unwrap()), mode(&said)), (0o700, 0o600));
    fs::remove_dir_all(home).unwrap();
}
