//! MSAL Python at work on a cache that we wrote: we read it again, and nothing of ours is lost.

use sealed_cache::token_cache::{AccessTokenQuery, AccountId, TokenCache};
use serde_json::{Value, json};

use super::{
    events::{COM, Event, client_info, endpoint, id_token},
    peer::{Peer, ours, parsed, text},
    world,
};

const AUTHORITY: &str = "https://login.microsoftonline.com/t1";
const HOME: &str = "u1.t1";

/// Long before today, and good for years: Python goes by the clock.
const SIGNED_IN: u64 = 1_700_000_000;
const YEARS: u64 = 1_000_000_000;

fn sign_in(uid: &str, client: &str, host: &str) -> Event {
    let name = format!("{uid}-{client}");
    let claims = json!({"sub": uid, "oid": uid, "preferred_username": format!("{uid}@contoso.test")});
    let answer = json!({
        "access_token": format!("AT-{name}"), "refresh_token": format!("RT-{name}"), "id_token": id_token(&claims),
        "client_info": client_info(uid, "t1"), "token_type": "Bearer", "expires_in": YEARS,
    });
    Event::new(client, &endpoint(host, "t1"), &["User.Read", "Mail.Read"], answer, SIGNED_IN)
        .with("grant_type", "authorization_code")
}

/// Two people and two applications of ours, and members that nobody knows.
fn cache_of_ours() -> TokenCache {
    let unknown = r#"{"Unknown": {"kept": [1.50, null]}, "Account": {"odd": "no object"}}"#;
    let mut cache = ours(&unknown.replace(r#", "Account": {"odd": "no object"}"#, ""));
    for (uid, client) in [("u1", "c1"), ("u1", "c2"), ("u2", "c1")] {
        cache.add(&sign_in(uid, client, COM).for_us()).unwrap();
    }
    cache
}

fn account(uid: &str) -> AccountId<'static> {
    AccountId::new(format!("{uid}.t1"), COM)
}

fn silent(python: &mut Peer, client: &str, scopes: &[&str], answer: &Value) -> Value {
    python.ask(&json!({
        "do": "silent", "client": client, "authority": AUTHORITY, "scopes": scopes, "answer": answer,
        "account": {"home_account_id": HOME, "environment": COM}, "discovery": false,
    }))
}

/// Secrets of the best token of each of our people and applications.
fn best_tokens(cache: &TokenCache) -> Vec<String> {
    [("u1", "c1"), ("u1", "c2"), ("u2", "c1")]
        .iter()
        .flat_map(|(uid, client)| {
            let id = account(uid);
            let query = AccessTokenQuery::new(*client, ["user.read"]).account(&id).realm("t1");
            let access = cache.access_token(&query).valid().map(|token| token.secret().to_string());
            let refresh = cache.refresh_tokens(client, &id).first().map(|token| token.secret().to_string());
            [access.unwrap_or_default(), refresh.unwrap_or_default()]
        })
        .collect()
}

#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn python_finds_and_refreshes_in_a_cache_of_ours_and_nothing_is_lost() {
    let (mut python, cache) = (Peer::python(), cache_of_ours());
    python.load(&text(&cache));
    // As it is: by scopes it has, and by a subset of them.
    let found = silent(&mut python, "c1", &["User.Read"], &Value::Null);
    assert_eq!(found["token"], "AT-u1-c1");
    assert_eq!(best_tokens(&ours(&python.save())), best_tokens(&cache));
    // Refreshed by our refresh token.
    let answer = json!({
        "access_token": "AT-new", "refresh_token": "RT-new", "expires_in": YEARS, "token_type": "Bearer",
        "client_info": client_info("u1", "t1"), "scope": "Calendars.Read",
    });
    let found = silent(&mut python, "c1", &["Calendars.Read"], &answer);
    assert_eq!((&found["token"], &found["tried"]), (&json!("AT-new"), &json!(["RT-u1-c1"])));

    let again = ours(&python.save());
    let mut expected = best_tokens(&cache);
    expected[1] = "RT-new".into();
    assert_eq!(best_tokens(&again), expected);
    let query = AccessTokenQuery::new("c1", ["Calendars.Read"]).account(&account("u1")).realm("t1");
    assert_eq!(&*again.access_token(&query).valid().unwrap().secret(), "AT-new");
    assert_eq!(parsed(&text(&again))["Unknown"], json!({"kept": [1.5, null]}));
}

