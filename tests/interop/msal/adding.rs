//! The same token responses to MSAL Python's `add` and to ours: the same entries, key by key and field by field.
//!
//! We differ on purpose in these, and `as_we_write_it` makes of Python's what ours should be:
//! * a refresh token does not have its scopes, neither in its key nor as `target`, since it serves others as well (as in .NET
//!   and Java; what key Python then expects, `python.rs` shows);
//! * the key of an access token that is bound to a key ends in its type, as in .NET, Node and Go; Python gives it the key of
//!   a bearer token, so that one of the two replaces the other;
//! * `local_account_id` is never null, nor is it absent;
//! * the key of the application's metadata is in lower case throughout, as all others are; Python's is not.

use sealed_cache::{SerializableCache, token_cache::TokenCache};
use serde_json::{Map, Value, json};

use super::{
    events::{COM, Event, client_info, endpoint, id_token},
    peer::{Peer, ours, parsed, text},
    world::{self, NOW},
};

/// A person's sign-in with everything in it; each case is a change of it.
fn full() -> Event {
    let claims = json!({"sub": "s1", "oid": "o1", "preferred_username": "ann@contoso.test", "upn": "other@contoso.test"});
    let answer = json!({
        "access_token": "AT", "refresh_token": "RT", "id_token": id_token(&claims), "client_info": client_info("u1", "T1"),
        "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 7199,
    });
    Event::new("c1", &endpoint(COM, "T1"), &["User.Read", "Mail.Read"], answer, NOW)
        .with("grant_type", "authorization_code")
}

fn with_claims(claims: &Value) -> Event {
    full().answer("id_token", id_token(claims))
}

/// A service's own token.
fn of_application() -> Event {
    let answer = json!({"access_token": "AT", "token_type": "Bearer", "expires_in": 3599});
    Event::new("c1", &endpoint(COM, "t1"), &["https://vault.azure.net/.default"], answer, NOW)
        .with("grant_type", "client_credentials")
}

fn of_adfs() -> Event {
    let claims = json!({"sub": "adfs-sub", "upn": "ann@contoso.test"});
    let adfs =
        Event { endpoint: "https://FS.contoso.test:443/adfs/oauth2/token".into(), ..with_claims(&claims) };
    adfs.without("client_info")
}

