//! Items that match as well, but are not the item: whose is read, and that none is lost.

use super::{
    LABEL, Other, SAME, SCHEMA, Scene, base64, desktop_cache::CacheProgram, next_second, of_base64, theirs,
};

const OTHER_SCHEMA: Other<'static> = Other { schema: "msal.cache.other", ..SAME };
const MORE_ATTRIBUTES: Other<'static> = Other { more: &["name", "other"], ..SAME };
const IN_SESSION: Other<'static> = Other { collection: "session", ..SAME };

impl Scene {
    /// The item of another program holds what it did.
    #[track_caller]
    fn still_has(&self, text: &str) {
        let items = self.items();
        assert!(items.contains(&format!("secret = {text}\n")), "{items}");
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_under_another_schema_name_is_another_cache() {
    let scene = Scene::new();
    let other = base64(&theirs(&["a"]));
    scene.store(&OTHER_SCHEMA, &other);
    let mut program = scene.program("");
    program.ask("read").is("ok", "");
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "b");
    scene.still_has(&other);
    program.ask("clear").is("ok", "");
    scene.still_has(&other);
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_under_another_schema_name_is_found_by_who_does_not_look_at_it() {
    let scene = Scene::new();
    let other = base64(&theirs(&["a"]));
    scene.store(&OTHER_SCHEMA, &other);
    let mut program = scene.program("any-schema");
    program.ask("read").is("ok", "a");
    // As .NET does, it is stored under our own name, and is found from then on.
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "a b");
    assert_eq!(scene.lookup_with(&[]), scene.lookup());
    scene.still_has(&other);
    assert_eq!(scene.count(), 2);
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn of_two_items_that_match_the_newest_is_read_and_only_ours_is_written() {
    let scene = Scene::new();
    let other = base64(&theirs(&["a"]));
    let mut program = scene.program("");
    program.ask("add ours").is("ok", "");
    next_second();
    scene.store(&MORE_ATTRIBUTES, &other);
    program.ask("read").is("ok", "a");
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "a b");
    assert!(of_base64(&scene.lookup()).contains("\"b\""), "and so everybody else finds it");
    scene.still_has(&other);
    program.ask("clear").is("ok", "");
    assert_eq!(scene.count(), 1, "the other one stays");
    scene.still_has(&other);
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn of_two_items_of_one_second_ours_is_found_after_a_save() {
    let scene = Scene::new();
    let mut program = scene.program("any-schema");
    for number in 0..8 {
        // Its order among those of this second is up to the keyring.
        let schema = format!("msal.cache.{number}");
        scene.store(&Other { schema: &schema, ..SAME }, &base64(&theirs(&[&schema])));
        program.ask(&format!("add ours-{number}")).is("ok", "");
        let found = program.ask("read");
        assert!(found.is_kind("ok").text.contains(&format!("ours-{number}")), "{found:?}");
        assert_eq!(scene.lookup_with(&[]), scene.lookup());
    }
    assert_eq!(scene.count(), 9);
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_unreadable_item_of_somebody_else_is_an_error_and_stays() {
    for other in [OTHER_SCHEMA, IN_SESSION] {
        let scene = Scene::new();
        let mut program = scene.program("any-schema");
        program.ask("add ours").is("ok", "");
        let ours = scene.lookup();
        next_second();
        scene.store(&other, "hunter two");
        for verb in ["read", "add b"] {
            let answer = program.ask(verb);
            assert!(answer.is_kind("InvalidContents").text.contains("2 items"), "{answer:?}");
        }
        scene.still_has("hunter two");
        scene.still_has(&ours);
        program.end();
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn starting_empty_sets_aside_only_what_is_ours() {
    let scene = Scene::new();
    let mut program = scene.program("any-schema start-empty");
    program.ask("add ours").is("ok", "");
    let ours = scene.lookup();
    next_second();
    scene.store(&OTHER_SCHEMA, "hunter two");
    let items = scene.items();
    for verb in ["read", "add b"] {
        let answer = program.ask(verb);
        assert!(answer.is_kind("InvalidContents").text.contains("another program"), "{answer:?}");
    }
    assert_eq!(scene.items(), items);
    // An unreadable one of ours, in two collections, is set aside in both.
    scene.remove_under(OTHER_SCHEMA.schema);
    next_second();
    scene.store(&IN_SESSION, "hunter two");
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "b");
    let mut aside = scene.aside();
    aside.sort();
    assert_eq!(aside, [ours, "hunter two".to_owned()]);
    assert_eq!(scene.count(), 1);
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_in_the_session_collection_hides_the_one_in_the_default_collection_until_a_save() {
    let scene = Scene::new();
    let mut program = scene.program("");
    program.ask("add ours").is("ok", "");
    next_second();
    let hiding = base64(&theirs(&["a"]));
    scene.store(&IN_SESSION, &hiding);
    program.ask("read").is("ok", "a");
    assert_eq!(scene.lookup(), hiding, "as for everybody else");
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "a b");
    scene.still_has(&hiding);
    let items = scene.items();
    assert_eq!(items.matches(LABEL).count(), 1, "{items}");
    // Whoever signs out wants no copy to be left.
    program.ask("clear").is("ok", "");
    program.ask("read").is("ok", "");
    assert_eq!(scene.count(), 0);
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_can_be_kept_in_another_collection_and_a_collection_must_be_there() {
    let scene = Scene::new();
    let mut program = scene.program("collection=session");
    program.ask("add a").is("ok", "");
    program.ask("read").is("ok", "a");
    scene.desktop.lock();
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "a b");
    scene.open(&mut program, "collection=nowhere");
    program.ask("add c").is_kind("KeychainUnavailable");
    program.ask("verify").is_kind("KeychainUnavailable");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_with_more_attributes_is_not_replaced_though_the_keyring_would() {
    let scene = Scene::new();
    let other = base64(&theirs(&["a"]));
    scene.store(&MORE_ATTRIBUTES, &other);
    let mut program: CacheProgram = scene.program("");
    program.ask("read").is("ok", "a");
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "a b");
    scene.still_has(&other);
    assert_eq!(scene.items().matches(&format!("schema = {SCHEMA}\n")).count(), 2);
    program.ask("clear").is("ok", "");
    program.ask("read").is("ok", "a");
    scene.still_has(&other);
    program.end();
}
