//! Members that write without the lock, or overwrite: a save of ours takes what they wrote along.

use sealed_cache::{
    PersistedCache, SecretBytes, TokenCache, persistence::Persistence, persistence::msal::MsalPersistence,
    token_cache::AccountId,
};

use crate::{Place, cache, clients, response};

#[test]
fn p8_what_was_written_between_our_look_and_our_save_is_kept() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    let mut guard = tokens.lock().unwrap();
    place.write(cache(&["a", "b"]));
    guard.add(&response("c")).unwrap();
    guard.commit().unwrap();
    assert_eq!(place.stored(), ["a", "b"]);
    assert_eq!(clients(&tokens), ["c"], "and what is in memory is what is stored");
    assert_eq!(tokens.read(|cache| cache.all_refresh_tokens().count()).unwrap(), 2);
}

#[test]
fn p8_what_was_removed_between_our_look_and_our_save_stays_removed() {
    let place = Place::with(cache(&["a", "b"]));
    let tokens = place.open();
    let mut guard = tokens.lock().unwrap();
    place.write(cache(&["b"]));
    guard.add(&response("c")).unwrap();
    guard.commit().unwrap();
    assert_eq!(place.stored(), ["b"]);
}

#[test]
fn p8_what_we_removed_stays_removed_whatever_was_written_meanwhile() {
    let place = Place::with(cache(&["a", "b"]));
    let tokens = place.open();
    let mut guard = tokens.lock().unwrap();
    place.write(cache(&["a", "b", "d"]));
    assert_eq!(guard.remove_account(AccountId::new("a", "login.microsoftonline.com")), 1);
    guard.commit().unwrap();
    assert_eq!(place.stored(), ["b", "d"]);
}

#[test]
fn p8_each_save_of_one_guard_takes_along_what_came_before_it() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    let mut guard = tokens.lock().unwrap();
    for (round, more) in [&["a", "b"][..], &["a", "b", "d"]].into_iter().enumerate() {
        place.write(merged(&place, more));
        guard.add(&response(&format!("c{round}"))).unwrap();
        guard.save().unwrap();
    }
    drop(guard);
    assert_eq!(place.stored(), ["a", "b", "d"]);
    assert_eq!(clients(&tokens), ["c0", "c1"]);
}

/// What is stored, with these refresh tokens.
fn merged(place: &Place, keys: &[&str]) -> String {
    let mut value = place.value();
    let more: serde_json::Value = serde_json::from_str(&cache(keys)).unwrap();
    value["RefreshToken"] = more["RefreshToken"].clone();
    value.to_string()
}

#[test]
fn p8_what_became_unreadable_meanwhile_is_not_overwritten() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    let mut guard = tokens.lock().unwrap();
    place.write("{\"RefreshToken\":{\"a");
    guard.add(&response("c")).unwrap();
    let error = guard.save().unwrap_err();
    assert_eq!(error.kind(), sealed_cache::ErrorKind::InvalidContents, "{error}");
    assert_eq!(place.text(), "{\"RefreshToken\":{\"a");
    place.write(cache(&["a", "b"]));
    guard.commit().unwrap();
    assert_eq!(place.stored(), ["a", "b"]);
    assert_eq!(clients(&tokens), ["c"]);
}

#[test]
fn p8_hooks_take_along_what_came_meanwhile_and_show_it_at_the_next_access() {
    let place = Place::with(cache(&["a"]));
    let plugin = place.open().plugin();
    let mut library = TokenCache::new();
    let access = plugin.before_access(&mut library).unwrap();
    place.write(cache(&["a", "b"]));
    library.add(&response("c")).unwrap();
    access.after_access(&mut library).unwrap();
    assert_eq!(place.stored(), ["a", "b"]);
    drop(plugin.before_access(&mut library).unwrap());
    assert_eq!(library.all_refresh_tokens().count(), 2);
}

#[test]
fn p8_a_save_without_a_look_removes_nothing() {
    let place = Place::with(cache(&["a"]));
    let store = MsalPersistence::open(place.layout()).unwrap();
    let mut lock = store.lock(&sealed_cache::Deadline::after(std::time::Duration::from_secs(10))).unwrap();
    let saved = store.save(&mut lock, SecretBytes::from(cache(&["b"]).as_bytes())).unwrap();
    assert!(!saved.is_as_given);
    assert_eq!(place.stored(), ["a", "b"]);
}

#[test]
fn p2_no_update_of_many_threads_and_handles_is_lost() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let tokens = place.open();
                for number in 0..10 {
                    tokens
                        .update(|cache| cache.add(&response(&format!("c{thread}-{number}"))))
                        .unwrap()
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(clients(&place.open()).len(), 40);
    assert_eq!(place.names(), ["msal.cache"], "the lock file is gone, and so is every temporary file");
}

/// Somebody else's cache in another form can be kept like this too, as long as nobody else writes it.
#[test]
fn what_is_no_token_cache_is_stored_as_given_and_never_merged() {
    let place = Place::new();
    let numbers =
        PersistedCache::<sealed_cache::Json<Vec<u32>>>::on(MsalPersistence::open(place.layout()).unwrap());
    let numbers = numbers.unwrap();
    numbers.update(|numbers| numbers.push(1)).unwrap();
    let mut guard = numbers.lock().unwrap();
    place.write("[1,2]");
    guard.push(3);
    assert_eq!(guard.save().unwrap_err().kind(), sealed_cache::ErrorKind::InvalidContents);
    assert_eq!(place.text(), "[1,2]");
}