fn cases() -> Vec<(&'static str, Event)> {
    let grants = [
        "authorization_code",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "broker",
        "user_fic",
        "",
    ];
    let of_grants = grants.map(|grant| ("a grant", full().with("grant_type", grant)));
    let mut cases = vec![
        ("everything", full()),
        ("client credentials", of_application()),
        ("client credentials with a path", of_application().data("fmi_path", "SomeFmiPath/Path")),
        ("extra parameters", full().data("fmi_path", "p").data("another", "Zoë").data("empty", "")),
        ("ADFS", of_adfs()),
        ("ADFS by a family name", of_adfs().with("authority_type", "MSSTS")),
        ("family", full().answer("foci", "1")),
        ("expires_on instead of expires_in", full().without("expires_in").answer("expires_on", NOW + 1234)),
        ("expires_on as text", full().without("expires_in").answer("expires_on", (NOW + 1234).to_string())),
        ("both ends", full().answer("expires_on", NOW + 1234)),
        ("no end", full().without("expires_in")),
        ("no extended end", full().without("ext_expires_in")),
        ("numbers as text", full().answer("expires_in", "3599").answer("ext_expires_in", "7199")),
        ("refresh_in", full().answer("refresh_in", 1800)),
        ("no type", full().without("token_type")),
        ("bound to a key", full().answer("token_type", "pop").data("key_id", "key-1")),
        ("SSH certificate", full().answer("token_type", "ssh-cert").data("key_id", "key-1")),
        ("no account", full().with("skip_account_creation", true)),
        ("local account id", full().with("_account_id", "from-broker").with("grant_type", "broker")),
        ("authority type", full().with("authority_type", "CLOUDSHELL")),
        ("environment", full().with("environment", "login.windows.net")),
        ("only an access token", full().without("refresh_token").without("id_token").without("client_info")),
        ("no id token", full().without("id_token")),
        ("no id token, name typed", full().without("id_token").data("username", "typed@contoso.test")),
        ("no id token, name federated", full().without("id_token").with("username", "typed@contoso.test")),
        ("no client info", full().without("client_info")),
        ("client info without tenant", full().answer("client_info", "eyJ1aWQiOiJ1MSJ9")),
        ("client info with padding", full().answer("client_info", "eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MTEifQ==")),
        ("claims: upn only", with_claims(&json!({"sub": "s1", "upn": "ann@contoso.test"}))),
        ("claims: no name", with_claims(&json!({"sub": "s1"}))),
        (
            "claims: no name, one typed",
            with_claims(&json!({"sub": "s1"})).data("username", "typed@contoso.test"),
        ),
        (
            "claims: beyond ASCII",
            with_claims(&json!({"sub": "s1", "preferred_username": "Zoë😀\"\\@contoso.test"})),
        ),
        ("capitals", Event { client: "C1-Capital".into(), ..full() }),
        ("one scope twice", Event { scopes: vec!["User.Read".into()], ..full() }),
        ("no scopes", Event { scopes: Vec::new(), ..full() }),
        ("another cloud", Event { endpoint: endpoint("login.microsoftonline.us", "t1"), ..full() }),
        (
            "B2C",
            Event { endpoint: endpoint("contoso.b2clogin.com", "contoso.onmicrosoft.com/B2C_1_x"), ..full() },
        ),
        ("dSTS", Event { endpoint: endpoint("contoso.dsts.test", "dstsv2/t1"), ..full() }),
        ("CIAM", Event { endpoint: endpoint("contoso.ciamlogin.com", "t1"), ..full() }),
    ];
    cases.extend(of_grants);
    cases
}

