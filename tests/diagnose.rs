//! The report for a support request: what was considered, why it was taken or not, and no secret.

#![cfg(unix)]

#[path = "common/desktop_cache.rs"]
mod desktop_cache;
#[path = "common/invented_keychain.rs"]
mod invented_keychain;
#[path = "common/place.rs"]
mod place;

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

use desktop_cache::{
    APPLICATION, CacheProgram, Fallback, Opening,
    platform::{desktop::Desktop, folder::Folder},
    serve_a_cache,
};
use invented_keychain::{InventedKeychain, Mood};
use place::{Cache, unprotected};
use sealed_cache::{CallerKey, DataKey, Diagnosis, ErrorKind, KeyFile, Passphrase};

/// Not a test: the program that uses the cache.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    serve_a_cache();
}

#[track_caller]
fn reads(diagnosis: &str, folder: &Path, expected: &[&str]) {
    let folder = folder.canonicalize().unwrap();
    let text = diagnosis.replace(folder.to_str().unwrap(), "$CACHE");
    assert_eq!(text.lines().collect::<Vec<_>>(), expected, "\n{text}");
}

fn chosen(diagnosis: &Diagnosis) -> Vec<&str> {
    let chosen = diagnosis.candidates.iter().filter(|candidate| candidate.chosen);
    chosen.map(|candidate| candidate.protector).collect()
}

#[test]
fn a_chain_of_fallbacks() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(InventedKeychain::new);
    let builder = unprotected(folder.path()).protector(first.clone()).fallback(second.clone());
    let cache: Cache = builder.fallback(third.clone()).open().unwrap();
    first.set(Mood::Fails(ErrorKind::KeychainUnavailable));
    let diagnosis = cache.diagnose();
    reads(
        &diagnosis.to_string(),
        folder.path(),
        &[
            "cache `tokens` of `com.example.proofs` in $CACHE/tokens.sealed",
            "  not stored yet; will be protected by: AES-256-GCM file, key in second",
            "  - first, key in first: first is in a mood",
            "  * second, key in second: works here",
            "  - third, key in third: works here",
        ],
    );
    assert_eq!(chosen(&diagnosis), ["second"]);
    let problem = diagnosis.candidates[0].problem.as_ref().unwrap();
    assert_eq!(problem, &(ErrorKind::KeychainUnavailable, "first is in a mood".to_owned()));
    for keychain in [&first, &second, &third] {
        assert_eq!((keychain.was_asked("probe"), keychain.was_asked("")), (1, 0), "each is asked once");
    }

    cache.update(|numbers| numbers.push(1)).unwrap();
    first.set(Mood::Works);
    second.set(Mood::Fails(ErrorKind::KeychainLocked));
    reads(
        &cache.diagnose().to_string(),
        folder.path(),
        &[
            "cache `tokens` of `com.example.proofs` in $CACHE/tokens.sealed",
            "  protected by: AES-256-GCM file, key in second",
            "  - first, key in first: works here",
            "  * second, key in second: second is in a mood",
            "  - third, key in third: works here",
        ],
    );
}

#[test]
fn what_is_locked_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(InventedKeychain::new);
    let builder = unprotected(folder.path()).protector(first.clone()).fallback(second);
    let cache: Cache = builder.open().unwrap();
    first.set(Mood::Fails(ErrorKind::KeychainLocked));
    let diagnosis = cache.diagnose();
    reads(
        &diagnosis.to_string(),
        folder.path(),
        &[
            "cache `tokens` of `com.example.proofs` in $CACHE/tokens.sealed",
            "  protection unknown: first is in a mood ($CACHE/tokens.sealed): let the test set another one",
            "  - first, key in first: first is in a mood",
            "  - second, key in second: works here",
        ],
    );
    assert_eq!(chosen(&diagnosis), [""; 0]);
}

#[test]
fn a_protector_that_is_not_offered_and_a_folder_that_is_open() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sealed: Cache =
        unprotected(folder.path()).protector(CallerKey::new(DataKey::generate().unwrap())).open().unwrap();
    sealed.update(|numbers| numbers.push(1)).unwrap();
    fs::set_permissions(keys.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let builder = unprotected(folder.path()).protector(KeyFile::in_folder(keys.path()));
    let cache: Cache = builder.fallback(Passphrase::new("correct horse")).open().unwrap();
    let keys = keys.path().canonicalize().unwrap();
    let text = cache.diagnose().to_string().replace(keys.to_str().unwrap(), "$KEYS");
    reads(
        &text,
        folder.path(),
        &[
            "cache `tokens` of `com.example.proofs` in $CACHE/tokens.sealed",
            "  protection unknown: cache `tokens` of `com.example.proofs` is sealed by `caller-key`, which this program \
             does not offer ($CACHE/tokens.sealed): add that protector with `.protector(..)` or `.fallback(..)`, or \
             move the file away to start over",
            "  - key-file, key in a file in $KEYS: the folder can be written by other users (mode 0777) ($KEYS)",
            "  - passphrase, key derived from a passphrase (Argon2id): works here",
        ],
    );
}

