//! The states of the keyring: each is its own kind of error, in time, and nothing is written.

use std::time::Duration;

use super::{SAME, SHORT, Scene, base64, desktop_cache::CacheProgram, theirs};

/// No call takes longer than this much more than it may, however busy the machine is.
const SLACK: Duration = Duration::from_secs(8);

/// A keyring with a cache in it.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.store(&SAME, &base64(&theirs(&["a"])));
    scene
}

/// Every verb gives this kind, in time, whether a person may be asked or not; and changes no file.
fn every_verb_is(scene: &Scene, kind: &str) {
    let mut program = CacheProgram::on(&scene.desktop);
    let files = scene.files();
    for words in ["short", "short quiet"] {
        for verb in ["read", "add b", "lock", "verify", "clear"] {
            scene.open(&mut program, words);
            let answer = program.ask(verb);
            assert!(answer.is_kind(kind).took < SHORT * 3 + SLACK, "{verb}: {answer:?}");
        }
    }
    assert_eq!(scene.files(), files, "{kind}");
    program.end();
}

fn is_unchanged(scene: &Scene) {
    assert_eq!((scene.lookup(), scene.count()), (base64(&theirs(&["a"])), 1));
    scene.program("").ask("read").is("ok", "a");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_locked_keyring_is_locked() {
    let mut scene = scene();
    scene.desktop.lock();
    every_verb_is(&scene, "KeychainLocked");
    scene.desktop.kill_daemon();
    scene.desktop.start_daemon();
    is_unchanged(&scene);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_locked_keyring_without_the_item_is_locked_all_the_same() {
    let mut scene = Scene::new();
    scene.desktop.lock();
    every_verb_is(&scene, "KeychainLocked");
    scene.desktop.kill_daemon();
    scene.desktop.start_daemon();
    assert_eq!(scene.count(), 0);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_keyring_that_hangs_is_a_timeout() {
    let scene = scene();
    scene.desktop.stop_daemon();
    every_verb_is(&scene, "KeychainTimeout");
    scene.desktop.continue_daemon();
    is_unchanged(&scene);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_keyring_that_is_gone_is_unavailable() {
    let mut scene = scene();
    scene.desktop.kill_daemon();
    every_verb_is(&scene, "KeychainUnavailable");
    scene.desktop.start_daemon();
    is_unchanged(&scene);
}
