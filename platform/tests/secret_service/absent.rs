//! What is missing is named, at once.

use std::{env, fs, process::Command};

use super::{
    common::{desktop::Desktop, folder::Folder, invented_service::InventedService, program::Program},
    program,
};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_bus_without_a_service_is_unavailable() {
    let desktop = Desktop::without_service();
    let mut program = program(&desktop);
    for request in ["probe", "lookup", "store", "remove"] {
        let answer = program.ask(&format!("{request} ask 5000 tokens text"));
        answer.begins("unavailable:no Secret Service is running").took_less_than(1000);
    }
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_service_without_a_keyring_is_unavailable() {
    let mut desktop = Desktop::without_service();
    desktop.start_daemon_without_keyring();
    let mut program = program(&desktop);
    for request in ["probe", "lookup", "store", "remove"] {
        let answer = program.ask(&format!("{request} ask 5000 tokens text"));
        answer.begins("unavailable:").mentions("no default collection").took_less_than(1000);
    }
    program.end();
}

#[test]
#[ignore = "needs libsecret: cargo xtask test keychain"]
fn no_bus_is_unavailable() {
    let folder = Folder::new();
    for address in [None, Some(""), Some("autolaunch:"), Some("unix:path=/nowhere"), Some("nonsense")] {
        let mut command = Command::new(env::current_exe().expect("this program has a path"));
        command
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("DISPLAY", ":77");
        command.envs(address.map(|address| ("DBUS_SESSION_BUS_ADDRESS", address)));
        let mut program = Program::start(&mut command);
        for request in ["probe", "lookup", "store", "remove"] {
            let answer = program.ask(&format!("{request} ask 5000 tokens text"));
            answer.begins("unavailable:").mentions("no session bus").took_less_than(1000);
        }
        program.end();
    }
}

#[test]
fn a_library_that_cannot_be_opened_is_unavailable() {
    let folder = Folder::new();
    fs::write(folder.path().join("libsecret-1.so.0"), "not a library").expect("a file");
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    let mut program = Program::start(command.env("LD_LIBRARY_PATH", folder.path()));
    for request in ["probe", "lookup", "store", "remove"] {
        let answer = program.ask(&format!("{request} ask 5000 tokens text"));
        answer
            .begins("unavailable:")
            .mentions("libsecret-1.so.0")
            .mentions("libsecret-1-0")
            .took_less_than(1000);
    }
    program.end();
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn a_service_that_answers_nonsense_has_failed() {
    let desktop = Desktop::without_service();
    let service = InventedService::start(&desktop);
    service.habits().answers_nonsense = true;
    let mut program = program(&desktop);
    for request in ["probe", "lookup", "store", "remove"] {
        // Not "unavailable": that would invite to use something weaker.
        program.ask(&format!("{request} ask 5000 tokens text")).begins("failed:").took_less_than(1000);
    }
    program.end();
}
