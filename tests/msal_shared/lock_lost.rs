//! A member that deletes locks which are not its own, as MSAL Node does.

use std::{fs, sync::Arc};

use crate::{Place, cache, clients, response};

#[test]
fn p8_a_lock_that_was_taken_away_is_taken_again_before_a_save() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    let mut guard = tokens.lock().unwrap();
    fs::remove_file(place.lock_file()).unwrap();
    // Somebody else takes it, writes, and gives it back.
    place.write(cache(&["a", "b"]));
    guard.add(&response("c")).unwrap();
    guard.save().unwrap();
    assert!(place.lock_file().exists(), "held again");
    drop(guard);
    assert!(!place.lock_file().exists());
    assert_eq!(place.stored(), ["a", "b"]);
    assert_eq!(clients(&tokens), ["c"]);
}

#[test]
fn p8_who_took_our_lock_away_and_holds_it_now_is_waited_for() {
    let place = Place::with(cache(&["a"]));
    let tokens = Arc::new(place.open());
    let mut guard = tokens.lock().unwrap();
    // A live member: the lock file is another one now, held by a process that lives.
    fs::remove_file(place.lock_file()).unwrap();
    fs::write(place.lock_file(), format!("{}", std::process::id())).unwrap();
    let saver = std::thread::spawn(move || {
        guard.add(&response("c")).unwrap();
        guard.commit().unwrap();
    });
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(clients(&tokens), [""; 0], "it waits");
    place.write(cache(&["a", "b"]));
    fs::remove_file(place.lock_file()).unwrap();
    saver.join().unwrap();
    assert_eq!(place.stored(), ["a", "b"]);
    assert_eq!(clients(&tokens), ["c"]);
}
