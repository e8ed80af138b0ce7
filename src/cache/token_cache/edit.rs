//! [`Edit`]: a new text for an entry: what changes is set, everything else stays where and as it was.

use super::{
    text::{Members, name},
    write::push_string,
};
use crate::SecretBytes;

/// Changes to the members of an entry.
#[derive(Default)]
pub(super) struct Edit<'a> {
    changes: Vec<(&'a str, Change<'a>)>,
}

#[derive(Clone, Copy)]
enum Change<'a> {
    Set(&'a str),
    Remove,
    /// Another SDK's spelling of a field: kept true where it is, not added where it is not.
    SetIfPresent(&'a str),
    SetIfAbsent(&'a str),
    NullIfAbsent,
}

impl<'a> Edit<'a> {
    pub(super) fn set(&mut self, name: &'a str, value: &'a str) -> &mut Self {
        self.push(name, Change::Set(value))
    }

    pub(super) fn null_if_absent(&mut self, name: &'a str) -> &mut Self {
        self.push(name, Change::NullIfAbsent)
    }

    /// Set it, or remove it where there is no value.
    pub(super) fn set_or_remove(&mut self, name: &'a str, value: Option<&'a str>) -> &mut Self {
        self.push(name, value.map_or(Change::Remove, Change::Set))
    }

    pub(super) fn set_if_present(&mut self, name: &'a str, value: &'a str) -> &mut Self {
        self.push(name, Change::SetIfPresent(value))
    }

    pub(super) fn set_if_absent(&mut self, name: &'a str, value: &'a str) -> &mut Self {
        self.push(name, Change::SetIfAbsent(value))
    }

    fn push(&mut self, name: &'a str, change: Change<'a>) -> &mut Self {
        self.changes.push((name, change));
        self
    }

    /// The new text of an entry that has this text now, or does not exist.
    pub(super) fn apply(&self, before: Option<&str>) -> SecretBytes {
        let room = before.map_or(0, str::len) + self.changes.iter().map(Self::room).sum::<usize>();
        let mut object = Object::with_capacity(room + 2);
        let before = before.unwrap_or_default();
        let mut left = self.occurrences(before);
        let done: Vec<_> = left.iter().map(|left| *left > 0).collect();
        for (key, value) in Members::of(before, 0).texts() {
            match self.change_of(key) {
                None => object.raw(key, value),
                Some(number) => {
                    left[number] -= 1;
                    // Of several with one name the last one is what readers believe: the others go.
                    if left[number] == 0 {
                        object.changed(key, value, self.changes[number].1);
                    }
                }
            }
        }
        for ((name, change), done) in self.changes.iter().zip(done) {
            match change {
                Change::Set(value) | Change::SetIfAbsent(value) if !done => object.text(name, value),
                Change::NullIfAbsent if !done => object.null(name),
                _ => {}
            }
        }
        object.end()
    }

    /// How often the name of each change is in the entry.
    fn occurrences(&self, before: &str) -> Vec<usize> {
        let mut counts = vec![0; self.changes.len()];
        for number in Members::of(before, 0).texts().filter_map(|(key, _)| self.change_of(key)) {
            counts[number] += 1;
        }
        counts
    }

    fn change_of(&self, key: &str) -> Option<usize> {
        let name = name(key);
        self.changes.iter().position(|(changed, _)| *changed == name)
    }

    fn room(change: &(&str, Change<'_>)) -> usize {
        let value = match change.1 {
            Change::Set(value) | Change::SetIfPresent(value) | Change::SetIfAbsent(value) => value.len(),
            Change::Remove | Change::NullIfAbsent => 4,
        };
        change.0.len() + value + 6
    }
}

/// A JSON object that is being written.
pub(super) struct Object(SecretBytes);

impl Object {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut out = SecretBytes::with_capacity(bytes);
        out.extend_from_slice(b"{");
        Self(out)
    }

    fn changed(&mut self, key: &str, value: &str, change: Change<'_>) {
        match change {
            Change::Set(new) | Change::SetIfPresent(new) => {
                self.key(key);
                push_string(&mut self.0, new);
            }
            // To every reader of the family, null is absent.
            Change::SetIfAbsent(new) if value == "null" => {
                self.key(key);
                push_string(&mut self.0, new);
            }
            Change::SetIfAbsent(_) | Change::NullIfAbsent => self.raw(key, value),
            Change::Remove => {}
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        push_string(&mut self.0, value);
    }

    fn null(&mut self, name: &str) {
        self.name(name);
        self.0.extend_from_slice(b"null");
    }

    /// A member whose key (with its quotes) and value are JSON text.
    pub(super) fn raw(&mut self, key: &str, value: &str) {
        self.key(key);
        self.0.extend_from_slice(value.as_bytes());
    }

    fn name(&mut self, name: &str) {
        self.comma();
        push_string(&mut self.0, name);
        self.0.extend_from_slice(b":");
    }

    /// A key with its quotes.
    fn key(&mut self, key: &str) {
        self.comma();
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b":");
    }

    fn comma(&mut self) {
        if self.0.len() > 1 {
            self.0.extend_from_slice(b",");
        }
    }

    pub(super) fn end(mut self) -> SecretBytes {
        self.0.extend_from_slice(b"}");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(edit: &Edit<'_>, before: Option<&str>) -> String {
        String::from_utf8(edit.apply(before).to_vec()).expect("UTF-8")
    }

    #[test]
    fn what_is_not_changed_stays_where_and_as_it_was() {
        let mut edit = Edit::default();
        edit.set("secret", "n\"w").set_or_remove("refresh_on", None).set_if_present("kid", "k");
        edit.set_if_absent("target", "new").null_if_absent("home");
        let before = r#"{"x":[1, {"y":2}],"secret":"old","refresh_on":"7","target":"old","z":1.50}"#;
        assert_eq!(
            edited(&edit, Some(before)),
            r#"{"x":[1, {"y":2}],"secret":"n\"w","target":"old","z":1.50,"home":null}"#
        );
        assert_eq!(edited(&edit, None), r#"{"secret":"n\"w","target":"new","home":null}"#);
    }

    #[test]
    fn a_name_that_is_there_twice_is_there_once_afterwards() {
        let mut edit = Edit::default();
        edit.set("secret", "new");
        edit.set_if_absent("realm", "new");
        assert_eq!(
            edited(&edit, Some(r#"{"secret":"a","realm":"a","b":1,"secret":"c","re\u0061lm":"b"}"#)),
            r#"{"b":1,"secret":"new","re\u0061lm":"b"}"#
        );
    }
}
