//! Any JSON object is written back as it was: nothing is added, lost or respelled.

use proptest::{collection::vec, prelude::*, sample::select, test_runner::RngSeed};
use sealed_cache::SerializableCache;
use serde_json::Value;

use super::common::{read, try_read, write};

const SECTIONS: [&str; 5] = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];

/// Always the same cases, and no file about those that fail.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(8),
        ..ProptestConfig::default()
    }
}

/// JSON as it may be written: strings in pieces, numbers as text, members with duplicates.
#[derive(Clone, Debug)]
enum Json {
    Plain(String),
    Text(Vec<String>),
    Array(Vec<Self>),
    Object(Vec<(Vec<String>, Self)>),
}

/// Without whitespace and in ASCII, or as people and some SDKs write it.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Compact,
    Sloppy,
}

impl Json {
    fn write(&self, style: Style, out: &mut String) {
        let space = if style == Style::Sloppy { " \r\n\t" } else { "" };
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::Text(pieces) => write_text(pieces, style, out),
            Self::Array(items) => list(out, ['[', ']'], items, space, |item, out| item.write(style, out)),
            Self::Object(members) => list(out, ['{', '}'], members, space, |(key, value), out| {
                write_text(key, style, out);
                out.push_str(space);
                out.push(':');
                out.push_str(space);
                value.write(style, out);
            }),
        }
    }

    fn text(&self, style: Style) -> String {
        let mut out = String::new();
        self.write(style, &mut out);
        out
    }
}

fn list<T>(out: &mut String, ends: [char; 2], items: &[T], space: &str, write: impl Fn(&T, &mut String)) {
    out.push(ends[0]);
    out.push_str(space);
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(',');
            out.push_str(space);
        }
        write(item, out);
        out.push_str(space);
    }
    out.push(ends[1]);
}

fn write_text(pieces: &[String], style: Style, out: &mut String) {
    out.push('"');
    for c in pieces.iter().flat_map(|piece| piece.chars()) {
        if c.is_ascii() || style == Style::Sloppy {
            out.push(c);
        } else {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out.push('"');
}

/// Pieces of strings: what has a meaning to somebody who scans JSON, in ASCII, beyond it, and escaped.
fn text() -> impl Strategy<Value = Vec<String>> {
    let pieces = [
        "a",
        "secret",
        "user.read mail.read",
        "home_account_id",
        "environment",
        "client_id",
        "u1.t1",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\t\u{7f}".trim_start(),
        "é",
        "😀",
        "\u{2028}",
        r#"\""#,
        r"\\",
        r"\/",
        r"\b\f\n\r\t",
        r"\u00e9",
        r"\uD83D\uDE00",
        r"\u0000",
        "null",
        "1",
        "\u{ffff}",
        "--",
    ];
    vec(select(pieces.to_vec()).prop_map(str::to_owned), 0..5)
}

fn plain() -> impl Strategy<Value = Json> {
    let plain = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.50",
        "1e3",
        "1E+10",
        "-1.0e-7",
        "1790000000",
        "18446744073709551616",
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
    ];
    select(plain.to_vec()).prop_map(|plain| Json::Plain(plain.to_owned()))
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![plain(), text().prop_map(Json::Text)];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let members = vec((text(), inner.clone()), 0..6);
        prop_oneof![vec(inner, 0..6).prop_map(Json::Array), members.prop_map(Json::Object)]
    })
}

/// A field that means something, or not.
fn member() -> impl Strategy<Value = (Vec<String>, Json)> {
    let known = [
        "secret",
        "home_account_id",
        "environment",
        "client_id",
        "realm",
        "target",
        "expires_on",
        "family_id",
        "ext",
    ];
    let name = prop_oneof![select(known.to_vec()).prop_map(|name| vec![name.to_owned()]), text()];
    (name, json())
}

fn entry() -> impl Strategy<Value = (Vec<String>, Json)> {
    let entry = prop_oneof![4 => vec(member(), 0..8).prop_map(Json::Object), 1 => json()];
    (text(), entry)
}

/// A whole cache. Each section is there once, since duplicates are joined.
fn cache() -> impl Strategy<Value = Json> {
    let sections = proptest::sample::subsequence(SECTIONS.to_vec(), 0..=5).prop_flat_map(|names| {
        names.into_iter().map(|name| (Just(name), vec(entry(), 0..5))).collect::<Vec<_>>()
    });
    let others = vec((text(), json()), 0..4);
    (sections, others)
        .prop_map(|(sections, others)| {
            let sections =
                sections.into_iter().map(|(name, entries)| (vec![name.to_owned()], Json::Object(entries)));
            sections.chain(others).collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_map(Json::Object)
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn compact_ascii_is_written_back_byte_by_byte(cache in cache()) {
        let text = cache.text(Style::Compact);
        prop_assert_eq!(write(&read(&text)), text);
    }

    #[test]
    fn whitespace_goes_and_other_letters_are_escaped_and_that_is_all(cache in cache()) {
        let sloppy = cache.text(Style::Sloppy);
        let written = write(&read(&sloppy));
        prop_assert_eq!(&written, &cache.text(Style::Compact));
        let [before, after] = [&sloppy, &written].map(|text| serde_json::from_str::<Value>(text).unwrap());
        prop_assert_eq!(before, after);
    }

    #[test]
    fn reading_and_writing_again_changes_nothing(cache in cache()) {
        let once = write(&read(&cache.text(Style::Sloppy)));
        prop_assert_eq!(write(&read(&once)), once);
    }

    #[test]
    fn whatever_is_cut_off_is_an_error_and_never_a_panic(cache in cache(), at in any::<prop::sample::Index>()) {
        let text = cache.text(Style::Sloppy);
        let cut = (0..=at.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let is_whole = text[..cut].trim().is_empty();
        prop_assert_eq!(try_read(&text[..cut]).is_ok(), is_whole);
    }

    /// Whatever is there, what was added is found, and what is unknown stays byte by byte.
    #[test]
    fn an_addition_changes_only_what_it_must(cache in cache()) {
        let mut cache = read(&cache.text(Style::Compact));
        let others = |text: &str| {
            let mut value = serde_json::from_str::<Value>(text).unwrap();
            value.as_object_mut().unwrap().retain(|name, _| !SECTIONS.contains(&name.as_str()));
            value
        };
        let (before, count) = (others(&write(&cache)), cache.len());
        cache.add(&super::common::sign_in("new")).unwrap();
        let text = write(&cache);
        prop_assert_eq!(others(&text), before);
        prop_assert!(cache.len() <= count + 5);
        let found = super::common::secret(cache.access_token(&super::common::wanted()));
        prop_assert_eq!(found.as_deref(), Some("AT-new"));
        let mut again = read(&text);
        prop_assert_eq!(again.len(), cache.len());
        again.remove_account(super::common::u1());
        prop_assert!(!write(&again).contains("AT-new") && !write(&again).contains("RT-new"));
        prop_assert!(again.has_state_changed());
    }
}
