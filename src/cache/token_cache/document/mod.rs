//! [`Document`]: the JSON text of a token cache as it was read, cut into entries that stay as they were.

mod parse;

use std::{borrow::Cow, collections::HashMap, fmt};

use super::{
    text::{is_compact, name},
    write::{push_compacted, push_string},
};
use crate::{SecretBytes, secret::SecretString};

/// The five sections of the unified schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Section {
    AccessToken,
    RefreshToken,
    IdToken,
    Account,
    AppMetadata,
}

impl Section {
    pub(super) const ALL: [Self; 5] =
        [Self::AccessToken, Self::RefreshToken, Self::IdToken, Self::Account, Self::AppMetadata];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "AccessToken",
            Self::RefreshToken => "RefreshToken",
            Self::IdToken => "IdToken",
            Self::Account => "Account",
            Self::AppMetadata => "AppMetadata",
        }
    }
}

/// The text of a key or value: where it is in the source, or a text of its own.
#[derive(Clone)]
pub(super) enum Text {
    Source { start: u32, end: u32 },
    Own(SecretString),
}

#[derive(Clone)]
struct Entry {
    section: Section,
    /// With its quotes.
    key: Text,
    value: Text,
    /// Whether both can be written as they are.
    is_compact: bool,
}

/// A member of the top-level object.
#[derive(Clone)]
enum TopLevel {
    Section(Section, Vec<EntryId>),
    Other { key: Text, value: Text },
}

/// The number of an entry, in the order in which they were met. It is not used again after a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EntryId(pub(super) u32);

/// What is in the cache: all of it, known or not, in order.
#[derive(Clone, Default)]
pub(super) struct Document {
    source: SecretString,
    members: Vec<TopLevel>,
    /// Where each section is among the members.
    places: [Option<usize>; 5],
    entries: Vec<Option<Entry>>,
    removed: usize,
}

impl Document {
    /// The place of a section among the members, made if there is none.
    fn section(&mut self, section: Section) -> usize {
        *self.places[section as usize].get_or_insert_with(|| {
            self.members.push(TopLevel::Section(section, Vec::new()));
            self.members.len() - 1
        })
    }

    fn append(&mut self, place: usize, entry: Entry) -> EntryId {
        let id = EntryId(u32::try_from(self.entries.len()).expect("fewer entries than bytes"));
        if let TopLevel::Section(_, entries) = &mut self.members[place] {
            entries.push(id);
        }
        self.entries.push(Some(entry));
        id
    }

    /// All entries, in order, with their section.
    pub(super) fn entries(&self) -> impl Iterator<Item = (EntryId, Section)> {
        self.entries.iter().zip(0..).filter_map(|(entry, id)| Some((EntryId(id), entry.as_ref()?.section)))
    }

    /// The entries of one section, in order.
    pub(super) fn entries_of(&self, section: Section) -> impl Iterator<Item = EntryId> {
        let ids = match self.places[section as usize].and_then(|place| self.members.get(place)) {
            Some(TopLevel::Section(_, ids)) => ids.as_slice(),
            _ => &[],
        };
        ids.iter().copied().filter(|id| self.entry(*id).is_some())
    }

    /// The section of an entry: `None` if it was removed.
    pub(super) fn section_of(&self, id: EntryId) -> Option<Section> {
        self.entry(id).map(|entry| entry.section)
    }

    /// Key (with its quotes), value and section of an entry: `None` if it was removed.
    pub(super) fn get(&self, id: EntryId) -> Option<(&str, &str, Section)> {
        let entry = self.entry(id)?;
        Some((self.text(&entry.key), self.text(&entry.value), entry.section))
    }

