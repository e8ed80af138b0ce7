//! The same questions to MSAL Python and to us, about one cache: the answers are the same.
//!
//! Left out, since we differ on purpose:
//! * scopes in another case, and aliases of a cloud: Python's cache compares both exactly; its application asks once more
//!   for each alias (see `python.rs`);
//! * an expired token that Python finds by its key: it does not look at the expiry there, but its application does;
//! * the second itself at which a token expires or is to be refreshed: Python takes it for good, we do not.

use std::time::Duration;

use sealed_cache::token_cache::{AccessTokenMatch, AccessTokenQuery, AccountId, TokenCache};
use serde_json::{Map, Value, json};

use super::{
    events::time,
    peer::{Peer, ours, text},
    world::{self, CLIENTS, CLOUDS, Dice, NOW, SCOPES, TENANTS, somebody},
};

const QUESTIONS: u64 = 900;

#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn of_a_cache_that_msal_python_wrote_we_find_what_it_finds() {
    let mut python = Peer::python();
    for event in world::events(0x5eed, 400) {
        python.ask(&event.for_python());
    }
    let written = python.save();
    ask_both(&mut python, &written, &ours(&written), 0xca5e);
}

#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn of_a_cache_that_we_wrote_msal_python_finds_what_we_find() {
    let mut cache = TokenCache::new();
    for event in world::events(0x0ddba11, 400) {
        cache.add(&event.for_us()).unwrap();
    }
    ask_both(&mut Peer::python(), &text(&cache), &cache, 0xbead);
}

fn ask_both(python: &mut Peer, written: &str, cache: &TokenCache, seed: u64) {
    let mut dice = Dice::new(seed);
    let (mut hits, mut misses) = (0, 0);
    python.load(written);
    for number in 0..QUESTIONS {
        // A search of Python removes what has expired from its memory.
        python.ask(&json!({"do": "again"}));
        let found = match number % 8 {
            0..=3 => access_token(python, cache, &mut dice),
            4 => refresh_tokens(python, cache, &mut dice),
            5 => id_tokens(python, cache, &mut dice),
            6 => accounts(python, cache, &mut dice),
            _ => app_metadata(python, cache, &mut dice),
        };
        *if found { &mut hits } else { &mut misses } += 1;
    }
    assert!(hits > QUESTIONS / 4 && misses > QUESTIONS / 8, "{hits} hits and {misses} misses prove little");
}

/// What an access token is asked for by: mostly something that is there.
struct Wanted {
    home: Option<String>,
    host: String,
    realm: String,
    client: String,
    scopes: Vec<String>,
    key_id: Option<String>,
    extra: Vec<(String, String)>,
}

impl Wanted {
    fn by_chance(cache: &TokenCache, dice: &mut Dice) -> Self {
        let tokens: Vec<_> = cache.access_tokens().collect();
        let token = dice.one_of(&tokens);
        let scopes: Vec<String> = token.target().split(' ').map(str::to_owned).collect();
        let scopes_of_it: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let home = Some(token.home_account_id().into_owned()).filter(|home| !home.is_empty());
        let key_id = token.member("key_id").map(|id| id.trim_matches('"').to_owned());
        let mut wanted = Self {
            home,
            host: token.environment().into_owned(),
            realm: token.realm().into_owned(),
            client: token.client_id().into_owned(),
            scopes: match dice.below(4) {
                0 => scopes.clone(),
                1 => Vec::new(),
                _ => dice.some_of(&scopes_of_it).into_iter().map(str::to_owned).collect(),
            },
            key_id,
            extra: Vec::new(),
        };
        if token.member("ext_cache_key").is_some() != dice.one_in(5) {
            wanted.extra = vec![("fmi_path".into(), dice.one_of(&["one/path", "another/path"]).into())];
        }
        match dice.below(20) {
            0 => wanted.scopes.push(dice.one_of(&SCOPES).into()),
            1 => wanted.realm = dice.one_of(&TENANTS).into(),
            2 => wanted.client = dice.one_of(&CLIENTS).into(),
            3 => wanted.host = dice.one_of(&CLOUDS).into(),
            4 => wanted.home = Some(home_of(dice)),
            5 => wanted.scopes = vec!["Nobody.Has".into()],
            _ => {}
        }
        wanted
    }

