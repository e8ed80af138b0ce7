//! P3: the keyring or the fallback, by a choice that is made once.

use std::{env, fs, process::Command, time::Instant};

use super::{
    SHORT, SLACK, Scene, bounded,
    desktop_cache::{
        APPLICATION, CacheProgram, Fallback, Opening,
        platform::{desktop::Desktop, folder::Folder},
        state,
    },
};

/// Needs nothing: where there is no library, there is no Secret Service.
#[test]
fn p4_a_machine_without_a_keychain_lists_the_choices_and_takes_a_fallback() {
    let folder = Folder::new();
    let [cache, keys, lib] = ["cache", "keys", "lib"].map(|name| folder.subfolder(name));
    fs::write(lib.join("libsecret-1.so.0"), "not a library").unwrap();
    let mut program =
        CacheProgram::by(Command::new(env::current_exe().unwrap()).env("LD_LIBRARY_PATH", &lib));
    let started = Instant::now();
    let answer = program.ask_anew(&Opening::new(&cache), "add 1");
    answer.is_kind("KeychainUnavailable");
    for choice in ["libsecret-1-0", "KernelKeyring", "SystemdCredential", "Passphrase", "KeyFile"] {
        assert!(answer.text.contains(choice), "no {choice} in {}", answer.text);
    }
    assert!(started.elapsed() < SLACK, "{answer:?}");
    program.ask_anew(&Opening::new(&cache).fallback(Fallback::KeyFile(keys.clone())), "add 1").is("ok", "");
    let key = format!("AES-256-GCM file, key in a file in {}", keys.display());
    program.ask("protection").is("ok", &key);
    program.ask_anew(&Opening::new(&cache), "read").is_kind("Configuration");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p3_a_keyring_that_is_locked_or_hangs_is_no_reason_to_fall_back() {
    let scene = Scene::new();
    let keys = scene.desktop.folder().subfolder("keys");
    let mut program = scene.program();
    let opening = Opening::new(&scene.absent).fallback(Fallback::KeyFile(keys.clone()));
    let opening = opening.keychain_timeout(SHORT);
    for (kind, act) in
        [("KeychainLocked", Desktop::lock as fn(&Desktop)), ("KeychainTimeout", Desktop::stop_daemon)]
    {
        act(&scene.desktop);
        for verb in ["add 1", "lock", "protection", "verify"] {
            bounded(&mut program, &opening, verb, kind);
        }
        assert_eq!((state(&scene.absent), state(&keys)), (vec![], vec![]), "{kind}");
    }
    scene.desktop.continue_daemon();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p3_a_fallback_stays_when_the_keyring_comes_and_the_keyring_stays_when_it_goes() {
    let mut desktop = Desktop::without_service();
    let [cache, keys] = ["cache", "keys"].map(|name| desktop.folder().subfolder(name));
    let opening = Opening::new(&cache).fallback(Fallback::KeyFile(keys.clone()));
    let by_file = format!("AES-256-GCM file, key in a file in {}", keys.display());
    let mut program = CacheProgram::on(&desktop);
    program.ask_anew(&opening, "add 1").is("ok", "");
    program.ask("protection").is("ok", &by_file);
    desktop.start_daemon();
    for verb in ["add 2", "rekey"] {
        program.ask_anew(&opening, verb).is("ok", "");
        program.ask("protection").is("ok", &by_file);
    }
    assert_eq!(desktop.search(&["application", APPLICATION]), "", "nothing went into the keyring");
    // A new cache is a new choice.
    program.ask("clear").is("ok", "");
    program.ask_anew(&opening, "add 3").is("ok", "");
    program.ask("protection").is("ok", "AES-256-GCM file, key in the Secret Service");
    desktop.kill_daemon();
    program.ask_anew(&opening, "add 4").is_kind("KeychainUnavailable");
    program.ask("protection").is("ok", "AES-256-GCM file, key in the Secret Service");
    assert_eq!(state(&keys), []);
}
