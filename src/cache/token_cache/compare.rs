//! Whether two entries say the same, however they are written.

use std::{borrow::Cow, collections::HashMap};

use super::{
    document::Section,
    entry::SecretText,
    text::{Members, name, scalar},
    write::push_compacted,
};
use crate::SecretBytes;

/// By which a token is known again, whatever a peer has added to its entry or left out.
const TOKEN: [&str; 4] = ["secret", "expires_on", "cached_at", "last_modification_time"];

/// The members of an object by their names, as JSON text. Of several with one name the last one counts.
pub(super) struct Fields<'a>(HashMap<Cow<'a, str>, &'a str>);

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a str) -> Self {
        Self(Members::of(object, 0).texts().map(|(key, value)| (name(key), value)).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }

    /// Those of the object that they are of, each with its key as it is written there.
    pub(super) fn in_order(&self, object: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_last =
            |(key, value): &(&str, &str)| self.get(&name(key)).is_some_and(|last| std::ptr::eq(last, *value));
        Members::of(object, 0).texts().filter(is_last)
    }
}

/// Whether two values of an entry are the same for every reader: absent, null and empty are, and numbers as text.
pub(super) fn is_same_value(one: Option<&str>, other: Option<&str>) -> bool {
    let [one, other] = [one, other].map(|value| value.filter(|value| !matches!(*value, "null" | "\"\"")));
    let (Some(one), Some(other)) = (one, other) else { return one.is_none() && other.is_none() };
    one == other
        || match (scalar(one), scalar(other)) {
            (Some(one), Some(other)) => *SecretText(one) == *SecretText(other),
            (None, None) => compacted(one)[..] == compacted(other)[..],
            _ => false,
        }
}

fn compacted(value: &str) -> SecretBytes {
    let mut out = SecretBytes::new();
    push_compacted(&mut out, value);
    out
}

/// Whether two entries are the same: their members are, in whatever order.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    if one == other || !one.starts_with('{') || !other.starts_with('{') {
        return is_same_value(Some(one), Some(other));
    }
    let [one, other] = [one, other].map(Fields::of);
    one.0.keys().chain(other.0.keys()).all(|name| is_same_value(one.get(name), other.get(name)))
}

/// Whether two entries hold the same token, got at the same time. What is no token is compared as a whole.
pub(super) fn is_same_token(section: Section, one: &str, other: &str) -> bool {
    if matches!(section, Section::Account | Section::AppMetadata) || is_same(one, other) {
        return is_same(one, other);
    }
    let [one, other] = [one, other].map(Fields::of);
    one.get("secret").is_some() && TOKEN.iter().all(|name| is_same_value(one.get(name), other.get(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_whitespace_escapes_and_emptiness_make_no_difference() {
        let one = r#"{"secret":"a+\u00e9","n":1,"o":{"x":[1,2]},"gone":null,"empty":""}"#;
        let other = "{ \"o\": { \"x\": [1, 2] }, \"n\": \"1\", \"s\\u0065cret\": \"a\\u002Bé\" }";
        assert!(is_same(one, other));
        assert!(!is_same(one, r#"{"secret":"a","n":1,"o":{"x":[1,2]}}"#));
        assert!(!is_same(one, r#"{"secret":"a+\u00e9","n":1,"o":{"x":[2,1]}}"#));
        assert!(!is_same(one, "null") && is_same("7", "\"7\"") && !is_same("true", "\"true\""));
    }

    #[test]
    fn a_token_is_the_same_with_what_a_peer_added() {
        let (one, other) =
            (r#"{"secret":"a","cached_at":"1"}"#, r#"{"secret":"a","cached_at":"1","ext":{}}"#);
        assert!(is_same_token(Section::AccessToken, one, other));
        assert!(!is_same_token(Section::Account, one, other));
        assert!(!is_same_token(Section::AccessToken, one, r#"{"secret":"b","cached_at":"1"}"#));
    }
}
