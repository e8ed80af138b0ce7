//! Each state that a keyring can be in, and every verb.

use std::{env, fs, process::Command};

use sealed_cache::Prompt;

use super::{
    SHORT, Scene, bounded,
    desktop_cache::{
        CacheProgram, Opening, OtherDaemon,
        platform::{
            desktop::Desktop,
            invented_service::{InventedService, Person},
        },
        state,
    },
};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_unlocked_everything_works_and_leaves_nothing() {
    let scene = Scene::new();
    let mut program = scene.program();
    for prompt in [Prompt::Never, Prompt::Allowed] {
        let existing = Opening::new(&scene.existing).prompt(prompt);
        program.ask_anew(&existing, "add 8").is("ok", "");
        program.ask_anew(&existing, "rekey").is("ok", "");
        program.ask_anew(&existing, "verify").is("ok", "");
        program.ask_anew(&existing, "lock").is_kind("ok");
    }
    program.ask("read").is("ok", "[7, 8, 8]");
    let absent = Opening::new(&scene.absent);
    program.ask_anew(&absent, "rekey").is_kind("NotFound");
    program.ask("protection").is("ok", "AES-256-GCM file, key in the Secret Service");
    program.ask("verify").is("ok", "");
    assert_eq!(state(&scene.absent), []);
    let items = scene.items();
    assert_eq!(items.matches("label = ").count(), 1, "no item of `verify` is left: {items}");
    program.ask_anew(&Opening::new(&scene.existing), "clear").is("ok", "");
    assert_eq!(scene.items(), "", "the key is gone with the cache");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_locked_without_anybody_to_ask() {
    let mut scene = Scene::new();
    scene.desktop.lock();
    scene.every_verb_is("KeychainLocked");
    scene.desktop.kill_daemon();
    scene.desktop.start_daemon();
    scene.opens_again();
    scene.desktop.lock();
    scene.is_cleared_all_the_same();
    scene.desktop.kill_daemon();
    scene.desktop.start_daemon();
    assert_eq!(scene.items().matches("label = ").count(), 1, "the key stays in the locked keyring");
    // The next cache takes it over, so that it is not there for ever.
    let mut program = scene.program();
    program.ask_anew(&Opening::new(&scene.existing), "add 1").is("ok", "");
    program.ask("clear").is("ok", "");
    assert_eq!(scene.items(), "");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_stopped() {
    let scene = Scene::new();
    scene.desktop.stop_daemon();
    scene.every_verb_is("KeychainTimeout");
    scene.desktop.continue_daemon();
    scene.opens_again();
    scene.desktop.stop_daemon();
    scene.is_cleared_all_the_same();
    scene.desktop.continue_daemon();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_a_bus_that_is_stopped() {
    let scene = Scene::new();
    scene.desktop.stop_bus();
    scene.every_verb_is("KeychainTimeout");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_killed() {
    let mut scene = Scene::new();
    scene.desktop.kill_daemon();
    scene.every_verb_is("KeychainUnavailable");
    scene.desktop.start_daemon();
    scene.opens_again();
    scene.desktop.kill_daemon();
    scene.is_cleared_all_the_same();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_restarted_with_another_password() {
    let mut scene = Scene::new();
    scene.desktop.kill_daemon();
    let other = OtherDaemon::start(&scene.desktop);
    scene.every_verb_is("KeychainLocked");
    drop(other);
    scene.desktop.start_daemon();
    scene.opens_again();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_no_bus() {
    let mut scene = Scene::new();
    scene.desktop.kill_bus();
    scene.every_verb_is("KeychainUnavailable");
    for address in [None, Some(""), Some("unix:path=/nowhere")] {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env("XDG_RUNTIME_DIR", &scene.absent);
        command.envs(address.map(|address| ("DBUS_SESSION_BUS_ADDRESS", address)));
        scene.every_verb_of(&mut CacheProgram::by(&mut command), "KeychainUnavailable");
    }
    scene.desktop.start_bus();
    scene.desktop.start_daemon();
    scene.opens_again();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_no_libsecret() {
    let scene = Scene::new();
    let without = scene.desktop.folder().subfolder("lib");
    fs::write(without.join("libsecret-1.so.0"), "not a library").unwrap();
    let mut command = scene.desktop.command(env::current_exe().unwrap());
    let mut program = CacheProgram::by(command.env("LD_LIBRARY_PATH", without));
    scene.every_verb_of(&mut program, "KeychainUnavailable");
    scene.opens_again();
}

/// The question of a keyring that nobody answers: the only case in which a person is waited for.
#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn p5_a_question_that_nobody_answers() {
    let desktop = Desktop::without_service();
    let service = InventedService::start(&desktop);
    let folder = desktop.folder().subfolder("cache");
    let mut program = CacheProgram::on(&desktop);
    service.habits().is_locked = true;
    for (person, kind) in [(Person::SaysNothing, "KeychainTimeout"), (Person::Dismisses, "AccessDenied")] {
        service.habits().person = person;
        let opening = Opening::new(&folder).keychain_timeout(SHORT);
        bounded(&mut program, &opening, "add 1", kind);
        program.ask_anew(&opening.clone().prompt(Prompt::Never), "add 1").is_kind("KeychainLocked");
        assert_eq!(state(&folder), []);
    }
}
