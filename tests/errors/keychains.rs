//! What a keychain does, seen by a program that has a cache, and by one that is going to have one.

use std::{env, fs, process::Command, sync::Mutex, sync::mpsc, time::Duration};

use sealed_cache::{CallerKey, DataKey, ErrorKind, Prompt};

use super::{
    Cache, Page, SHORT, add,
    desktop_cache::{
        APPLICATION, Answer, CacheProgram, Opening, OtherDaemon,
        platform::{
            desktop::Desktop,
            folder::Folder,
            invented_service::{InventedService, Person},
        },
    },
    places, unprotected,
};

#[test]
fn keychain_timeout() {
    let mut page = Page::of("keychain-timeout", ErrorKind::KeychainTimeout);
    let (folder, _keys) = places(&mut page);
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let never = CallerKey::from_fn(move |_| {
        let _ = released.lock().unwrap().recv();
        Ok(DataKey::from_bytes(&[7; 32]))
    });
    let cache: Cache = unprotected(folder.path()).protector(never).keychain_timeout(SHORT).open().unwrap();
    page.add_with_path("a closure of the program does not return", &add(&cache).unwrap_err());
    drop(release);
    page.compare();
}

fn say(page: &mut Page, when: &str, answer: &Answer) {
    page.add_text(when, &answer.kind, &answer.text);
}

#[test]
fn keychain_unavailable() {
    let mut page = Page::of_any_kind("keychain-unavailable");
    let folder = Folder::new();
    let [cache, lib] = ["cache", "lib"].map(|name| folder.subfolder(name));
    page.place(&cache, "$CACHE");
    fs::write(lib.join("libsecret-1.so.0"), "not a library").unwrap();
    page.place(&lib, "$LIB");
    let mut command = Command::new(env::current_exe().unwrap());
    let mut program =
        CacheProgram::by(command.env("LD_LIBRARY_PATH", &lib).env_remove("CREDENTIALS_DIRECTORY"));
    say(
        &mut page,
        "nothing here can keep the key of a new cache",
        &program.ask_anew(&Opening::new(&cache), "add 1"),
    );
    page.compare();
}

/// A desktop with a cache on it, and a folder for another one.
fn scene(page: &mut Page) -> (Desktop, Opening, Opening) {
    let desktop = Desktop::new();
    let [existing, absent] = ["existing", "absent"].map(|name| {
        Opening::new(&desktop.folder().subfolder(name)).keychain_timeout(Duration::from_millis(300))
    });
    page.place(&existing.folder, "$CACHE");
    page.place(&absent.folder, "$ABSENT");
    page.place(desktop.folder().path(), "$DESKTOP");
    let mut program = CacheProgram::on(&desktop);
    program.ask_anew(&existing.clone().keychain_timeout(Duration::from_secs(20)), "add 7").is("ok", "");
    (desktop, existing, absent)
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn secret_service() {
    let mut page = Page::of_any_kind("secret-service");
    let (mut desktop, existing, absent) = scene(&mut page);
    let mut program = CacheProgram::on(&desktop);
    let both = |page: &mut Page, program: &mut CacheProgram, when: &str| {
        say(page, when, &program.ask_anew(&existing, "read"));
        say(page, "and a new cache is to be made", &program.ask_anew(&absent, "add 1"));
    };
    desktop.lock();
    both(&mut page, &mut program, "it is locked, and there is no program to ask with");
    let quiet = existing.clone().prompt(Prompt::Never);
    say(&mut page, "it is locked, and nobody may be asked", &program.ask_anew(&quiet, "read"));
    desktop.kill_daemon();
    both(&mut page, &mut program, "it is not running");
    let other = OtherDaemon::start(&desktop);
    both(&mut page, &mut program, "it has another password than the log-in");
    drop(other);
    desktop.start_daemon();
    desktop.stop_daemon();
    both(&mut page, &mut program, "it hangs");
    desktop.continue_daemon();
    let clear = desktop.command("secret-tool").args(["clear", "application", APPLICATION]).status();
    assert!(clear.unwrap().success());
    say(&mut page, "the key was deleted", &program.ask_anew(&existing, "read"));
    desktop.kill_bus();
    both(&mut page, &mut program, "there is no session bus");
    page.compare();
}

/// By a service that this test makes up, as GNOME Keyring asks on a screen only.
#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn secret_service_questions() {
    let mut page = Page::of_any_kind("secret-service-questions");
    let desktop = Desktop::without_service();
    let service = InventedService::start(&desktop);
    let opening =
        Opening::new(&desktop.folder().subfolder("cache")).keychain_timeout(Duration::from_millis(300));
    page.place(&opening.folder, "$CACHE");
    let mut program = CacheProgram::on(&desktop);
    service.habits().is_locked = true;
    for (when, person) in
        [("the question is dismissed", Person::Dismisses), ("nobody answers", Person::SaysNothing)]
    {
        service.habits().person = person;
        say(&mut page, when, &program.ask_anew(&opening, "add 1"));
    }
    service.habits().answers_nonsense = true;
    say(&mut page, "the service answers nonsense", &program.ask_anew(&opening, "add 1"));
    page.compare();
}

/// Every error of a keyring store that a mock can be told to give.
#[cfg(feature = "keyring")]
#[test]
fn keyring_entry() {
    use keyring_core::{CredentialStore, Error as Said, api::CredentialStoreApi, mock};
    use sealed_cache::KeyringEntry;

    let mut page = Page::of_any_kind("keyring-entry");
    let (folder, _keys) = places(&mut page);
    let store = mock::Store::new().unwrap();
    let entry = || store.build("com.example.proofs", "tokens", None).unwrap();
    let fresh =
        || -> Cache { unprotected(folder.path()).protector(KeyringEntry::new(entry())).open().unwrap() };
    add(&fresh()).unwrap();
    let says: [(&str, Said); 8] = [
        ("no access", Said::NoStorageAccess("the collection is locked".into())),
        ("a failure of the platform", Said::PlatformFailure("error -25293".into())),
        ("no default store", Said::NoDefaultStore),
        ("several entries", Said::Ambiguous(vec![entry(), entry()])),
        ("bad encoding", Said::BadEncoding(vec![255])),
        ("too long", Said::TooLong("user".into(), 10)),
        ("invalid", Said::Invalid("user".into(), "it has a colon".into())),
        ("not supported", Said::NotSupportedByStore("secrets that are not text".into())),
    ];
    for (when, said) in says {
        let entry = entry();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(said);
        page.add_with_path(when, &fresh().read(|_| ()).unwrap_err());
    }
    entry().delete_credential().unwrap();
    page.add_with_path("the entry is gone", &fresh().read(|_| ()).unwrap_err());
    fs::remove_file(folder.path().join("tokens.sealed")).unwrap();
    let mock: std::sync::Arc<CredentialStore> = mock::Store::new().unwrap();
    let cache: Cache = unprotected(folder.path()).protector(KeyringEntry::in_store(mock)).open().unwrap();
    page.add_with_path("the store forgets", &add(&cache).unwrap_err());
    page.compare();
}
