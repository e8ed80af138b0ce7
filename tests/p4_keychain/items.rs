//! What lies in the keyring, and what others do to it.

use std::{fs, path::Path};

use sealed_cache::Prompt;

use super::{
    SHORT, Scene,
    desktop_cache::{APPLICATION, Opening, state},
};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_a_key_that_was_deleted_behind_our_back() {
    let scene = Scene::new();
    let mut warm = scene.program();
    warm.ask_anew(&Opening::new(&scene.existing), "read").is("ok", "[7]");
    let clear = scene.desktop.command("secret-tool").args(["clear", "application", APPLICATION]).status();
    assert!(clear.unwrap().success());
    let before = state(&scene.existing);
    let mut program = scene.program();
    for prompt in [Prompt::Never, Prompt::Allowed] {
        for verb in ["read", "add 8", "lock", "rekey"] {
            let opening = Opening::new(&scene.existing).prompt(prompt);
            program.ask_anew(&opening, verb).is_kind("KeyMissing");
        }
    }
    program.ask("verify").is("ok", "");
    program.ask("protection").is("ok", "AES-256-GCM file, key in the Secret Service");
    assert_eq!(state(&scene.existing), before);
    assert_eq!(scene.items(), "", "and no new key was put in its place");
    // Who has the key in memory goes on, and brings it back by changing it.
    warm.ask("add 8").is("ok", "");
    warm.ask("rekey").is("ok", "");
    program.ask_anew(&Opening::new(&scene.existing), "read").is("ok", "[7, 8]");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_another_key_was_put_in_its_place() {
    let scene = Scene::new();
    let other = scene.desktop.folder().subfolder("other");
    let mut program = scene.program();
    program.ask_anew(&Opening::new(&other), "add 1").is("ok", "");
    let [ours, theirs] = [&scene.existing, &other].map(|folder| item_of(&folder.join("tokens.sealed")));
    let store = format!(
        "secret-tool lookup cache {theirs} | secret-tool store --label=moved xdg:schema org.sealed_cache.DataKey \
         application {APPLICATION} cache {ours}"
    );
    assert!(scene.desktop.command("sh").args(["-c", &store]).status().unwrap().success());
    let before = state(&scene.existing);
    for verb in ["read", "add 8", "lock", "rekey"] {
        program.ask_anew(&Opening::new(&scene.existing), verb).is_kind("WrongKey");
    }
    assert_eq!(state(&scene.existing), before);
}

/// The name of the item in the header of a sealed file.
fn item_of(file: &Path) -> String {
    let bytes = fs::read(file).unwrap();
    let start = bytes.windows(7).position(|part| part == b"tokens~").expect("it names an item");
    String::from_utf8(bytes[start..start + 15].to_vec()).unwrap()
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_a_handle_that_has_its_key_goes_on_whatever_becomes_of_the_keychain() {
    let mut scene = Scene::new();
    let mut program = scene.program();
    program.ask_anew(&Opening::new(&scene.existing).keychain_timeout(SHORT), "read").is("ok", "[7]");
    scene.desktop.stop_daemon();
    program.ask("add 8").is("ok", "");
    program.ask("rekey").is_kind("KeychainTimeout");
    scene.desktop.continue_daemon();
    scene.desktop.lock();
    program.ask("add 9").is("ok", "");
    program.ask("rekey").is_kind("KeychainLocked");
    scene.desktop.kill_daemon();
    program.ask("add 10").is("ok", "");
    program.ask("rekey").is_kind("KeychainUnavailable");
    program.ask("read").is("ok", "[7, 8, 9, 10]");
    scene.desktop.start_daemon();
    program.ask_anew(&Opening::new(&scene.existing), "read").is("ok", "[7, 8, 9, 10]");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_secret_tool_shows_the_key_with_a_readable_label() {
    let scene = Scene::new();
    let items = scene.items();
    for line in [
        "label = Key of cache `tokens` of `com.example.proofs`",
        "schema = org.sealed_cache.DataKey",
        "attribute.application = com.example.proofs",
        "attribute.cache = tokens~",
        "secret = sealed-cache-key-1:",
    ] {
        assert!(items.contains(line), "no {line} in {items}");
    }
}

/// Two profiles, and one of them copied and moved.
#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn p4_folders_do_not_take_each_others_keys_away() {
    let scene = Scene::new();
    let mut program = scene.program();
    program.ask_anew(&Opening::new(&scene.absent), "add 8").is("ok", "");
    assert_eq!(scene.items().matches("label = ").count(), 2);
    let moved = scene.desktop.folder().path().join("moved");
    fs::rename(&scene.absent, &moved).unwrap();
    let copied = scene.desktop.folder().subfolder("copied");
    fs::copy(scene.existing.join("tokens.sealed"), copied.join("tokens.sealed")).unwrap();
    program.ask_anew(&Opening::new(&moved), "read").is("ok", "[8]");
    program.ask_anew(&Opening::new(&copied), "rekey").is("ok", "");
    program.ask("clear").is("ok", "");
    scene.opens_again();
    program.ask_anew(&Opening::new(&scene.existing), "clear").is("ok", "");
    program.ask_anew(&Opening::new(&moved), "add 9").is("ok", "");
    program.ask_anew(&Opening::new(&moved), "read").is("ok", "[8, 9]");
    assert_eq!(scene.items().matches("label = ").count(), 1);
}
