//! The key in the Keychain of macOS, and everywhere else an error that says so.

use std::path::Path;

use sealed_cache::{Json, MacKeychain, PersistedCache, Prompt};

type Cache = PersistedCache<Json<Vec<String>>>;

/// Nobody is there to answer a dialog.
fn open(folder: &Path) -> Cache {
    let builder = Cache::builder("com.contoso.todo").name("tokens").folder(folder);
    builder.protector(MacKeychain::new()).prompt(Prompt::Never).open().unwrap()
}

#[cfg(not(target_os = "macos"))]
#[test]
fn elsewhere_it_is_unavailable_and_no_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path()).update(|list| list.push("milk".into())).unwrap_err();
    assert_eq!(error.kind(), sealed_cache::ErrorKind::KeychainUnavailable);
    assert!(error.to_string().contains("the Keychain is a part of macOS"), "{error}");
    assert!(!folder.path().join("tokens.sealed").exists());
}

/// On the default keychain, which `cargo xtask test macos` makes for these tests, and gives back after them.
#[cfg(target_os = "macos")]
mod macos {
    use std::process::Command;

    use sealed_cache::ErrorKind;

    use super::*;

    /// What Apple's own program says, and whether it succeeded.
    fn security(arguments: &[&str]) -> (bool, String) {
        let output = Command::new("security").args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn keychain() -> String {
        std::env::var("SEALED_CACHE_TEST_KEYCHAIN").expect("started by `cargo xtask test macos`")
    }

    /// The items of this application in the keychain.
    fn items() -> usize {
        let (_, dump) = security(&["dump-keychain", &keychain()]);
        dump.matches(r#""svce"<blob>="com.contoso.todo""#).count()
    }

    /// One test, since there is one keychain and some of its steps lock it.
    #[test]
    #[ignore = "needs a keychain of its own: cargo xtask test macos"]
    fn a_cache_lives_with_its_key_in_the_keychain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.sealed");
        open(folder.path()).update(|list| list.push("milk".into())).unwrap();
        assert_eq!(open(folder.path()).read(|list| list.to_vec()).unwrap(), ["milk"]);
        let protection = open(folder.path()).protection().unwrap();
        assert_eq!(protection.to_string(), "AES-256-GCM file, key in the macOS Keychain");
        assert_eq!(items(), 1);

        open(folder.path()).rekey().unwrap();
        assert_eq!(items(), 1, "a rotation leaves one item");
        open(folder.path()).verify().unwrap();
        assert_eq!(items(), 1, "a check leaves none");

        let before = std::fs::read(&path).unwrap();
        assert!(security(&["lock-keychain", &keychain()]).0);
        let error = open(folder.path()).read(|list| list.len()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::KeychainLocked | ErrorKind::AccessDenied), "{error}");
        let error = open(folder.path()).update(|list| list.push("eggs".into())).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::KeychainLocked | ErrorKind::AccessDenied), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "a locked keychain changes nothing");

        let password = std::env::var("SEALED_CACHE_TEST_PASSWORD").unwrap();
        assert!(security(&["unlock-keychain", "-p", &password, &keychain()]).0);
        let item = security(&["find-generic-password", "-s", "com.contoso.todo", &keychain()]);
        assert!(item.0, "Apple's program finds it");
        assert_eq!(open(folder.path()).read(|list| list.len()).unwrap(), 1);

        assert!(security(&["delete-generic-password", "-s", "com.contoso.todo", &keychain()]).0);
        let error = open(folder.path()).read(|list| list.len()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeyMissing, "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        open(folder.path()).clear().unwrap();
        assert_eq!(items(), 0);
    }
}
