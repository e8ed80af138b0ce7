//! What was restarted is found again by the same process.

use super::{
    common::{desktop::Desktop, invented_service::InventedService},
    program,
};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_service_that_was_restarted_is_found_again() {
    let mut desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    for _ in 0..3 {
        desktop.kill_daemon();
        program.ask("lookup quiet 5000 tokens -").begins("unavailable:").took_less_than(1000);
        desktop.start_daemon();
        program.ask("lookup quiet 5000 tokens -").is("some:text");
        desktop.kill_daemon();
        desktop.start_daemon(); // this time, nobody called meanwhile
        program.ask("store quiet 5000 tokens text").is("stored");
    }
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_bus_that_was_restarted_is_found_again() {
    let mut desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    for _ in 0..3 {
        desktop.kill_bus();
        program.ask("lookup quiet 5000 tokens -").begins("unavailable:").took_less_than(1000);
        desktop.start_bus();
        desktop.start_daemon();
        program.ask("lookup quiet 5000 tokens -").is("some:text");
    }
    program.end();
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn a_session_that_the_service_forgot_is_opened_anew() {
    let desktop = Desktop::without_service();
    let service = InventedService::start(&desktop);
    let mut program = program(&desktop);
    program.ask("lookup quiet 5000 tokens -").is("some:text");
    for request in ["lookup quiet 5000 tokens -", "store quiet 5000 tokens text"] {
        service.habits().forgets_sessions = 1;
        let answer = program.ask(request);
        assert!(["some:text", "stored"].contains(&answer.text.as_str()), "{answer:?}");
    }
    // But not for ever.
    service.habits().forgets_sessions = u32::MAX;
    program.ask("lookup quiet 5000 tokens -").begins("failed:").took_less_than(1000);
    program.end();
}
