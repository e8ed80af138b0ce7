//! What other programs leave, and what we make of it.

use std::{fs, thread, time::Duration};

use sealed_cache::{
    ErrorKind, FamilyLock, OnUnreadable, PersistedCache, SecretBytes, SerializableCache, TokenCache,
};

use crate::{Place, cache, clients, entry, response};

#[test]
fn nothing_zero_bytes_blanks_and_braces_are_an_empty_cache() {
    for text in ["", " \r\n\t", "{}", " {} \n", "{ }"] {
        let place = Place::with(text);
        let tokens = place.open();
        assert!(tokens.read(TokenCache::is_empty).unwrap(), "{text:?}");
        tokens.update(|cache| cache.add(&response("c"))).unwrap().unwrap();
        assert_eq!(clients(&tokens), ["c"], "{text:?}");
    }
    let place = Place::new();
    assert!(place.open().read(TokenCache::is_empty).unwrap());
    assert_eq!(place.names(), [""; 0], "looking leaves nothing behind");
}

#[test]
fn a_byte_order_mark_is_read_and_not_written_back() {
    let place = Place::with(format!("\u{feff}{}", cache(&["a"])));
    let tokens = place.open();
    assert_eq!(tokens.read(TokenCache::len).unwrap(), 1);
    tokens.update(|cache| cache.add(&response("c"))).unwrap().unwrap();
    assert_eq!(place.stored(), ["a"]);
    assert!(place.text().starts_with('{'), "MSAL Python and Node cannot read the mark");
}

#[test]
fn what_was_written_half_and_never_ended_is_an_error_and_stays() {
    let whole = cache(&["a", "b"]);
    for end in [1, 7, whole.len() / 2, whole.len() - 1] {
        let place = Place::with(&whole[..end]);
        let tokens = place.open();
        for error in [
            tokens.read(|_| ()).unwrap_err(),
            tokens.update(|cache| cache.add(&response("c"))).unwrap_err(),
            tokens.lock().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidContents, "{error}");
            assert!(error.to_string().contains("msal.cache"), "{error}");
        }
        assert_eq!(place.text(), whole[..end]);
        assert_eq!(place.names(), ["msal.cache"]);
    }
}

#[test]
fn what_is_being_written_is_waited_for() {
    for half in ["", "{\"RefreshToken\":{\"a\""] {
        let place = Place::with(half);
        let writer = FamilyLock::new(place.lock_file()).unwrap().try_acquire().unwrap().expect("free");
        let tokens = place.open();
        let reader = thread::spawn(move || tokens.read(TokenCache::len).unwrap());
        // However late the rest comes, the reader gets the whole.
        thread::sleep(Duration::from_millis(30));
        place.write(cache(&["a", "b"]));
        drop(writer);
        assert_eq!(reader.join().unwrap(), 2, "{half:?}");
    }
}

#[test]
fn an_unreadable_one_can_be_set_aside() {
    let place = Place::with("not JSON");
    let tokens = PersistedCache::msal(place.layout()).on_unreadable(OnUnreadable::StartEmpty).open().unwrap();
    assert!(tokens.read(TokenCache::is_empty).unwrap());
    let [recovery] = &tokens.recoveries()[..] else { panic!("one recovery") };
    assert_eq!(fs::read_to_string(&recovery.kept).unwrap(), "not JSON");
    tokens.update(|cache| cache.add(&response("c"))).unwrap().unwrap();
    assert_eq!(clients(&tokens), ["c"]);
}

#[test]
fn what_nobody_here_knows_comes_back_as_it_was() {
    let before = format!(
        r#"{{"Future":{{"x":[1,2.50]}},"RefreshToken":{{{},"odd":7}},"AccessToken":{{}},"AppMetadata":{{"appmetadata-E-C":{{"family_id":null,"new":"\u00e9"}}}}}}"#,
        entry("A.b-ENV-refreshtoken-C----", "1")
    );
    let place = Place::with(&before);
    let tokens = place.open();
    tokens.update(|cache| cache.add(&response("c"))).unwrap().unwrap();
    let mut after = place.value();
    after["AccessToken"] = serde_json::json!({});
    let metadata = after["AppMetadata"].as_object_mut().unwrap();
    metadata.retain(|key, _| key == "appmetadata-E-C");
    assert_eq!(after, serde_json::from_str::<serde_json::Value>(&before).unwrap());
    assert!(place.text().contains("2.50"));
}

#[test]
fn what_another_program_wrote_is_seen_at_the_next_look() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    assert_eq!(tokens.read(TokenCache::len).unwrap(), 1);
    place.write(cache(&["a", "b"]));
    assert_eq!(tokens.read(TokenCache::len).unwrap(), 2);
}

#[cfg(unix)]
#[test]
fn a_folder_that_its_group_can_write_is_shared_one_that_all_can_write_is_not() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with(cache(&["a"]));
    let allow = |mode| fs::set_permissions(place.folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o775);
    assert_eq!(place.open().read(TokenCache::len).unwrap(), 1);
    allow(0o777);
    let error = PersistedCache::msal(place.layout()).open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
}

/// What peers write is text of other lengths and spellings; a round trip through us is the same cache.
#[test]
fn our_text_is_what_every_member_reads() {
    let place = Place::new();
    let tokens = place.open();
    tokens.update(|cache| cache.add(&response("c\u{e9}"))).unwrap().unwrap();
    let text = place.text();
    assert!(text.is_ascii() && text.starts_with('{') && text.ends_with('}'), "{text}");
    assert!(!TokenCache::deserialize(SecretBytes::from(text.as_bytes())).unwrap().is_empty());
}