    /// Members of the top-level object that are not sections: key (with its quotes) and value.
    pub(super) fn others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().filter_map(|member| match member {
            TopLevel::Other { key, value } => Some((self.text(key), self.text(value))),
            TopLevel::Section(..) => None,
        })
    }

    /// Add an entry at the end of its section, under this key.
    pub(super) fn insert(&mut self, section: Section, key: &str, value: SecretBytes) -> EntryId {
        let mut quoted = SecretBytes::with_capacity(key.len() + 2);
        push_string(&mut quoted, key);
        self.insert_raw(section, into_text(quoted), into_text(value))
    }

    /// Add an entry whose key is JSON text, as it was found elsewhere.
    pub(super) fn insert_raw(&mut self, section: Section, key: SecretString, value: SecretString) -> EntryId {
        let place = self.section(section);
        let is_compact = is_compact(&key) && is_compact(&value);
        self.append(place, Entry { section, key: Text::Own(key), value: Text::Own(value), is_compact })
    }

    /// Replace or (with `None`) remove members of the top-level object that are not sections, by their names.
    pub(super) fn change_others(&mut self, changes: &HashMap<Cow<'_, str>, Option<&str>>) {
        for mut member in std::mem::take(&mut self.members) {
            match &mut member {
                TopLevel::Section(section, _) => self.places[*section as usize] = Some(self.members.len()),
                TopLevel::Other { key, value } => match changes.get(&name(self.text(key))) {
                    Some(Some(changed)) => *value = Text::own(changed),
                    Some(None) => continue,
                    None => {}
                },
            }
            self.members.push(member);
        }
    }

    /// Add a member to the top-level object: key (with its quotes) and value.
    pub(super) fn add_other(&mut self, key: &str, value: &str) {
        self.members.push(TopLevel::Other { key: Text::own(key), value: Text::own(value) });
    }

    /// Give an entry another value, under its key.
    pub(super) fn replace(&mut self, id: EntryId, value: SecretBytes) {
        if let Some(Some(entry)) = self.entries.get_mut(id.0 as usize) {
            let value = into_text(value);
            entry.is_compact &= is_compact(&value);
            entry.value = Text::Own(value);
        }
    }

    /// Remove an entry; tells whether it was there.
    pub(super) fn remove(&mut self, id: EntryId) -> bool {
        let removed = self.entries.get_mut(id.0 as usize).and_then(Option::take).is_some();
        self.removed += usize::from(removed);
        removed
    }

    /// Whether so much was removed that it is worth to number the entries anew.
    pub(super) fn is_mostly_removed(&self) -> bool {
        self.removed > 1024 && self.removed > self.entries.len() / 2
    }

    /// Number the entries anew.
    pub(super) fn renumber(&mut self) {
        let mut before = std::mem::take(&mut self.entries);
        self.removed = 0;
        for member in &mut self.members {
            if let TopLevel::Section(_, ids) = member {
                ids.retain_mut(|id| {
                    let Some(entry) = before[id.0 as usize].take() else { return false };
                    *id = EntryId(u32::try_from(self.entries.len()).expect("fewer than before"));
                    self.entries.push(Some(entry));
                    true
                });
            }
        }
    }

    /// The whole cache as JSON text: compact, ASCII only.
    pub(super) fn write(&self) -> SecretBytes {
        let mut out = SecretBytes::with_capacity(self.source.len() + 1024);
        out.extend_from_slice(b"{");
        for (number, member) in self.members.iter().enumerate() {
            if number > 0 {
                out.extend_from_slice(b",");
            }
            match member {
                TopLevel::Section(section, ids) => self.write_section(&mut out, *section, ids),
                TopLevel::Other { key, value } => self.write_pair(&mut out, key, value, false),
            }
        }
        out.extend_from_slice(b"}");
        out
    }

    fn write_section(&self, out: &mut SecretBytes, section: Section, ids: &[EntryId]) {
        push_string(out, section.name());
        out.extend_from_slice(b":{");
        for (number, entry) in ids.iter().filter_map(|id| self.entry(*id)).enumerate() {
            if number > 0 {
                out.extend_from_slice(b",");
            }
            self.write_pair(out, &entry.key, &entry.value, entry.is_compact);
        }
        out.extend_from_slice(b"}");
    }

    fn write_pair(&self, out: &mut SecretBytes, key: &Text, value: &Text, is_compact: bool) {
        let push = if is_compact {
            |out: &mut SecretBytes, text: &str| out.extend_from_slice(text.as_bytes())
        } else {
            push_compacted
        };
        push(out, self.text(key));
        out.extend_from_slice(b":");
        push(out, self.text(value));
    }

    fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)?.as_ref()
    }

    fn text<'a>(&'a self, text: &'a Text) -> &'a str {
        match text {
            Text::Source { start, end } => {
                self.source.get(*start as usize..*end as usize).unwrap_or_default()
            }
            Text::Own(own) => own,
        }
    }
}

impl Text {
    fn own(text: &str) -> Self {
        Self::Own(text.into())
    }
}

/// JSON text that we wrote ourselves.
fn into_text(bytes: SecretBytes) -> SecretString {
    bytes.into_text().unwrap_or_default()
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = f.debug_struct("TokenCache");
        for section in Section::ALL {
            counts.field(section.name(), &self.entries_of(section).count());
        }
        counts.field("other_members", &self.others().count()).finish()
    }
}
