//! Whatever hangs, the call ends at its deadline.

use super::{common::desktop::Desktop, program};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_stopped_service_is_a_timeout_at_the_deadline() {
    let desktop = Desktop::new();
    desktop.stop_daemon();
    let mut program = program(&desktop);
    for request in ["probe", "lookup", "store", "remove"] {
        let answer = program.ask(&format!("{request} ask 500 tokens text"));
        answer.begins("timed out:").took_from(500).took_less_than(1500);
    }
    desktop.continue_daemon();
    program.ask("lookup quiet 5000 others -").is("none");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_service_that_stops_between_calls_is_a_timeout_at_the_deadline() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    for request in ["probe", "lookup", "store", "remove"] {
        desktop.stop_daemon();
        let answer = program.ask(&format!("{request} ask 500 tokens text"));
        answer.begins("timed out:").took_from(500).took_less_than(1500);
        desktop.continue_daemon();
        program.ask("probe quiet 5000 - -").is("usable");
    }
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_stopped_bus_is_a_timeout_at_the_deadline() {
    let desktop = Desktop::new();
    let mut connected = program(&desktop);
    connected.ask("probe quiet 5000 - -").is("usable");
    let mut new = program(&desktop);
    desktop.stop_bus();
    for program in [&mut connected, &mut new] {
        let answer = program.ask("lookup ask 500 tokens -");
        answer.begins("timed out:").took_from(500).took_less_than(1500);
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn the_deadline_has_passed() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("lookup ask 0 tokens -").begins("timed out:").took_less_than(500);
    program.ask("lookup ask 5000 tokens -").is("none");
    program.end();
}