    fn for_us(&self) -> AccessTokenQuery {
        let extra = self.extra.iter().map(|(name, value)| (&**name, &**value));
        let mut query = AccessTokenQuery::new(&*self.client, self.scopes.clone())
            .environment(&*self.host)
            .extra_parameters(extra)
            .at(time(NOW));
        if let Some(home) = &self.home {
            query = query.account(&AccountId::new(&**home, &*self.host));
        }
        if let Some(key_id) = &self.key_id {
            query = query.token_type("pop", &**key_id);
        }
        query.realm(&*self.realm)
    }

    fn for_python(&self, ext_cache_key: Option<&str>) -> Value {
        let mut query = json!({
            "home_account_id": self.home, "environment": self.host, "realm": self.realm, "client_id": self.client,
        });
        let given = [("key_id", self.key_id.as_deref()), ("ext_cache_key", ext_cache_key)];
        for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            query[name] = json!(value);
        }
        json!({"do": "search", "type": "AccessToken", "target": self.scopes, "query": query, "now": NOW})
    }

    /// The key that Python makes of the parameters.
    fn ext_cache_key(&self, python: &mut Peer) -> Option<String> {
        let (name, value) = self.extra.first()?;
        let key = python.ask(&json!({"do": "extended_key", "parameters": {name: value}}));
        key.as_str().map(str::to_owned)
    }
}

fn access_token(python: &mut Peer, cache: &TokenCache, dice: &mut Dice) -> bool {
    let wanted = Wanted::by_chance(cache, dice);
    let leeway = dice.one_of(&[0, 300]);
    let ext_cache_key = wanted.ext_cache_key(python);
    let found = python.ask(&wanted.for_python(ext_cache_key.as_deref()));
    let good: Vec<&Map<String, Value>> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_object)
        .filter(|entry| seconds(entry, "expires_on").unwrap() > NOW + leeway)
        // Without a `key_id` in the question, Python also gives tokens that are bound to a key.
        .filter(|entry| wanted.key_id.is_some() || !entry.contains_key("key_id"))
        .collect();
    let longest = good.iter().filter_map(|entry| seconds(entry, "expires_on")).max();
    let asked = format!("{} with {:?}", wanted.for_python(ext_cache_key.as_deref()), wanted.extra);

    let query = wanted.for_us().leeway(Duration::from_secs(leeway));
    let answer = cache.access_token(&query);
    let Some(token) = answer.valid() else {
        assert!(good.is_empty(), "we find {answer:?}, Python {} for {asked}", good.len());
        return false;
    };
    let same = good.iter().find(|entry| entry["secret"] == *token.secret());
    let entry = same.unwrap_or_else(|| panic!("Python does not find {token:?} for {asked}"));
    assert_eq!(seconds(entry, "expires_on"), longest, "{asked}");
    assert_eq!(token.expires_on(), seconds(entry, "expires_on").map(time));
    assert_eq!(token.refresh_on(), seconds(entry, "refresh_on").map(time));
    assert_eq!(token.cached_at(), seconds(entry, "cached_at").map(time));
    assert_eq!(token.extended_expires_on(), seconds(entry, "extended_expires_on").map(time));
    assert_eq!(
        (&*token.target(), &*token.token_type()),
        (text_of(entry, "target"), text_of(entry, "token_type"))
    );
    let is_aging = seconds(entry, "refresh_on").is_some_and(|refresh_on| refresh_on < NOW);
    assert_eq!(matches!(answer, AccessTokenMatch::RefreshSoon(_)), is_aging, "{asked}");
    true
}

