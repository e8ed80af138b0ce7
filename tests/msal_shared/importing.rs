//! Importing and exporting between a shared cache and a sealed one.

use sealed_cache::{CallerKey, DataKey, PersistedCache, TokenCache};

use crate::{Place, Tokens, cache, clients, response};

fn sealed(folder: &std::path::Path) -> Tokens {
    let key = CallerKey::new(DataKey::from_bytes(&[7; DataKey::LENGTH]));
    PersistedCache::builder("com.example.proofs").folder(folder).protector(key).open().unwrap()
}

#[test]
fn a_plan_says_what_an_import_will_do_and_does_nothing() {
    let (place, folder) = (Place::with(cache(&["a", "b"])), tempfile::tempdir().unwrap());
    let (shared, ours) = (place.open(), sealed(folder.path()));
    let plan = ours.plan_import(&shared).unwrap();
    assert_eq!(plan.to_string(), "2 refresh tokens added");
    assert!(ours.read(TokenCache::is_empty).unwrap());
    assert_eq!(ours.import(&shared).unwrap(), plan);
    assert_eq!(ours.read(TokenCache::len).unwrap(), 2);
    assert_eq!(ours.plan_import(&shared).unwrap().to_string(), "nothing new");
    assert_eq!(place.stored(), ["a", "b"], "the source is as it was");
}

#[test]
fn p7_there_and_back_everything_is_as_it_was() {
    let text = r#"{"Future":{"x":[1,2.50]},"RefreshToken":{"K":{"home_account_id":"h","secret":"s","new":{"a":null}}},"Account":{"odd":7}}"#;
    let (from, to, folder) = (Place::with(text), Place::new(), tempfile::tempdir().unwrap());
    let ours = sealed(folder.path());
    ours.import(&from.open()).unwrap();
    ours.export_to(&to.open()).unwrap();
    assert_eq!(to.value(), from.value());
    assert!(to.text().contains("2.50"));
}

#[test]
fn what_is_there_stays_and_the_newer_token_counts() {
    let (place, folder) = (Place::with(cache(&["a"])), tempfile::tempdir().unwrap());
    let (shared, ours) = (place.open(), sealed(folder.path()));
    ours.update(|cache| cache.add(&response("mine"))).unwrap().unwrap();
    assert_eq!(ours.import(&shared).unwrap().refresh_tokens.added, 1);
    assert_eq!(clients(&ours), ["mine"]);
    assert_eq!(ours.export_to(&shared).unwrap().access_tokens.added, 1);
    assert_eq!(clients(&shared), ["mine"]);
    let newer = r#"{"RefreshToken":{"a":{"credential_type":"RefreshToken","secret":"2","home_account_id":"a","environment":"login.microsoftonline.com","client_id":"c","last_modification_time":"1790000000"}}}"#;
    place.write(newer);
    assert_eq!(ours.import(&shared).unwrap().to_string(), "1 refresh token updated");
    let secret =
        ours.read(|cache| cache.all_refresh_tokens().map(|token| token.secret().to_zeroizing()).next());
    assert_eq!(secret.unwrap().unwrap().as_str(), "2");
}

#[test]
fn a_source_that_cannot_be_read_changes_nothing() {
    let (place, folder) = (Place::with("not JSON"), tempfile::tempdir().unwrap());
    let ours = sealed(folder.path());
    assert!(ours.plan_import(&place.open()).is_err());
    assert!(ours.import(&place.open()).is_err());
    assert!(ours.read(TokenCache::is_empty).unwrap());
}
