//! Items that other programs use too: which is found, which is replaced, which is removed.
//!
//! What other programs do is done by `secret-tool`, which is libsecret.

use sealed_cache_platform::{
    KeychainError,
    secret_service::{self, Call, Found, Item, Matching},
};

use super::{
    LABEL, SCHEMA,
    common::{desktop::Desktop, invented_service::InventedService, wait_until},
    program,
};

/// The item of a request: how it is matched, or its collection.
pub(super) fn meant<'a>(item: Item<'a>, more: &'a str) -> Item<'a> {
    match more {
        "" => item,
        "any" => item.matching(Matching::Attributes),
        "exact" => item.matching(Matching::Exactly),
        collection => item.in_collection(collection),
    }
}

/// What was found, as an answer.
pub(super) fn told(found: Option<Found>) -> String {
    let Some(found) = found else { return "none".into() };
    let text = String::from_utf8_lossy(&found.secret).into_owned();
    let kind = if found.is_text() { "text" } else { "no text" };
    format!("{text} of {} ({kind}: {})", found.matches, found.content_type)
}

/// Rename it to another cache, under another schema name.
pub(super) fn rename(item: &Item<'_>, name: &str, call: &Call) -> Result<String, KeychainError> {
    let attributes = [("application", "com.contoso.aside"), ("cache", name)];
    let to = Item::new("org.sealed_cache.Aside", &attributes, "set aside");
    secret_service::rename(item, &to, call).map(|count| format!("renamed:{count}"))
}

/// A peer of the test's own item, which is stored and looked up by libsecret.
struct Peer<'a>(&'a Desktop);

impl Peer<'_> {
    /// Store a text, with these attributes more than those of the item.
    fn store(&self, schema: &str, more: &str, collection: &str, text: &str) {
        let script = format!(
            "printf '{text}' | secret-tool store --label=theirs --collection={collection} xdg:schema {schema} \
             application com.contoso.test cache tokens {more}"
        );
        assert!(self.0.command("sh").args(["-c", &script]).status().expect("sh starts").success());
    }

    /// What libsecret finds, with the schema name or without.
    fn lookup(&self, schema: Option<&str>) -> String {
        let mut tool = self.0.command("secret-tool");
        tool.args(["lookup", "application", "com.contoso.test", "cache", "tokens"]);
        tool.args(schema.map(|name| ["xdg:schema", name]).into_iter().flatten());
        String::from_utf8(tool.output().expect("secret-tool starts").stdout).expect("it speaks UTF-8")
    }
}

