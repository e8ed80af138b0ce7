//! Time in proportion to the text, whatever is in it. What takes the square of it would not finish here.

use sealed_cache::{
    SerializableCache,
    token_cache::{AccountId, TokenCache},
};

use super::common::{COM, NOW, at, read, sign_in, u1, wanted, write};

/// A text of about so many bytes, made of a repeated part.
fn text(bytes: usize, before: &str, part: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_owned();
    for number in 0.. {
        if text.len() > bytes {
            break;
        }
        if number > 0 {
            text.push(',');
        }
        text.push_str(&part(number));
    }
    text + after
}

const IDENTITY: &str =
    r#""home_account_id":"u1.t1","environment":"login.microsoftonline.com","client_id":"c1","realm":"t1""#;

/// Texts that are meant to take long.
fn adversaries(bytes: usize) -> Vec<(&'static str, String)> {
    let tokens = |part: fn(usize) -> String| text(bytes, r#"{"AccessToken":{"#, part, "}}");
    let long = "x".repeat(bytes / 4);
    vec![
        ("a section many times", text(bytes, "{", |_| r#""AccessToken":{}"#.into(), "}")),
        (
            "a section that is null many times",
            text(bytes, r#"{"x":1,"#, |_| r#""AccessToken":null"#.into(), "}"),
        ),
        ("unknown members, then sections", {
            let unknown = text(bytes / 2, "{", |number| format!(r#""{number}":0"#), ",");
            text(bytes, &unknown, |_| r#""Account":{}"#.into(), "}")
        }),
        (
            "one identity many times",
            tokens(|number| format!(r#""{number}":{{{IDENTITY},"target":"User.Read"}}"#)),
        ),
        ("one key many times", tokens(|_| format!(r#""k":{{{IDENTITY}}}"#))),
        ("an entry of nothing many times", tokens(|_| r#""":{}"#.into())),
        (
            "one scope many times",
            text(
                bytes,
                &format!(r#"{{"AccessToken":{{"k":{{{IDENTITY},"target":"a"#),
                |_| "User.Read a ".into(),
                r#"x"}}}"#,
            )
            .replace(',', " ")
            .replace("\" \"", "\",\""),
        ),
        ("many scopes of somebody with a long name", {
            let scopes: String = (0..bytes / 8).map(|number| format!("{number} ")).collect();
            format!(
                r#"{{"AccessToken":{{"k":{{"home_account_id":"{long}","client_id":"{long}","target":"{scopes}"}}}}}}"#
            )
        }),
        (
            "an entry with many members",
            text(
                bytes,
                &format!(r#"{{"AccessToken":{{"k":{{{IDENTITY},"#),
                |number| format!(r#""{number}":0"#),
                "}}}",
            ),
        ),
        (
            "an entry with one member many times",
            text(bytes, r#"{"RefreshToken":{"k":{"#, |_| IDENTITY.into(), "}}}"),
        ),
        (
            "parameters many times",
            text(bytes, r#"{"AccessToken":{"k":{"#, |_| r#""ext":{"a":"b"}"#.into(), "}}}"),
        ),
        (
            "parameters by the thousands",
            text(bytes, r#"{"AccessToken":{"k":{"ext":{"#, |number| format!(r#""{number}":"v""#), "}}}}"),
        ),
        (
            "escapes in keys and fields",
            tokens(|number| {
                format!(
                    r#""\u0041\n\"{number}":{{"home\u005faccount_id":"\\\u00751","target":"\t\t\u0020a"}}"#
                )
            }),
        ),
        (
            "one long escaped string",
            format!(
                r#"{{"IdToken":{{"k":{{"secret":"{0}","home_account_id":"{0}"}}}},"{0}":0}}"#,
                r"\u00e9\\\n".repeat(bytes / 30)
            ),
        ),
        (
            "deep nesting",
            format!(
                r#"{{"x":{}1{},"Account":{{"k":{{"a":{}{}}}}}}}"#,
                "[".repeat(bytes / 6),
                "]".repeat(bytes / 6),
                r#"{"a":["#.repeat(bytes / 24),
                "]}".repeat(bytes / 24)
            ),
        ),
        ("keys that grow by a dash", tokens_with_dashes(bytes)),
        (
            "whitespace",
            format!(
                "{{{0}\"AccessToken\"{0}:{0}{{{0}\"k\"{0}:{0}{{{0}}}{0}}}{0}}}{0}",
                " \n\t".repeat(bytes / 30)
            ),
        ),
        ("nothing but quotes", text(bytes, r#"{"Account":{"k":["#, |_| r#""""#.into(), "]}}")),
    ]
}

/// Each has the key that a new entry would get if the one before were not there.
fn tokens_with_dashes(bytes: usize) -> String {
    let mut key = format!("u1.t1-{COM}-accesstoken-c1-t1-user.read");
    let (mut out, mut number) = (r#"{"AccessToken":{"#.to_owned(), 0);
    while out.len() < bytes {
        out.push_str(&format!(r#"{}"{key}":{{"client_id":"c2"}}"#, if number > 0 { "," } else { "" }));
        key.push('-');
        number += 1;
    }
    out + "}}"
}

/// Everything once.
fn use_all(cache: &TokenCache) {
    let mut changed = cache.clone();
    let _ = (cache.access_token(&wanted()), cache.refresh_tokens("c1", u1()), cache.account(u1()));
    let _ = (cache.accounts().count(), format!("{cache:?}"));
    changed.add(&sign_in("new")).unwrap();
    changed.add(&sign_in("newer")).unwrap();
    changed.remove_access_token("k");
    let merged = changed.merge(cache, &changed);
    let merged = TokenCache::new().merge(cache, &merged).merge(&TokenCache::new(), cache);
    assert_eq!(read(&write(&merged)).len(), merged.len());
    changed.prune(at(NOW));
    changed.remove_client("c1");
    changed.remove_account(u1());
    changed.remove_account(AccountId::new("u1", ""));
    assert_eq!(read(&write(&changed)).len(), changed.len());
}

fn all_finish(bytes: usize, in_use: impl Fn(TokenCache)) {
    for (name, text) in adversaries(bytes) {
        let cache = TokenCache::deserialize(text.into_bytes().into());
        in_use(cache.unwrap_or_else(|error| panic!("{name}: {error}")));
    }
}

#[test]
fn a_text_that_is_meant_to_take_long_does_not() {
    all_finish(200_000, |cache| use_all(&cache));
}

#[test]
#[ignore = "long: cargo xtask test keychain"]
fn fifty_megabytes_that_are_meant_to_take_long_do_not() {
    all_finish(50_000_000, |mut cache| {
        let _ = (cache.access_token(&wanted()), cache.refresh_tokens("c1", u1()));
        cache.add(&sign_in("new")).unwrap();
        assert_ne!(cache.remove_account(u1()), 0);
        assert!(!write(&cache).contains("AT-new"));
    });
}

/// Entries and members that differ on all three sides.
#[test]
fn a_merge_of_many_changes_to_one_entry_and_one_cache_does_not_take_long() {
    let side = |value: usize| {
        let members =
            text(200_000, r#"{"RefreshToken":{"k":{"#, |number| format!(r#""{number}":{value}"#), "}}");
        read(&text(400_000, &(members + ","), |number| format!(r#""m{number}":{value}"#), "}"))
    };
    let (base, ours, theirs) = (side(0), side(1), side(2));
    assert_eq!(write(&ours.merge(&base, &base)), write(&ours));
    let merged = ours.merge(&base, &theirs);
    assert_eq!(write(&ours.merge(&base, &merged)), write(&merged));
}

/// A peer that gives every entry another key.
#[test]
fn a_merge_of_many_entries_under_other_keys_does_not_take_long() {
    let side = |key: &str, secret: &str| {
        let token = |number| {
            format!(r#""{key}{number}":{{{IDENTITY},"target":"s{}","secret":"{secret}"}}"#, number / 2)
        };
        read(&text(400_000, r#"{"AccessToken":{"#, token, "}}"))
    };
    let (base, ours, theirs) = (side("a", "0"), side("a", "1"), side("b", "0"));
    let merged = ours.merge(&base, &theirs);
    assert_eq!(merged.len(), theirs.len(), "none is there twice");
    assert!(!write(&merged).contains(r#""secret":"0""#));
    assert_eq!(TokenCache::new().merge(&base, &theirs).len(), 0, "all were removed here");
}

/// Each addition and removal looks at its own entries only: thousands of them would take the square otherwise.
#[test]
fn thousands_of_accounts_come_and_go() {
    let mut cache = read("");
    let account = |number: usize| AccountId::new(format!("u{number}.t1"), COM);
    let of = |number: usize| {
        let bare = serde_json::json!({"access_token": "AT", "refresh_token": "RT", "scope": "User.Read"});
        super::common::response(&bare).home_account_id(format!("u{number}.t1"))
    };
    for number in 0..4_000 {
        cache.add(&of(number)).unwrap();
        if number % 2 == 1 {
            assert_eq!(cache.remove_account(account(number - 1)), 3);
        }
    }
    assert_eq!(cache.accounts().count(), 2_000);
    for number in (1..4_000).step_by(2) {
        let key = cache.refresh_tokens("c1", account(number))[0].key().into_owned();
        assert!(cache.remove_refresh_token(&key));
    }
    assert_eq!((cache.len(), write(&cache).matches("RT").count()), (4_001, 0));
}
