//! What is stored is found, exactly so.

use std::fs;

use super::{
    LABEL, SCHEMA,
    common::{desktop::Desktop, invented_service::InventedService, program::Program, wait_until},
    program,
};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_is_stored_found_and_replaced_in_place() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("probe quiet 5000 - -").is("usable");
    program.ask("lookup quiet 5000 tokens -").is("none");
    program.ask("store quiet 5000 tokens first text").is("stored");
    program.ask("lookup quiet 5000 tokens -").is("some:first text");
    program.ask("store ask 5000 tokens second \u{e4}\u{1f511}").is("stored");
    program.ask("lookup ask 5000 tokens -").is("some:second \u{e4}\u{1f511}");
    program.end();

    let found = desktop.search(&["application", "com.contoso.test"]);
    assert_eq!(found.matches("label = ").count(), 1, "{found}");
    assert!(found.contains(&format!("label = {LABEL}\n")), "{found}");
    assert!(found.contains("secret = second"), "{found}");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_has_exactly_the_attributes_and_the_schema() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    program.end();
    let found = desktop.search(&["cache", "tokens"]);
    let mut attributes: Vec<_> =
        found.lines().filter(|line| line.starts_with("attribute.") || line.starts_with("schema")).collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        [
            "attribute.application = com.contoso.test",
            "attribute.cache = tokens",
            "schema = org.sealed_cache.Test"
        ]
    );
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn an_item_is_stored_as_text() {
    // GNOME Keyring says that everything is text, but not every service does; and libsecret reads nothing else.
    let desktop = Desktop::without_service();
    let service = InventedService::start(&desktop);
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text to store").is("stored");
    for part in
        ["org.freedesktop.Secret.Item.Label", LABEL, "xdg:schema", SCHEMA, "text to store", "text/plain\0"]
    {
        assert!(service.habits().was_created_with(part.as_bytes()), "{part}");
    }
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_is_removed_once_and_its_neighbour_stays() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    program.ask("store quiet 5000 others text").is("stored");
    program.ask("remove quiet 5000 tokens -").is("removed:true");
    program.ask("remove quiet 5000 tokens -").is("removed:false");
    program.ask("lookup quiet 5000 tokens -").is("none");
    program.ask("lookup quiet 5000 others -").is("some:text");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_peer_and_this_library_share_an_item() {
    let desktop = Desktop::new();
    let script = "printf theirs | secret-tool store --label=L \
         xdg:schema org.sealed_cache.Test application com.contoso.test cache tokens";
    assert!(desktop.command("sh").args(["-c", script]).status().expect("sh starts").success());
    let mut program = program(&desktop);
    program.ask("lookup quiet 5000 tokens -").is("some:theirs");
    program.ask("store quiet 5000 tokens ours").is("stored");
    program.end();
    let mut tool = desktop.command("secret-tool");
    let found = tool.args(["lookup", "application", "com.contoso.test", "cache", "tokens"]).output();
    assert_eq!(found.expect("secret-tool starts").stdout, b"ours");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn many_threads_find_the_item_at_once() {
    let desktop = Desktop::new();
    let mut first = program(&desktop);
    first.ask("store quiet 5000 tokens text").is("stored");
    first.end();
    let mut program = program(&desktop);
    program.ask("crowd quiet 20000 tokens text").is("all:true");
    program.ask("crowd quiet 20000 tokens text").is("all:true");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn no_thread_and_no_file_is_left_by_a_call() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    let count = |program: &Program| {
        let entries = |what| fs::read_dir(format!("/proc/{}/{what}", program.id())).expect("it runs").count();
        (entries("task"), entries("fd"))
    };
    let before = count(&program);
    for _ in 0..50 {
        program.ask("lookup quiet 5000 tokens -").is("some:text");
    }
    wait_until("as few threads and files as before", || count(&program) <= before);
    program.end();
}
