//! A person is asked: agrees, declines, is away.

use std::sync::mpsc;

use super::{
    common::{
        desktop::Desktop,
        invented_service::{InventedService, Person},
        peer, wait_until,
    },
    program,
};

/// The name of the program that GNOME Keyring asks with.
const PROMPTER: &str = "org.gnome.keyring.SystemPrompter";

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn a_person_unlocks_the_keyring() {
    for hides_what_is_locked in [false, true] {
        for (request, done) in [("lookup", "some:text"), ("store", "stored"), ("remove", "removed:true")] {
            let desktop = Desktop::without_service();
            let service = InventedService::start(&desktop);
            service.habits().is_locked = true;
            service.habits().hides_what_is_locked = hides_what_is_locked;
            let mut program = program(&desktop);
            program.ask("probe ask 5000 - -").is("usable");
            program.ask(&format!("{request} quiet 5000 tokens text")).begins("locked:");
            assert!(!service.habits().was_called("Prompt"));
            program.ask(&format!("{request} ask 5000 tokens text")).is(done);
            program.end();
        }
    }
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn a_person_dismisses_or_is_not_there_or_the_service_ends() {
    let cases = [
        (Person::Dismisses, "dismissed:"),
        (Person::SaysNothing, "timed out:"),
        (Person::EndsTheService, "failed:"),
    ];
    for (person, said) in cases {
        let desktop = Desktop::without_service();
        let service = InventedService::start(&desktop);
        service.habits().is_locked = true;
        service.habits().person = person;
        let mut program = program(&desktop);
        program.ask("lookup ask 500 tokens -").begins(said).took_less_than(1500);
        wait_until("the prompt is withdrawn", || {
            !matches!(person, Person::SaysNothing) || service.habits().was_called("Dismiss")
        });
        program.end();
    }
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn a_service_that_asks_before_each_change_is_obeyed_or_refused() {
    for (request, done) in [("store", "stored"), ("remove", "removed:true")] {
        let desktop = Desktop::without_service();
        let service = InventedService::start(&desktop);
        service.habits().asks_before_changes = true;
        let mut program = program(&desktop);
        program.ask(&format!("{request} quiet 5000 tokens text")).begins("locked:").took_less_than(1000);
        wait_until("the prompt is withdrawn", || service.habits().was_called("Dismiss"));
        assert!(!service.habits().was_called("Prompt"));
        program.ask(&format!("{request} ask 5000 tokens text")).is(done);
        program.end();
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_prompt_that_is_dismissed_is_told_from_one_that_cannot_be_shown() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    desktop.lock();
    program.ask("lookup ask 5000 tokens -").begins("locked:");
    peer::start(&desktop.socket(), PROMPTER, |_| {
        vec![peer::Send::Error("org.freedesktop.DBus.Error.Failed")]
    });
    program.ask("probe ask 5000 - -").is("usable");
    for request in ["lookup", "store", "remove"] {
        program.ask(&format!("{request} ask 5000 tokens text")).begins("dismissed:").took_less_than(2500);
    }
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_prompt_that_nobody_answers_is_a_timeout_at_the_deadline() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    desktop.lock();
    peer::start(&desktop.socket(), PROMPTER, |_| vec![peer::Send::Return(peer::Body::new())]);
    for request in ["lookup", "store", "remove"] {
        let answer = program.ask(&format!("{request} ask 500 tokens text"));
        answer.begins("timed out:").mentions("nobody answered").took_from(500).took_less_than(1500);
    }
    // The daemon of the person must have survived it.
    program.ask("lookup quiet 5000 tokens -").begins("locked:");
    assert!(desktop.has_owner("org.freedesktop.secrets"));
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_service_that_stops_while_it_asks_is_a_timeout_at_the_deadline() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    desktop.lock();
    let (begun, has_begun) = mpsc::channel();
    peer::start(&desktop.socket(), PROMPTER, move |_| {
        let _ = begun.send(());
        vec![peer::Send::Return(peer::Body::new())]
    });
    program.send("lookup ask 1000 tokens text");
    has_begun.recv().expect("the prompter is called");
    desktop.stop_daemon();
    program.answer().begins("timed out:").took_from(1000).took_less_than(2000);
    desktop.continue_daemon();
    program.end();
}
