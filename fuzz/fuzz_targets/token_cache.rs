//! Any bytes as the text of a token cache: never a panic, and what is accepted is written without loss, in ASCII.
#![no_main]

use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use sealed_cache::{
    SecretBytes, SerializableCache,
    token_cache::{AccessTokenQuery, AccountId, TokenCache, TokenResponse},
};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

const SECTIONS: [&str; 5] = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];

fuzz_target!(|bytes: &[u8]| {
    let Some(cache) = parse(bytes) else { return };
    let written = write(&cache);
    assert!(written.is_ascii(), "only ASCII is written");
    let again = parse(written.as_bytes()).expect("we read what we wrote");
    assert_eq!(write(&again), written, "a second time it is the same");
    assert_eq!(again.len(), cache.len());
    same_meaning(bytes, &written);
    look(&cache);
    change(cache);
});

fn parse(bytes: &[u8]) -> Option<TokenCache> {
    TokenCache::deserialize(SecretBytes::from(bytes)).ok()
}

fn write(cache: &TokenCache) -> String {
    String::from_utf8(cache.serialize().expect("it can always be written").to_vec()).expect("ASCII")
}

/// What is found of each entry is found again by its fields.
fn look(cache: &TokenCache) {
    for token in cache.access_tokens().take(8) {
        let target = token.target();
        let _ = format!("{token:?} {:?} {:?}", token.expires_on(), token.refresh_on());
        let id = AccountId::new(token.home_account_id(), token.environment());
        let query = AccessTokenQuery::new(token.client_id(), target.split_ascii_whitespace());
        let _ = cache.access_token(&query.account(&id).realm(token.realm()));
    }
    for account in cache.accounts().take(8) {
        let same = cache.account(&account);
        assert!(same.iter().any(|found| found.key() == account.key()), "an account is found by its fields");
        let _ = (cache.id_tokens("c1", &account), cache.refresh_tokens("c1", &account));
    }
    let _ = format!("{cache:?} {:?}", cache.app_metadata("c1", "login.microsoftonline.com"));
}

/// What is changed can be written and read again, and is changed.
fn change(mut cache: TokenCache) {
    assert_eq!(write(&cache.merge(&cache, &cache)), write(&cache), "nothing to merge");
    let before = cache.clone();
    let answer = br#"{"access_token":"AT-new","refresh_token":"RT-new","client_info":"eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9"}"#;
    let response =
        TokenResponse::from_json("c1", answer).expect("a good answer").requested_scopes(["User.Read"]);
    cache
        .add(&response.token_endpoint("https://login.microsoftonline.com/t1"))
        .expect("an authority is named");
    let id = AccountId::new("u1.t1", "login.microsoftonline.com");
    let wanted = AccessTokenQuery::new("c1", ["User.Read"]).account(&id).realm("t1");
    // Another one may have these scopes and more, and be good for longer.
    assert!(cache.access_token(&wanted).valid().is_some(), "what was added is found");
    assert!(cache.access_tokens().any(|token| *token.secret() == *"AT-new"), "and is there");
    let _ = write(&cache.merge(&before, &before));
    let _ = write(&before.merge(&cache, &before));

    let people: Vec<(String, String)> = cache
        .accounts()
        .map(|account| (account.home_account_id().into_owned(), account.environment().into_owned()))
        // An entry that does not say whose it is is nobody's to sign out.
        .filter(|(home, _)| !home.is_empty())
        .collect();
    for (home, environment) in people {
        let id = AccountId::new(home, environment);
        cache.remove_account(&id);
        assert!(cache.account(&id).is_empty(), "who signed out is gone");
    }
    cache.prune(SystemTime::now());
    cache.remove_client("c1");
    parse(write(&cache).as_bytes()).expect("we read what we wrote");
}

/// The text that was accepted and the one that was written are the same JSON, in the same order, but for sections that were
/// null. Where a name is there twice nobody can tell what is meant.
fn same_meaning(before: &[u8], after: &str) {
    let before = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
    // Deeper than serde_json goes, or with half a surrogate pair: accepted and kept, but there is no tree of it.
    let (Ok(before), Ok(after)) = (serde_json::from_slice(before), serde_json::from_str::<Tree>(after))
    else {
        return;
    };
    let Tree::Object(mut members) = before else { return };
    if has_twice(&members) {
        return;
    }
    for (name, section) in members.iter_mut().filter(|(name, _)| SECTIONS.contains(&&**name)) {
        match section {
            Tree::Object(entries) if has_twice(entries) => return,
            Tree::Object(_) => {}
            Tree::Null => *section = Tree::Object(Vec::new()),
            _ => panic!("the section {name} is no object and was accepted"),
        }
    }
    assert_eq!(after, Tree::Object(members));
}

fn has_twice(members: &[(String, Tree)]) -> bool {
    let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// JSON with its order and its doubles.
#[derive(Debug, PartialEq)]
enum Tree {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Trees)
    }
}

struct Trees;

impl<'de> Visitor<'de> for Trees {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Tree::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Tree::Object(object))
    }
}
