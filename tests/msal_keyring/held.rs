//! What the item holds: JSON in either encoding, nothing, too much, or something else.

use std::time::Duration;

use super::{
    LABEL, SAME, Scene, base64,
    desktop_cache::platform::{desktop::Desktop, invented_service::InventedService},
    of_base64, theirs,
};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_cache_is_written_in_the_encoding_that_was_named_and_leaves_nothing_when_cleared() {
    for (words, decoded) in [("raw", str::to_owned as fn(&str) -> String), ("", of_base64)] {
        let scene = Scene::new();
        let mut program = scene.program(words);
        program.ask("read").is("ok", "");
        program.ask("verify").is("ok", "");
        assert_eq!(scene.desktop.search(&["MsalClientVersion", "1.0.0.0"]), "", "and nothing is there yet");
        program.ask("add a").is("ok", "");
        let json: serde_json::Value = serde_json::from_str(&decoded(&scene.lookup())).unwrap();
        assert!(json["AccessToken"].is_object(), "{json}");
        assert!(scene.items().contains(&format!("label = {LABEL}\n")));
        assert_eq!(scene.count(), 1);
        scene.program(words).ask("read").is("ok", "a");
        program.ask("clear").is("ok", "");
        program.ask("read").is("ok", "");
        assert_eq!(scene.count(), 0);
        program.end();
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn wrong_encoding_in_the_keyring_is_read_all_the_same_and_put_right_by_a_save() {
    let cache = theirs(&["a", "b"]);
    for (words, found) in [("raw", base64(&cache)), ("raw", base64(&cache) + "\n"), ("", cache.clone())] {
        let scene = Scene::new();
        scene.store(&SAME, &found);
        let mut program = scene.program(words);
        program.ask("read").is("ok", "a b");
        assert_eq!(scene.lookup(), found, "reading changes nothing");
        program.ask("add c").is("ok", "");
        let stored = scene.lookup();
        let stored = if words == "raw" { stored } else { of_base64(&stored) };
        let json: serde_json::Value = serde_json::from_str(&stored).unwrap();
        assert_eq!(json["theirs"]["x"], 1, "what is unknown is kept");
        assert_eq!(json["RefreshToken"].as_object().unwrap().len(), 2);
        program.ask("read").is("ok", "a b c");
        assert_eq!(scene.count(), 1);
        program.end();
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn what_is_no_cache_is_an_error_and_stays_until_it_is_set_aside() {
    let cut = |text: String| text[..text.len() - 3].to_owned();
    for (found, said) in [
        ("hunter two".to_owned(), "neither a JSON object nor base64"),
        (cut(base64(&theirs(&["a"]))), "cut short"),
        (base64("hunter two"), "no JSON object"),
        (cut(theirs(&["a"])), ""),
        (base64(&cut(theirs(&["a"]))), ""),
    ] {
        let scene = Scene::new();
        scene.store(&SAME, &found);
        let (items, files) = (scene.items(), scene.files());
        let mut program = scene.program("");
        for verb in ["read", "add c", "lock"] {
            let answer = program.ask(verb);
            assert!(answer.is_kind("InvalidContents").text.contains(said), "{answer:?}");
            assert!(!answer.text.contains("hunter"), "{answer:?}");
        }
        assert_eq!((scene.items(), scene.files()), (items, files), "nothing was changed");
        scene.open(&mut program, "start-empty");
        program.ask("add c").is("ok", "");
        program.ask("read").is("ok", "c");
        let all = scene.desktop.search(&["MsalClientVersion", "1.0.0.0"]);
        assert_eq!(
            all.matches("label = ").count(),
            1,
            "who looks for the cache finds the new one only: {all}"
        );
        program.end();
        assert_eq!(scene.aside(), [found], "what was there is kept, byte for byte");
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn an_empty_item_is_an_empty_cache() {
    for empty in ["", "\n", " \r\n"] {
        let scene = Scene::new();
        scene.store(&SAME, empty);
        let mut program = scene.program("");
        program.ask("read").is("ok", "");
        program.ask("add a").is("ok", "");
        program.ask("read").is("ok", "a");
        assert_eq!(scene.count(), 1, "it is the same item");
        program.end();
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_cache_of_8_mb_is_read_changed_and_written_in_either_encoding() {
    let decoded = [("raw", str::to_owned as fn(&str) -> String), ("", of_base64)];
    for (words, decoded) in decoded {
        let scene = Scene::new();
        let mut program = scene.program(words);
        program.ask("fill 8").is("ok", "");
        program.end();
        let mut program = scene.program(words);
        let answer = program.ask("add a");
        answer.is("ok", "");
        assert!(answer.took < Duration::from_secs(20), "{answer:?}");
        assert!(program.ask("read").text.ends_with("large-6 large-7"));
        let stored = decoded(&scene.lookup());
        assert!(stored.len() > 8 << 20);
        let json: serde_json::Value = serde_json::from_str(&stored).unwrap();
        assert_eq!(json["AccessToken"].as_object().unwrap().len(), 9);
        program.end();
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn the_label_of_another_program_is_kept() {
    let scene = Scene::new();
    scene.store(&SAME, &base64(&theirs(&["a"])));
    let mut program = scene.program("");
    program.ask("add b").is("ok", "");
    program.end();
    let items = scene.items();
    assert!(items.contains("label = theirs\n") && !items.contains(LABEL), "{items}");
}

#[test]
#[ignore = "needs dbus and libsecret: cargo xtask test keychain"]
fn a_foreign_content_type_is_an_error_and_nothing_is_stored() {
    let scene = Scene::on(Desktop::without_service());
    let service = InventedService::start(&scene.desktop);
    service.habits().item = Some(b"{}");
    let mut program = scene.program("");
    program.ask("read").is("ok", "");
    service.habits().content_type = "application/json";
    scene.signal();
    let files = scene.files();
    for verb in ["read", "add a", "lock"] {
        let answer = program.ask(verb);
        assert!(answer.is_kind("InvalidContents").text.contains("application/json"), "{answer:?}");
    }
    for change in ["CreateItem", "SetSecret", "Delete", "Set"] {
        assert!(!service.habits().was_called(change), "{change}");
    }
    assert_eq!(scene.files(), files);
    program.end();
}
