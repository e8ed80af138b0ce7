//! The key wrapped by Windows (DPAPI), and everywhere else an error that says so.

use std::path::Path;

use sealed_cache::{Dpapi, ErrorKind, Json, PersistedCache};

type Cache = PersistedCache<Json<Vec<String>>>;

fn open(folder: &Path, protector: Dpapi) -> Cache {
    Cache::builder("com.contoso.todo").name("tokens").folder(folder).protector(protector).open().unwrap()
}

#[cfg(not(windows))]
#[test]
fn elsewhere_it_is_unavailable_and_no_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for protector in [Dpapi::new(), Dpapi::for_every_user_of_this_machine()] {
        let cache = open(folder.path(), protector);
        let error = cache.update(|list| list.push("milk".into())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeychainUnavailable);
        assert!(error.to_string().contains("DPAPI is a part of Windows"), "{error}");
    }
    assert!(!folder.path().join("tokens.sealed").exists());
}

#[cfg(windows)]
mod windows {
    use std::fs;

    use sealed_cache::{CallerKey, DataKey, KeyLifetime};

    use super::*;

    /// Written by another user of Wine. Windows, which does not know that form of a blob, does not open it either.
    #[test]
    fn p4_the_file_of_another_user_is_an_error_and_untouched() {
        const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dpapi/another_user.sealed");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.sealed");
        fs::copy(FILE, &path).unwrap();
        let cache = open(folder.path(), Dpapi::new());
        for error in [
            cache.read(|list| list.len()).unwrap_err(),
            cache.update(|list| list.push("milk".into())).unwrap_err(),
            cache.rekey().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::WrongKey, "{error}");
            assert!(error.to_string().contains("cannot be opened by this user here"), "{error}");
        }
        assert!(fs::read(&path).unwrap() == fs::read(FILE).unwrap(), "the file was touched");
    }

    #[test]
    fn it_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Cache::builder("com.contoso.todo").folder(folder.path()).open().unwrap();
        open().update(|list| list.push("milk".into())).unwrap();
        assert_eq!(open().read(|list| list.to_vec()).unwrap(), ["milk"]);
        let protection = open().protection().unwrap();
        assert_eq!(
            (protection.protector.as_str(), protection.lifetime),
            ("dpapi", KeyLifetime::UntilRemoved)
        );
        assert_eq!(protection.to_string(), "AES-256-GCM file, key wrapped by Windows (DPAPI) for this user");
        open().verify().unwrap();
    }

    #[test]
    fn a_new_key_opens_what_the_old_one_has_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (open(folder.path(), Dpapi::new()), open(folder.path(), Dpapi::new()));
        ours.update(|list| list.push("milk".into())).unwrap();
        let before = fs::read(folder.path().join("tokens.sealed")).unwrap();
        theirs.rekey().unwrap();
        ours.update(|list| list.push("eggs".into())).unwrap();
        assert_eq!(theirs.read(|list| list.len()).unwrap(), 2);
        // The old file is whole: it opens on its own.
        let aside = tempfile::tempdir().unwrap();
        fs::write(aside.path().join("tokens.sealed"), before).unwrap();
        assert_eq!(open(aside.path(), Dpapi::new()).read(|list| list.len()).unwrap(), 1);
    }

    #[test]
    fn p3_what_is_wrapped_for_the_machine_is_not_taken_for_the_users() {
        let folder = tempfile::tempdir().unwrap();
        let machine = open(folder.path(), Dpapi::for_every_user_of_this_machine());
        machine.update(|list| list.push("milk".into())).unwrap();
        assert!(machine.protection().unwrap().to_string().ends_with("for every user of this machine"));
        let error = open(folder.path(), Dpapi::new()).read(|list| list.len()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains("`dpapi-machine`"), "{error}");
    }

    #[test]
    fn p4_a_file_altered_in_any_byte_is_an_error_and_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.sealed");
        open(folder.path(), Dpapi::new()).update(|list| list.push("milk".into())).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 0x20;
            fs::write(&path, &altered).unwrap();
            let cache = open(folder.path(), Dpapi::new());
            let error = cache.update(|list| list.push("eggs".into())).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::Damaged | ErrorKind::UnsupportedVersion),
                "{at}: {error}"
            );
            assert!(fs::read(&path).unwrap() == altered, "byte {at}: the file was touched");
        }
        fs::write(&path, b"").unwrap();
        let error = open(folder.path(), Dpapi::new()).read(|list| list.len()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_cache_moves_to_and_from_a_key_of_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let key = DataKey::from_bytes(&[7; 32]);
        let cache = open(folder.path(), Dpapi::new());
        cache.update(|list| list.push("milk".into())).unwrap();
        cache.rekey_to(CallerKey::new(key)).unwrap();
        assert_eq!(cache.protection().unwrap().protector, "caller-key");
        cache.rekey_to(Dpapi::new()).unwrap();
        assert_eq!(open(folder.path(), Dpapi::new()).read(|list| list.len()).unwrap(), 1);
    }
}