/// Those that Python's application tries, and in which order: it is asked for a token that nobody has, and every refresh
/// token is refused.
fn refresh_tokens(python: &mut Peer, cache: &TokenCache, dice: &mut Dice) -> bool {
    let (home, host) = (home_of(dice), dice.one_of(&CLOUDS));
    let client = dice.one_of(&[CLIENTS.as_slice(), &["never-seen"]].concat());
    let answer = python.ask(&json!({
        "do": "silent", "client": client, "authority": format!("https://{host}/{}", TENANTS[0]),
        "account": {"home_account_id": home, "environment": host}, "scopes": ["Nobody.Has"], "discovery": false,
    }));
    // Its own token of a family is tried twice, as the family's and as its own.
    let mut tried: Vec<&str> = Vec::new();
    for token in answer["tried"].as_array().unwrap().iter().filter_map(Value::as_str) {
        if !tried.contains(&token) {
            tried.push(token);
        }
    }
    let found = cache.refresh_tokens(client, AccountId::new(&*home, host));
    let secrets: Vec<String> = found.iter().map(|token| token.secret().to_string()).collect();
    assert_eq!(secrets, tried, "{client} of {home} in {host}");
    !secrets.is_empty()
}

fn id_tokens(python: &mut Peer, cache: &TokenCache, dice: &mut Dice) -> bool {
    let (home, host, client) = (home_of(dice), dice.one_of(&CLOUDS), dice.one_of(&CLIENTS));
    let query = json!({"home_account_id": home, "environment": host, "client_id": client});
    let found = search(python, "IdToken", &query);
    let tokens = cache.id_tokens(client, AccountId::new(&*home, host));
    let ours = tokens.iter().map(|t| (t.realm().into_owned(), t.secret().to_string()));
    let theirs = found.iter().map(|e| (text_of(e, "realm").to_owned(), text_of(e, "secret").to_owned()));
    assert_eq!(sorted(ours), sorted(theirs), "{query}");
    !tokens.is_empty()
}

fn accounts(python: &mut Peer, cache: &TokenCache, dice: &mut Dice) -> bool {
    let (home, host) = (home_of(dice), dice.one_of(&[world::ADFS, CLOUDS[0], CLOUDS[1], CLOUDS[2]]));
    let query = json!({"home_account_id": home, "environment": host});
    let found = search(python, "Account", &query);
    let accounts = cache.account(AccountId::new(&*home, host));
    let ours = accounts.iter().map(|a| {
        let fields = [a.realm(), a.username(), a.local_account_id(), a.authority_type(), a.account_source()];
        fields.map(std::borrow::Cow::into_owned)
    });
    let names = ["realm", "username", "local_account_id", "authority_type", "account_source"];
    let theirs = found.iter().map(|entry| names.map(|name| text_of(entry, name).to_owned()));
    assert_eq!(sorted(ours), sorted(theirs), "{query}");
    !accounts.is_empty()
}

fn app_metadata(python: &mut Peer, cache: &TokenCache, dice: &mut Dice) -> bool {
    let (host, client) = (dice.one_of(&CLOUDS), dice.one_of(&[CLIENTS.as_slice(), &["never-seen"]].concat()));
    let found = search(python, "AppMetadata", &json!({"environment": host, "client_id": client}));
    let metadata = cache.app_metadata(client, host);
    let family = metadata.as_ref().map(|metadata| metadata.family_id().into_owned());
    assert_eq!(family.as_deref(), found.first().map(|entry| text_of(entry, "family_id")));
    metadata.is_some()
}

/// Of a person or, in one case of ten, of somebody at ADFS.
fn home_of(dice: &mut Dice) -> String {
    let (uid, utid) = somebody(dice);
    if dice.one_in(10) { uid } else { format!("{uid}.{utid}") }
}

fn search(python: &mut Peer, kind: &str, query: &Value) -> Vec<Map<String, Value>> {
    let found = python.ask(&json!({"do": "search", "type": kind, "target": [], "query": query, "now": NOW}));
    found.as_array().unwrap().iter().map(|entry| entry.as_object().unwrap().clone()).collect()
}

fn text_of<'a>(entry: &'a Map<String, Value>, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn seconds(entry: &Map<String, Value>, name: &str) -> Option<u64> {
    entry.get(name)?.as_str()?.parse().ok()
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}
