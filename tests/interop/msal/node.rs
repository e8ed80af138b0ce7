//! MSAL Node and we on one cache.

use sealed_cache::token_cache::{AccessTokenQuery, AccountId, TokenCache};
use serde_json::{Value, json};

use super::{
    events::{COM, Event, client_info, endpoint, id_token},
    peer::{Peer, ours, parsed, text},
};

const CLIENT: &str = "c1";
const HOME: &str = "u1.t1";

/// What the service answers when somebody signs in, for the driver of Node and for an event of ours.
fn answer(uid: &str, number: u32, scopes: &str) -> Value {
    let name = format!("{uid}@contoso.test");
    let claims = json!({
        "iss": format!("https://{COM}/t1/v2.0"), "aud": CLIENT, "sub": uid, "oid": uid, "tid": "t1", "name": "Zoë",
        "preferred_username": name, "ver": "2.0",
    });
    json!({
        "access_token": format!("AT-{uid}-{number}"), "refresh_token": format!("RT-{uid}-{number}"),
        "id_token": id_token(&claims), "client_info": client_info(uid, "t1"), "token_type": "Bearer", "scope": scopes,
        "expires_in": 360_000, "ext_expires_in": 720_000, "refresh_in": 180_000,
    })
}

/// Got by our program now: Node goes by the clock.
fn event(uid: &str, number: u32, scopes: &str) -> Event {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let scopes_of_it: Vec<&str> = scopes.split(' ').collect();
    Event::new(CLIENT, &endpoint(COM, "t1"), &scopes_of_it, answer(uid, number, scopes), now)
        .with("grant_type", "authorization_code")
}

fn opened() -> Peer {
    let mut node = Peer::node();
    node.ask(&json!({"do": "open", "client": CLIENT, "authority": format!("https://{COM}/t1")}));
    node
}

fn sign_in(node: &mut Peer, uid: &str, number: u32, scopes: &str) {
    let command = json!({"do": "sign_in", "answer": answer(uid, number, scopes), "scopes": scopes.split(' ').collect::<Vec<_>>()});
    assert_eq!(node.ask(&command), format!("AT-{uid}-{number}"));
}

fn silent(node: &mut Peer, scopes: &[&str], answer: &Value, force: bool) -> Value {
    node.ask(&json!({"do": "silent", "account": HOME, "scopes": scopes, "answer": answer, "force": force}))
}

fn wanted(scopes: &[&str]) -> AccessTokenQuery {
    AccessTokenQuery::new(CLIENT, scopes.iter().copied()).account(&account("u1")).realm("t1")
}

fn account(uid: &str) -> AccountId<'static> {
    AccountId::new(format!("{uid}.t1"), COM)
}

fn secret(cache: &TokenCache, scopes: &[&str]) -> Option<String> {
    cache.access_token(&wanted(scopes)).valid().map(|token| token.secret().to_string())
}

/// Each entry as `section/key`, with its secret.
fn entries(cache: &Value) -> Vec<(String, Option<String>)> {
    let of_section = |(section, entries): (&String, &Value)| {
        let entries = entries.as_object().unwrap();
        let entry = |(key, entry): (&String, &Value)| {
            (format!("{section}/{key}"), entry["secret"].as_str().map(str::to_owned))
        };
        entries.iter().map(entry).collect::<Vec<_>>()
    };
    let mut entries: Vec<_> = cache.as_object().unwrap().iter().flat_map(of_section).collect();
    entries.sort();
    entries
}

