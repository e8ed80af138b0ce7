//! Three-way merge: what we changed, applied to what others have stored meanwhile.

use std::{borrow::Cow, collections::HashMap};

use super::{
    CLAIMS, TokenCache,
    compare::{Fields, is_same, is_same_token, is_same_value},
    document::{EntryId, Section},
    edit::Object,
    entry::Raw,
    sides::{Entry, Sides},
    text::name,
};
use crate::{SecretBytes, secret::SecretString};

/// What belongs to a token as a whole: it comes from one side only.
const OF_A_TOKEN: [&str; 17] = [
    "credential_type",
    "secret",
    "target",
    "token_type",
    "cached_at",
    "expires_on",
    "extended_expires_on",
    "ext_expires_on",
    "refresh_on",
    "last_modification_time",
    "family_id",
    "key_id",
    "kid",
    "keyid",
    "user_assertion_hash",
    "userAssertionHash",
    CLAIMS,
];

impl TokenCache {
    /// Apply what we changed since `base` to what is stored now: `self` is ours, `theirs` is the store, and `base` is
    /// what both began with.
    ///
    /// * An entry that only one side changed, added or removed is as that side left it. Another order of its members,
    ///   other whitespace or escapes are no change.
    /// * An entry that both changed has the newer token, and the unknown fields of both.
    /// * An entry that they removed and we changed stays, unless they removed its account: then nothing of ours
    ///   brings it back. The same the other way round.
    /// * An entry that they have under another key, as each SDK spells its own, is the same entry.
    /// * Keys, order and unknown members are theirs; what we added comes last. Of several entries with the very same key
    ///   in one section, the last one is meant, as every reader of JSON understands it.
    ///
    /// Nothing is changed but the result, which counts as changed if it differs from `theirs`.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::{SecretBytes, SerializableCache, token_cache::TokenCache};
    ///
    /// let cache = |text: &str| TokenCache::deserialize(SecretBytes::from(text.as_bytes()));
    /// let base = cache(r#"{"RefreshToken":{"a":{"secret":"1"},"b":{"secret":"1"}}}"#)?;
    /// let ours = cache(r#"{"RefreshToken":{"a":{"secret":"1"},"b":{"secret":"2"}}}"#)?;
    /// let theirs = cache(r#"{"RefreshToken":{"b":{"secret":"1"},"c":{"secret":"1"}}}"#)?;
    /// let merged = ours.merge(&base, &theirs).serialize()?;
    /// assert_eq!(&merged[..], br#"{"RefreshToken":{"b":{"secret":"2"},"c":{"secret":"1"}}}"#);
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    #[must_use]
    pub fn merge(&self, base: &Self, theirs: &Self) -> Self {
        let mut result = theirs.clone();
        result.changed = false;
        let sides = Sides::of(base, self, theirs);
        for ours in sides.ours.entries() {
            result.take_ours(ours, &sides);
        }
        let removed =
            sides.theirs.entries().filter(|theirs| sides.was_removed_here(theirs)).map(|theirs| theirs.id);
        for id in sides.theirs.under_their_keys(&removed.collect()) {
            result.changed |= result.document.remove(id);
        }
        result.merge_others(base, self, theirs);
        result.tidy();
        result
    }

    fn take_ours(&mut self, ours: &Entry<'_>, sides: &Sides<'_>) {
        let before = sides.base.get(ours).map(|entry| entry.raw.value);
        let is_unchanged = before.is_some_and(|before| is_same(before, ours.raw.value));
        if is_unchanged || sides.was_account_removed_there(ours) {
            return;
        }
        let theirs = sides.theirs_of(ours);
        for id in &theirs {
            self.combine(*id, before, ours.raw);
        }
        if theirs.is_empty() {
            let [key, value] = [ours.raw.key, ours.raw.value].map(SecretString::from);
            let id = self.document.insert_raw(ours.section, key, value);
            self.add_to_index(ours.section, id);
            self.changed = true;
        }
    }

