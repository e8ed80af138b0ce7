//! A credential that systemd gave to the program.

use std::{env, fs, path::Path, process::Command};

use sealed_cache::{ErrorKind, KeyLifetime, SystemdCredential};

use super::{add, kind, numbers, open, refused, unprotected};

/// Where another process finds the folder of the cache.
const CACHE: &str = "SEALED_CACHE_TEST_CREDENTIAL";

fn credential(folder: &Path) -> SystemdCredential {
    SystemdCredential::new("todo-key").in_folder(folder)
}

#[test]
fn a_credential_opens_what_it_sealed_and_another_one_does_not() {
    let (folder, given) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(given.path().join("todo-key"), [7; 32]).unwrap();
    let cache = open(folder.path(), credential(given.path()));
    add(&cache, 1).unwrap();
    let protection = cache.protection().unwrap();
    assert_eq!(protection.to_string(), "AES-256-GCM file, key from the systemd credential `todo-key`");
    assert_eq!(protection.lifetime, KeyLifetime::UntilRemoved);
    assert_eq!(kind(cache.rekey()), ErrorKind::Configuration);
    assert_eq!(numbers(&open(folder.path(), credential(given.path()))), [1]);

    fs::write(given.path().join("todo-key"), [8; 32]).unwrap();
    assert_eq!(kind(open(folder.path(), credential(given.path())).read(|_| ())), ErrorKind::WrongKey);
    fs::remove_file(given.path().join("todo-key")).unwrap();
    assert_eq!(kind(open(folder.path(), credential(given.path())).read(|_| ())), ErrorKind::KeyMissing);
    assert_eq!(numbers(&cache), [1]);
}

#[test]
fn a_credential_that_is_absent_or_too_short_seals_nothing() {
    let (folder, given) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(refused(folder.path(), credential(given.path())).kind(), ErrorKind::KeyMissing);
    fs::write(given.path().join("todo-key"), [7; 15]).unwrap();
    let error = refused(folder.path(), credential(given.path()));
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.path(), Some(&*given.path().join("todo-key")));
    fs::write(given.path().join("todo-key"), [7; 16]).unwrap();
    add(&open(folder.path(), credential(given.path())), 1).unwrap();
}

/// The folder that systemd names in the environment, and none: in another process, whose environment is its own.
#[test]
fn the_folder_is_what_systemd_says() {
    if let Some(folder) = env::var_os(CACHE) {
        let cache: super::Cache =
            unprotected(Path::new(&folder)).protector(SystemdCredential::new("todo-key")).open().unwrap();
        match env::var_os("CREDENTIALS_DIRECTORY") {
            Some(_) => add(&cache, 1).unwrap(),
            // It does not exist, so that a fallback is taken where one is named.
            None => assert_eq!(kind(add(&cache, 1)), ErrorKind::KeychainUnavailable),
        }
        return;
    }
    let (folder, given) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(given.path().join("todo-key"), [7; 32]).unwrap();
    for directory in [None, Some(given.path())] {
        let mut this = Command::new(env::current_exe().unwrap());
        this.args(["credential::the_folder_is_what_systemd_says", "--exact"]).env(CACHE, folder.path());
        this.env_remove("CREDENTIALS_DIRECTORY");
        this.envs(directory.map(|directory| ("CREDENTIALS_DIRECTORY", directory)));
        let output = this.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(numbers(&open(folder.path(), credential(given.path()))), [1]);
}