/// The clock by which GNOME Keyring orders items has seconds.
fn next_second() {
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs();
    let then = now();
    wait_until("the next second", || now() > then);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn of_several_that_match_the_one_is_found_that_peers_find() {
    let desktop = Desktop::new();
    let peer = Peer(&desktop);
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens ours").is("stored");
    for (schema, more, collection, text) in [
        ("org.contoso.Other", "", "default", "other-schema"),
        (SCHEMA, "more 1", "default", "more-attributes"),
        (SCHEMA, "", "session", "other-collection"),
    ] {
        next_second();
        peer.store(schema, more, collection, text);
        for (name, schema) in [("tokens", Some(SCHEMA)), ("tokens+any", None)] {
            let found = program.ask(&format!("lookup quiet 5000 {name} -")).text;
            assert_eq!(found, format!("some:{}", peer.lookup(schema)));
        }
        program.ask("lookup quiet 5000 tokens+any -").is(&format!("some:{text}"));
    }
    next_second();
    program.ask("share quiet 5000 tokens ours-again").is("true");
    assert_eq!((peer.lookup(Some(SCHEMA)), peer.lookup(None)), ("ours-again".into(), "ours-again".into()));
    program.ask("find quiet 5000 tokens -").is("ours-again of 3 (text: text/plain)");
    program.ask("find quiet 5000 tokens+any -").is("ours-again of 4 (text: text/plain)");
    program.ask("find quiet 5000 tokens+exact -").is("ours-again of 2 (text: text/plain)");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn who_shares_items_replaces_only_exactly_this_one_in_this_collection() {
    let desktop = Desktop::new();
    let peer = Peer(&desktop);
    peer.store(SCHEMA, "", "default", "replaced");
    peer.store("org.contoso.Other", "", "default", "other-schema");
    peer.store(SCHEMA, "more 1", "default", "more-attributes");
    peer.store(SCHEMA, "", "session", "other-collection");
    let mut program = program(&desktop);
    for (number, name) in
        ["tokens", "tokens+any", "tokens+/org/freedesktop/secrets/collection/login"].iter().enumerate()
    {
        program.ask(&format!("share quiet 5000 {name} ours-{number}")).begins("");
        let all = desktop.search(&["cache", "tokens"]);
        assert_eq!(all.matches("label = theirs\n").count(), 4, "the label stays: {all}");
        let ours = format!("ours-{number}");
        for secret in [&ours, "other-schema", "more-attributes", "other-collection"] {
            assert_eq!(all.matches(&format!("secret = {secret}\n")).count(), 1, "{name}, {secret}: {all}");
        }
    }
    program.ask("share quiet 5000 tokens+session ours").begins("");
    let all = desktop.search(&["cache", "tokens"]);
    assert_eq!((all.matches("label = ").count(), all.matches("secret = ours").count()), (4, 2), "{all}");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_that_is_not_there_is_made_beside_those_that_have_more() {
    let desktop = Desktop::new();
    Peer(&desktop).store(SCHEMA, "more 1", "default", "more-attributes");
    Peer(&desktop).store(SCHEMA, "", "session", "other-collection");
    let mut program = program(&desktop);
    program.ask("share quiet 5000 tokens ours").begins("");
    program.end();
    let all = desktop.search(&["cache", "tokens"]);
    for secret in ["ours", "more-attributes", "other-collection"] {
        assert_eq!(all.matches(&format!("secret = {secret}\n")).count(), 1, "{secret}: {all}");
    }
    assert!(all.contains(&format!("label = {LABEL}\n")), "{all}");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn who_shares_an_item_learns_whether_it_is_found() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("share quiet 5000 tokens alone").is("true");
    // The service names items of one second in an order of its own: what we are told is what libsecret then finds.
    for collection in ["session", "default"] {
        for number in 0..20 {
            let (schema, text) = (format!("org.contoso.Other{number}"), format!("ours-{number}"));
            Peer(&desktop).store(&schema, "", collection, "theirs");
            let told = program.ask(&format!("share quiet 5000 tokens+any {text}")).text;
            assert_eq!(told, (Peer(&desktop).lookup(None) == text).to_string());
        }
    }
    // Also what the item holds already is stored as the newest.
    for _ in 0..2 {
        next_second();
        program.ask("share quiet 5000 tokens+any last").is("true");
        assert_eq!(Peer(&desktop).lookup(None), "last");
        Peer(&desktop).store("org.contoso.Other", "", "default", "theirs");
    }
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn only_exactly_this_item_is_removed_in_every_collection() {
    let desktop = Desktop::new();
    let peer = Peer(&desktop);
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens ours").is("stored");
    peer.store("org.contoso.Other", "", "default", "other-schema");
    peer.store(SCHEMA, "more 1", "default", "more-attributes");
    peer.store(SCHEMA, "", "session", "other-collection");
    program.ask("remove quiet 5000 tokens+exact -").is("removed:true");
    program.ask("remove quiet 5000 tokens+exact -").is("removed:false");
    program.ask("lookup quiet 5000 tokens+exact -").is("none");
    let all = desktop.search(&["cache", "tokens"]);
    assert_eq!(all.matches("label = ").count(), 2, "{all}");
    assert!(all.contains("secret = other-schema") && all.contains("secret = more-attributes"), "{all}");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_is_renamed_and_keeps_what_it_holds() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("rename quiet 5000 tokens+exact aside").is("renamed:0");
    program.ask("store quiet 5000 tokens ours").is("stored");
    Peer(&desktop).store(SCHEMA, "more 1", "default", "neighbour");
    program.ask("rename quiet 5000 tokens+exact aside").is("renamed:1");
    program.ask("lookup quiet 5000 tokens+exact -").is("none");
    program.ask("lookup quiet 5000 tokens -").is("some:neighbour");
    program.end();
    let aside = desktop.search(&["application", "com.contoso.aside", "cache", "aside"]);
    assert_eq!(aside.matches("label = ").count(), 1, "{aside}");
    for line in ["label = set aside\n", "secret = ours\n", "schema = org.sealed_cache.Aside\n"] {
        assert!(aside.contains(line), "{aside}");
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_locked_item_is_no_missing_item_and_none_is_left_behind_by_the_lock() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens ours").is("stored");
    desktop.lock();
    for request in ["find", "share", "remove", "rename"] {
        for name in ["tokens", "tokens+any", "tokens+exact"] {
            let answer = program.ask(&format!("{request} quiet 5000 {name} text"));
            answer.begins("locked:").took_less_than(1000);
        }
    }
    // What can be read is read, as libsecret does; but what is exactly the item can only be told when all are open.
    Peer(&desktop).store(SCHEMA, "", "session", "readable");
    program.ask("find quiet 5000 tokens -").begins("readable of 2");
    for request in ["find", "remove", "rename"] {
        program.ask(&format!("{request} quiet 5000 tokens+exact text")).begins("locked:");
    }
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_collection_that_is_not_there_or_has_no_name_is_said() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    for collection in ["nowhere", "/org/freedesktop/secrets/collection/nowhere"] {
        for request in ["probe", "lookup", "store", "share", "remove"] {
            let answer = program.ask(&format!("{request} quiet 5000 tokens+{collection} text"));
            answer.begins("unavailable:").mentions(collection);
        }
    }
    program.ask("store quiet 5000 tokens+no/path text").begins("failed:").mentions("no/path");
    program.ask("store quiet 5000 tokens+/no/path/ text").begins("failed:").mentions("/no/path/");
    program.end();
    assert_eq!(desktop.search(&["cache", "tokens"]), "");
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn what_is_no_text_to_libsecret_is_told() {
    let desktop = Desktop::without_service();
    let service = InventedService::start(&desktop);
    let mut program = program(&desktop);
    for (content_type, item, expected) in [
        ("text/plain", &b"a"[..], "a of 1 (text: text/plain)"),
        ("text/plain; charset=utf-8", b"a", "a of 1 (text: text/plain; charset=utf-8)"),
        ("", b"a", "a of 1 (text: )"),
        ("application/octet-stream", b"a", "a of 1 (text: application/octet-stream)"),
        ("application/octet-stream", b"\xff", "\u{fffd} of 1 (no text: application/octet-stream)"),
        ("", b"\xff", "\u{fffd} of 1 (no text: )"),
        ("application/json", b"{}", "{} of 1 (no text: application/json)"),
        ("text/html", b"a", "a of 1 (no text: text/html)"),
    ] {
        service.habits().content_type = content_type;
        service.habits().item = Some(item);
        program.ask("find quiet 5000 tokens -").is(expected);
    }
    program.end();
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn an_item_that_is_removed_while_it_is_read_is_looked_for_again() {
    let desktop = Desktop::without_service();
    let service = InventedService::start(&desktop);
    let mut program = program(&desktop);
    service.habits().vanishes = 2;
    program.ask("lookup quiet 5000 tokens -").is("some:text");
    service.habits().vanishes = u32::MAX;
    program.ask("lookup quiet 5000 tokens -").begins("failed:").mentions("removing");
    service.habits().item = None;
    program.ask("lookup quiet 5000 tokens -").is("none");
    program.end();
}