/// MSAL Python computes the key of what it updates or removes from the entry's fields. It must be ours.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn python_updates_and_removes_entries_of_ours_under_our_keys() {
    let mut python = Peer::python();
    let before = cache_of_ours();
    let query = json!({"home_account_id": HOME, "environment": COM, "client_id": "c1"});
    let works = [
        ("update_rt", "RefreshToken", vec![json!("RT-new")]),
        ("remove_rt", "RefreshToken", vec![]),
        ("remove_at", "AccessToken", vec![]),
        ("remove_idt", "IdToken", vec![]),
    ];
    let mut wrong = Vec::new();
    for (call, section, with) in works {
        python.load(&text(&before));
        let with: Vec<_> = [json!(call), json!(section), query.clone()].into_iter().chain(with).collect();
        assert_eq!(python.ask(&json!({"do": "find_and", "with": with})), 1, "{call}");
        let (after, before) = (parsed(&python.save()), parsed(&text(&before)));
        let mut expected = before.clone();
        let entries = expected[section].as_object_mut().unwrap();
        let key = entries.iter().find(|(_, e)| e["client_id"] == "c1" && e["home_account_id"] == HOME);
        let key = key.unwrap().0.clone();
        if call == "update_rt" {
            entries[&key]["secret"] = json!("RT-new");
            entries[&key]["last_modification_time"] = after[section][&key]["last_modification_time"].clone();
        } else {
            entries.remove(&key);
        }
        if after != expected {
            wrong.push(format!("{call}: {}\n  instead of {}", after[section], expected[section]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Somebody signs out in a Python program: none of that person's secrets that the program may remove stays.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn a_sign_out_by_python_leaves_no_secret_of_the_account_in_a_cache_of_ours() {
    let mut python = Peer::python();
    python.load(&text(&cache_of_ours()));
    let account = json!({"home_account_id": HOME, "environment": COM});
    python.ask(&json!({"do": "sign_out", "client": "c1", "authority": AUTHORITY, "account": account}));
    let after = python.save();
    let left: Vec<_> = ["AT-u1-c1", "AT-u1-c2", "RT-u1-c1"].iter().filter(|s| after.contains(**s)).collect();
    assert!(left.is_empty(), "{left:?} are left");
    // Python leaves the refresh tokens of other applications alone; the other person stays.
    assert!(after.contains("RT-u1-c2") && after.contains("AT-u2-c1") && after.contains("RT-u2-c1"));
}

/// A sign-out by us, of a cache that Python wrote and we changed.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn our_sign_out_leaves_nothing_for_python_to_find() {
    let mut python = Peer::python();
    let events = world::events(0x0de, 200);
    for event in &events[..100] {
        python.ask(&event.for_python());
    }
    let mut cache = ours(&python.save());
    for event in &events[100..] {
        cache.add(&event.for_us()).unwrap();
    }
    let gone = AccountId::new("uid-1.utid-1", COM);
    assert!(cache.remove_account(&gone) > 3);
    python.load(&text(&cache));
    for section in ["AccessToken", "RefreshToken", "IdToken", "Account"] {
        let query = json!({"home_account_id": "uid-1.utid-1", "environment": COM});
        let search = json!({"do": "search", "type": section, "target": [], "query": query, "now": 0});
        assert_eq!(python.ask(&search), json!([]), "{section}");
    }
    let others = json!({"do": "search", "type": "Account", "target": [], "query": {}, "now": 0});
    assert_eq!(python.ask(&others).as_array().unwrap().len(), cache.accounts().count());
}

/// Python's cache knows no aliases; its application does. So both find an account of another name of the cloud.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn an_account_under_another_name_of_the_cloud_is_found_by_both() {
    let (mut python, mut cache) = (Peer::python(), TokenCache::new());
    cache.add(&sign_in("u1", "c1", "login.windows.net").for_us()).unwrap();
    python.load(&text(&cache));
    let found = python.ask(&json!({"do": "accounts", "client": "c1", "authority": AUTHORITY}));
    assert_eq!(found[0]["home_account_id"], HOME);
    let silent = json!({
        "do": "silent", "client": "c1", "authority": AUTHORITY, "scopes": ["User.Read"], "account": found[0],
    });
    assert_eq!(python.ask(&silent)["token"], "AT-u1-c1");
    assert_eq!(cache.account(account("u1")).len(), 1);
    let query = AccessTokenQuery::new("c1", ["User.Read"]).account(&account("u1")).realm("t1");
    assert_eq!(&*cache.access_token(&query).valid().unwrap().secret(), "AT-u1-c1");
}