#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn what_node_wrote_opens_here_and_is_all_found() {
    let mut node = opened();
    sign_in(&mut node, "u1", 1, "User.Read Mail.Read");
    sign_in(&mut node, "u2", 2, "User.Read");
    let cache = ours(&node.save());
    assert_eq!(cache.accounts().count(), 2);
    for scopes in [&["User.Read"] as &[&str], &["mail.read", "User.Read"]] {
        assert_eq!(secret(&cache, scopes).as_deref(), Some("AT-u1-1"), "{scopes:?}");
    }
    assert_eq!(secret(&cache, &["Files.Read"]), None);
    let refresh: Vec<_> = cache.refresh_tokens(CLIENT, account("u1"));
    assert_eq!(refresh.iter().map(|token| token.secret().to_string()).collect::<Vec<_>>(), ["RT-u1-1"]);
    assert_eq!(cache.id_tokens(CLIENT, account("u1")).len(), 1);
    assert_eq!(cache.account(account("u1"))[0].username(), "u1@contoso.test");
    let token = cache.access_token(&wanted(&["User.Read"])).valid().unwrap();
    assert!(token.refresh_on() < token.expires_on() && token.expires_on() < token.extended_expires_on());
}

/// We refresh what Node wrote: its entries have the new tokens, under its keys, and there is no other.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn an_entry_of_node_is_refreshed_under_the_key_of_node() {
    let mut node = opened();
    sign_in(&mut node, "u1", 1, "User.Read Mail.Read");
    let written = node.save();
    let mut cache = ours(&written);
    cache.add(&event("u1", 9, "Mail.Read User.Read").for_us()).unwrap();

    let of_node = |old: &str| old.replace("-u1-1", "-u1-9");
    let mut expected: Vec<_> = entries(&parsed(&written))
        .into_iter()
        .map(|(key, secret)| (key, secret.map(|s| of_node(&s))))
        .collect();
    // Of the application's metadata Node writes that of a family only, as Java does; we write it always, as Python does.
    let metadata = (format!("AppMetadata/appmetadata-{COM}-{CLIENT}"), None);
    if !expected.contains(&metadata) {
        expected.push(metadata);
        expected.sort();
    }
    assert_eq!(entries(&parsed(&text(&cache))), expected);

    // And Node finds them.
    let mut again = opened();
    again.load(&text(&cache));
    let found = silent(&mut again, &["User.Read"], &Value::Null, false);
    assert_eq!(found["token"], "AT-u1-9", "{found}");
    let found = silent(&mut again, &["Files.Read"], &answer("u1", 10, "Files.Read"), false);
    assert_eq!((&found["token"], &found["tried"]), (&json!("AT-u1-10"), &json!(["RT-u1-9"])), "{found}");
}

/// A cache of ours through Node and back: it keeps every entry, finds what is in there, and what it adds we find.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn a_cache_of_ours_survives_node() {
    let mut cache = ours(r#"{"Unknown": {"kept": [1.50, null]}}"#);
    for (uid, number, scopes) in
        [("u1", 1, "User.Read Mail.Read"), ("u2", 2, "User.Read"), ("u1", 3, "Sites.Read")]
    {
        cache.add(&event(uid, number, scopes).for_us()).unwrap();
    }
    cache.add(&event("u2", 4, "User.Read").answer("foci", "1").for_us()).unwrap();
    cache.add(&event("u2", 5, "Tasks.Read").data("fmi_path", "a/path").for_us()).unwrap();
    let mut node = opened();
    node.load(&text(&cache));
    let kept = parsed(&node.save());
    for (section, entries) in parsed(&text(&cache)).as_object().unwrap() {
        for (key, entry) in entries.as_object().unwrap() {
            assert_eq!(kept[section].get(key), Some(entry), "{section}/{key}");
        }
    }

    assert_eq!(node.ask(&json!({"do": "accounts"})).as_array().unwrap().len(), 2);
    let found = silent(&mut node, &["User.Read"], &Value::Null, false);
    assert_eq!(found["token"], "AT-u1-1", "{found}");
    let found =
        silent(&mut node, &["User.Read", "Mail.Read"], &answer("u1", 11, "User.Read Mail.Read"), true);
    assert_eq!((&found["token"], &found["tried"]), (&json!("AT-u1-11"), &json!(["RT-u1-3"])), "{found}");

    let again = ours(&node.save());
    assert_eq!(secret(&again, &["User.Read"]).as_deref(), Some("AT-u1-11"));
    assert_eq!(secret(&again, &["Sites.Read"]).as_deref(), Some("AT-u1-3"));
    assert_eq!(
        again.refresh_tokens(CLIENT, account("u2")).len(),
        cache.refresh_tokens(CLIENT, account("u2")).len()
    );
    let refresh: Vec<_> =
        again.refresh_tokens(CLIENT, account("u1")).iter().map(|t| t.secret().to_string()).collect();
    assert!(refresh.contains(&"RT-u1-11".to_owned()), "{refresh:?}");
}