    /// Make one of our entry and theirs.
    fn combine(&mut self, id: EntryId, before: Option<&str>, ours: Raw<'_>) {
        let Some((_, theirs, section)) = self.document.get(id) else { return };
        if is_same(theirs, ours.value) {
            return;
        }
        let is_only_ours = before.is_some_and(|before| is_same(before, theirs));
        let merged = if is_only_ours {
            SecretBytes::from(ours.value.as_bytes())
        } else {
            combined(section, before, ours.value, theirs)
        };
        if std::str::from_utf8(&merged).is_ok_and(|merged| is_same(merged, theirs)) {
            return;
        }
        self.document.replace(id, merged);
        self.add_to_index(section, id);
        self.changed = true;
    }

    /// Members of the whole cache that nobody here knows: ours only where they left theirs alone.
    fn merge_others(&mut self, base: &Self, ours: &Self, theirs: &Self) {
        let [before, now, there] = [base, ours, theirs].map(others);
        let is_ours = |name: &str| {
            let [before, now, there] =
                [&before, &now, &there].map(|side| side.get(name).map(|(_, value)| *value));
            is_same_value(before, there) && !is_same_value(now, there)
        };
        let changes: HashMap<_, _> = there
            .keys()
            .filter(|name| is_ours(name))
            .map(|name| (name.clone(), now.get(name).map(|(_, value)| *value)))
            .collect();
        let added = ours.document.others().filter(|(key, value)| {
            let name = name(key);
            // The last one of a name.
            let is_it = now.get(&name).is_some_and(|(_, last)| std::ptr::eq(*last, *value));
            is_it && !there.contains_key(&name) && is_ours(&name)
        });
        for (key, value) in added {
            self.document.add_other(key, value);
            self.changed = true;
        }
        if !changes.is_empty() {
            self.document.change_others(&changes);
            self.changed = true;
        }
    }
}

type Others<'a> = HashMap<Cow<'a, str>, (&'a str, &'a str)>;

fn others(cache: &TokenCache) -> Others<'_> {
    cache.document.others().map(|(key, value)| (name(key), (key, value))).collect()
}

/// One entry out of two that were both changed: the newer token, with the unknown fields of both.
fn combined(section: Section, before: Option<&str>, ours: &str, theirs: &str) -> SecretBytes {
    let is_theirs = is_theirs_newer(section, before, ours, theirs);
    let (winner, loser) = if is_theirs { (theirs, ours) } else { (ours, theirs) };
    let [was, has, other] = [before.unwrap_or_default(), winner, loser].map(Fields::of);
    // What the winner left alone or never had is the loser's to say; what the winner removed stays removed.
    let is_of_loser = |name: &str| {
        let [was, has, other] = [&was, &has, &other].map(|fields| fields.get(name));
        !OF_A_TOKEN.contains(&name)
            && other.is_some()
            && !is_same_value(was, other)
            && is_same_value(was, has)
    };
    let mut object = Object::with_capacity(winner.len() + loser.len());
    for (key, value) in has.in_order(winner) {
        let name = name(key);
        let taken = other.get(&name).filter(|_| is_of_loser(&name));
        object.raw(key, taken.unwrap_or(value));
    }
    for (key, value) in other.in_order(loser) {
        let name = name(key);
        if has.get(&name).is_none() && is_of_loser(&name) {
            object.raw(key, value);
        }
    }
    object.end()
}

/// Which token to keep: the one that is not the old one, else the one that was got later, else ours.
fn is_theirs_newer(section: Section, before: Option<&str>, ours: &str, theirs: &str) -> bool {
    let is_old = |value: &str| before.is_some_and(|before| is_same_token(section, before, value));
    match (is_old(ours), is_old(theirs)) {
        (true, false) => true,
        (false, true) => false,
        _ => age(theirs) > age(ours),
    }
}

/// When a token was got, as far as its entry tells.
fn age(token: &str) -> (u64, u64) {
    let raw = Raw { key: "", value: token };
    let got = ["last_modification_time", "cached_at"].into_iter().find_map(|time| raw.seconds(time));
    (got.unwrap_or(0), raw.seconds("expires_on").unwrap_or(0))
}