#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn one_response_makes_the_same_entries() {
    let mut python = Peer::python();
    let mut wrong = Vec::new();
    for (name, event) in cases() {
        python.ask(&json!({"do": "reset"}));
        python.ask(&event.for_python());
        let theirs = as_we_write_it(parsed(&python.save()), &event);
        let mut cache = TokenCache::new();
        cache.add(&event.for_us()).unwrap();
        wrong.extend(difference(name, &event, &theirs, &without_empty_sections(parsed(&text(&cache)))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Many responses one after the other: newer tokens replace older ones of the same identity, as in Python; but of the
/// refresh tokens of an application, or of a family, we keep one and Python one for each set of scopes.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn many_responses_leave_the_same_entries() {
    let (mut python, mut cache) = (Peer::python(), TokenCache::new());
    for event in world::events(0xadd5, 300) {
        python.ask(&event.for_python());
        cache.add(&event.for_us()).unwrap();
    }
    let (mut theirs, ours) = (parsed(&python.save()), parsed(&text(&cache)));
    name_bound_tokens_by_type(&mut theirs);
    for section in ["AccessToken", "IdToken"] {
        assert_eq!(differing(&theirs[section], &ours[section]), Vec::<String>::new());
    }
    // Python forgets by which grant an account came, and the family of an application, when a later answer does not say it.
    for (section, remembered) in [("Account", "account_source"), ("AppMetadata", "family_id")] {
        let mut ours = ours[section].clone();
        for (key, entry) in ours.as_object_mut().unwrap() {
            if theirs[section][key].get(remembered).is_none() {
                entry.as_object_mut().unwrap().remove(remembered);
            }
        }
        assert_eq!(differing(&theirs[section], &ours), Vec::<String>::new());
    }
    // The one that we keep is the one that came last.
    for (key, kept) in ours["RefreshToken"].as_object().unwrap() {
        let of_it = |entry: &&Value| {
            ["home_account_id", "environment"].iter().all(|name| entry[name] == kept[name])
                && (entry["client_id"] == kept["client_id"]
                    || (kept["family_id"].is_string() && entry["family_id"] == kept["family_id"]))
        };
        let all = theirs["RefreshToken"].as_object().unwrap().values();
        let newest = all.filter(of_it).max_by_key(|entry| number_of(&entry["secret"])).unwrap();
        assert_eq!(newest["secret"], kept["secret"], "{key}");
        assert_eq!(newest["last_modification_time"], kept["last_modification_time"], "{key}");
    }
}

/// To add the same once more changes nothing, in a cache that Python wrote as well.
#[test]
#[ignore = "needs msal and msal-node: cargo xtask test keychain"]
fn a_response_that_python_added_and_we_add_again_changes_no_entry() {
    let mut python = Peer::python();
    for (name, event) in cases() {
        python.ask(&json!({"do": "reset"}));
        python.ask(&event.for_python());
        let written = python.save();
        let mut cache = ours(&written);
        cache.add(&event.for_us()).unwrap();
        assert!(cache.has_state_changed());
        let (mut before, mut after) = (parsed(&written), parsed(&text(&cache)));
        for json in [&mut before, &mut after] {
            fill_in_local_account_id(json);
        }
        assert_eq!(before, after, "{name}");
    }
}

fn number_of(secret: &Value) -> u64 {
    secret.as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap()
}

/// What Python wrote, with our rules where they differ on purpose.
fn as_we_write_it(mut theirs: Value, event: &Event) -> Value {
    fill_in_local_account_id(&mut theirs);
    name_bound_tokens_by_type(&mut theirs);
    let mut scopes = event.scopes.clone();
    scopes.sort();
    let target = scopes.join(" ").to_lowercase();
    rename(&mut theirs["RefreshToken"], |key| key.strip_suffix(&target).unwrap().to_owned());
    for token in theirs["RefreshToken"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        token.as_object_mut().unwrap().remove("target");
    }
    rename(&mut theirs["AppMetadata"], |key| key.to_lowercase());
    without_empty_sections(theirs)
}

fn fill_in_local_account_id(cache: &mut Value) {
    for account in cache["Account"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if account["local_account_id"].is_null() {
            account["local_account_id"] = json!("");
        }
    }
}

fn name_bound_tokens_by_type(cache: &mut Value) {
    let types = cache["AccessToken"].clone();
    rename(&mut cache["AccessToken"], |key| match types[key]["token_type"].as_str() {
        None | Some("Bearer") => key.to_owned(),
        Some(bound) => format!("{key}-{bound}"),
    });
}

fn rename(section: &mut Value, to: impl Fn(&str) -> String) {
    if let Some(entries) = section.as_object_mut() {
        *entries = std::mem::take(entries).into_iter().map(|(key, value)| (to(&key), value)).collect();
    }
}

fn without_empty_sections(mut cache: Value) -> Value {
    cache
        .as_object_mut()
        .unwrap()
        .retain(|_, section| section.as_object().is_some_and(|entries| !entries.is_empty()));
    cache
}

fn difference(name: &str, event: &Event, theirs: &Value, ours: &Value) -> Option<String> {
    let differing: Vec<_> = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"]
        .iter()
        .flat_map(|section| differing(&theirs[section], &ours[section]))
        .collect();
    let grant = event.more.get("grant_type");
    (theirs != ours).then(|| format!("{name} ({grant:?}): {}", differing.join("\n    ")))
}

/// Entries that are not the same in both sections.
fn differing(theirs: &Value, ours: &Value) -> Vec<String> {
    let keys = [theirs, ours].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
    let mut differing: Vec<_> = keys
        .filter(|key| theirs.get(key) != ours.get(key))
        .map(|key| format!("{key}: Python {:?}, ours {:?}", theirs.get(key), ours.get(key)))
        .collect();
    differing.sort();
    differing.dedup();
    differing
}
