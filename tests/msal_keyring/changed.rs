//! What other programs do to the item while a program uses it.

use super::{SAME, Scene, base64, of_base64, theirs};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_that_was_removed_meanwhile_is_an_empty_cache() {
    let scene = Scene::new();
    let mut program = scene.program("");
    program.ask("add a").is("ok", "");
    scene.remove();
    // Nobody signals a removal through libsecret; a change looks at the item itself.
    program.ask("add b").is("ok", "");
    program.ask("read").is("ok", "b");
    assert_eq!(scene.count(), 1);
    program.ask("lock").is("ok", "b");
    scene.remove();
    program.ask("add-and-commit c").is("ok", "");
    program.ask("read").is("ok", "c");
    scene.remove();
    program.ask("clear").is("ok", "");
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_that_was_replaced_as_a_whole_is_not_overwritten() {
    let scene = Scene::new();
    let mut program = scene.program("");
    program.ask("add a").is("ok", "");
    program.ask("read").is("ok", "a");
    scene.store(&SAME, &base64(&theirs(&["b"])));
    program.ask("add c").is("ok", "");
    program.ask("read").is("ok", "b c");
    program.ask("lock").is("ok", "b c");
    scene.store(&SAME, &base64(&theirs(&["b", "d"])));
    program.ask("add-and-commit e").is("ok", "");
    // Who replaced it had taken `c` away.
    program.ask("read").is("ok", "b d e");
    assert!(of_base64(&scene.lookup()).contains("\"theirs\":{\"x\":1}"));
    assert_eq!(scene.count(), 1);
    program.end();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_item_that_became_unreadable_during_a_change_is_not_overwritten() {
    let scene = Scene::new();
    let mut program = scene.program("");
    program.ask("add a").is("ok", "");
    program.ask("lock").is("ok", "a");
    scene.store(&SAME, "hunter two");
    program.ask("add-and-commit b").is_kind("InvalidContents");
    assert_eq!(scene.lookup(), "hunter two");
    program.end();
}