/// Of everything that it does not take for one of its own Node deletes the entry at its next save: none of ours is.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn every_kind_of_entry_that_we_write_is_one_that_node_keeps() {
    let kinds = [
        event("u1", 1, "User.Read"),
        event("u1", 1, "User.Read").answer("foci", "1"),
        event("u1", 1, "User.Read").without("client_info").without("id_token"),
        event("u1", 1, "User.Read").without("id_token"),
        event("u1", 1, "User.Read").data("fmi_path", "a/path"),
        event("u1", 1, "User.Read").answer("token_type", "pop").data("key_id", "k"),
        event("u1", 1, "User.Read").without("refresh_in"),
        Event { endpoint: "https://fs.contoso.test/adfs/oauth2/token".into(), ..event("u1", 1, "openid") },
    ];
    for (number, event) in kinds.iter().enumerate() {
        let mut cache = TokenCache::new();
        cache.add(&event.for_us()).unwrap();
        let mut node = opened();
        node.load(&text(&cache));
        let kept = parsed(&node.save());
        let kept: Vec<_> = entries(&kept).into_iter().map(|(key, _)| key).collect();
        let written: Vec<_> = entries(&parsed(&text(&cache))).into_iter().map(|(key, _)| key).collect();
        assert_eq!(kept, written, "kind {number}");
    }
}

#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn a_sign_out_by_node_leaves_no_secret_of_the_account_in_a_cache_of_ours() {
    let mut cache = TokenCache::new();
    for (uid, number, scopes) in [("u1", 1, "User.Read"), ("u2", 2, "User.Read"), ("u1", 3, "Sites.Read")] {
        cache.add(&event(uid, number, scopes).for_us()).unwrap();
    }
    let mut node = opened();
    node.load(&text(&cache));
    node.ask(&json!({"do": "sign_out", "account": HOME}));
    let after = node.save();
    assert!(!after.contains("-u1-") && !after.contains("u1@contoso.test"), "{after}");
    assert!(after.contains("AT-u2-2") && after.contains("RT-u2-2"), "{after}");
}

/// And a sign-out by us, of what Node wrote.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn our_sign_out_leaves_nothing_for_node_to_find() {
    let mut node = opened();
    sign_in(&mut node, "u1", 1, "User.Read Mail.Read");
    sign_in(&mut node, "u2", 2, "User.Read");
    sign_in(&mut node, "u1", 3, "Sites.Read");
    let mut cache = ours(&node.save());
    cache.remove_account(account("u1"));
    assert!(!text(&cache).contains("u1"), "{}", text(&cache));
    let mut again = opened();
    again.load(&text(&cache));
    let accounts = again.ask(&json!({"do": "accounts"}));
    let homes: Vec<_> =
        accounts.as_array().unwrap().iter().map(|account| &account["homeAccountId"]).collect();
    assert_eq!(homes, ["u2.t1"]);
}

/// A service's own token, by Node's other kind of application.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn a_token_of_an_application_is_found_by_both() {
    let scope = "https://vault.azure.net/.default";
    let mut node = Peer::node();
    node.ask(
        &json!({"do": "open", "client": CLIENT, "authority": format!("https://{COM}/t1"), "secret": "s"}),
    );
    let answer = json!({"access_token": "AT-app", "token_type": "Bearer", "expires_in": 3599});
    let command = json!({"do": "client_credentials", "answer": answer, "scopes": [scope]});
    assert_eq!(node.ask(&command), "AT-app");
    let cache = ours(&node.save());
    let query = AccessTokenQuery::new(CLIENT, [scope]).environment(COM).realm("t1");
    assert_eq!(cache.access_token(&query).valid().map(|t| t.secret().to_string()).as_deref(), Some("AT-app"));
}