#[test]
fn a_damaged_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let cache = place::open(folder.path());
    fs::write(folder.path().join("tokens.sealed"), "not a cache").unwrap();
    reads(
        &cache.diagnose().to_string(),
        folder.path(),
        &[
            "cache `tokens` of `com.example.proofs` in $CACHE/tokens.sealed",
            "  protection unknown: the sealed file is damaged: it was cut short ($CACHE/tokens.sealed): restore it from \
             a backup, or let the program start over (`OnUnreadable::StartEmpty`)",
            "  - caller-key, key brought by the program: works here",
        ],
    );
}

#[test]
fn p6_a_report_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let passphrase = "a passphrase of this test";
    let builder =
        unprotected(folder.path()).protector(keychain.clone()).fallback(Passphrase::new(passphrase));
    let cache: Cache = builder.fallback(CallerKey::new(DataKey::from_bytes(&[0x61; 32]))).open().unwrap();
    cache.update(|numbers| numbers.push(4_242_424)).unwrap();
    let key = keychain.state().items.values().next().unwrap()["sealed-cache-key-1:".len()..].to_owned();
    for mood in [Mood::Works, Mood::Fails(ErrorKind::KeychainLocked), Mood::KeepsNothing] {
        keychain.set(mood);
        let diagnosis = cache.diagnose();
        for text in [diagnosis.to_string(), format!("{diagnosis:?}"), format!("{cache:?}")] {
            for secret in [passphrase, &key, "4242424", &"a".repeat(32), "97, 97, 97"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}

/// Where nothing is offered but what this machine lacks. Needs no service.
#[test]
fn a_machine_without_a_keychain() {
    let folder = Folder::new();
    let [cache, keys, lib] = ["cache", "keys", "lib"].map(|name| folder.subfolder(name));
    fs::write(lib.join("libsecret-1.so.0"), "not a library").unwrap();
    let mut program =
        CacheProgram::by(Command::new(env::current_exe().unwrap()).env("LD_LIBRARY_PATH", &lib));
    let opening = Opening::new(&cache).fallback(Fallback::KeyFile(keys.clone()));
    let report = program.ask_anew(&opening, "diagnose").text.replace(keys.to_str().unwrap(), "$KEYS");
    reads(
        &report,
        &cache,
        &[
            "cache `tokens` of `com.example.proofs` in $CACHE/tokens.sealed",
            "  not stored yet; will be protected by: AES-256-GCM file, key in a file in $KEYS",
            "  - secret-service, key in the Secret Service: the Secret Service: cannot use the library \
             libsecret-1.so.0 (package libsecret-1-0 on Debian and Ubuntu): dlopen failed",
            "  * key-file, key in a file in $KEYS: works here",
        ],
    );
    assert!(program.ask_anew(&Opening::new(&cache), "diagnose").text.contains("start a keyring, or let the"));
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_keyring_that_is_unlocked_locked_or_gone() {
    const CACHE: &str = "cache `tokens` of `com.example.proofs` in $CACHE/tokens.sealed";
    let mut desktop = Desktop::new();
    let opening = Opening::new(&desktop.folder().subfolder("cache"));
    let opening = opening.keychain_timeout(Duration::from_secs(20));
    let mut program = CacheProgram::on(&desktop);
    let mut report = |protection: &str, service: &str| {
        let report = program.ask_anew(&opening, "diagnose").text;
        assert!(!report.contains("sealed-cache-key"), "{report}");
        reads(&report, &opening.folder, &[CACHE, protection, service]);
    };
    report(
        "  not stored yet; will be protected by: AES-256-GCM file, key in the Secret Service",
        "  * secret-service, key in the Secret Service: works here",
    );
    CacheProgram::on(&desktop).ask_anew(&opening, "add 1").is("ok", "");
    let protected = "  protected by: AES-256-GCM file, key in the Secret Service";
    report(protected, "  * secret-service, key in the Secret Service: works here");
    // The report does not fetch the key: that it is missing is for `read` to tell.
    let clear = desktop.command("secret-tool").args(["clear", "application", APPLICATION]).status();
    assert!(clear.unwrap().success());
    report(protected, "  * secret-service, key in the Secret Service: works here");
    desktop.lock();
    report(
        protected,
        "  * secret-service, key in the Secret Service: the Secret Service: the keyring is locked, and no program is \
         running that could ask for its password",
    );
    desktop.kill_daemon();
    report(
        protected,
        "  * secret-service, key in the Secret Service: the Secret Service: no Secret Service is running: opening a \
         session with the Secret Service: The name org.freedesktop.secrets was not provided by any .service files",
    );
}
