//! [`Sides`]: the three caches of a merge, and which entries of theirs are the same as ours.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    TokenCache,
    compare::is_same_token,
    document::{EntryId, Section},
    entry::Raw,
    environment,
    fields::Identity,
    text::name,
};

/// An entry where it is.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    pub(super) section: Section,
    pub(super) id: EntryId,
    pub(super) raw: Raw<'a>,
    place: Place<'a>,
}

type Place<'a> = (Section, Cow<'a, str>);

/// One of the three caches.
pub(super) struct Side<'a> {
    entries: Vec<Entry<'a>>,
    by_place: HashMap<Place<'a>, usize>,
}

impl<'a> Side<'a> {
    fn of(cache: &'a TokenCache) -> Self {
        let entries: Vec<_> = cache
            .document
            .entries()
            .filter_map(|(id, section)| {
                let raw = cache.raw(id)?;
                Some(Entry { section, id, raw, place: (section, name(raw.key)) })
            })
            .collect();
        let by_place = entries.iter().zip(0..).map(|(entry, number)| (entry.place.clone(), number)).collect();
        Self { entries, by_place }
    }

    /// In order; of several with the same key the last one.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(|entry| self.get(entry).is_some_and(|last| last.id == entry.id))
    }

    /// These entries, and those before them with the same keys.
    pub(super) fn under_their_keys(&self, last: &HashSet<EntryId>) -> impl Iterator<Item = EntryId> {
        let is_one = |entry: &&Entry<'_>| self.get(entry).is_some_and(|found| last.contains(&found.id));
        self.entries.iter().filter(is_one).map(|entry| entry.id)
    }

    /// The entry under the key that this one has on another side.
    pub(super) fn get(&self, entry: &Entry<'_>) -> Option<&Entry<'a>> {
        self.by_place.get(&entry.place).map(|number| &self.entries[*number])
    }

    fn accounts(&self) -> HashSet<Who> {
        let accounts = self.entries().filter(|entry| entry.section == Section::Account);
        accounts.filter_map(|entry| who(&entry.raw.identity())).collect()
    }
}

/// An account in its cloud.
type Who = (String, String);

fn who(identity: &Identity<'_>) -> Option<Who> {
    let home = identity.home_account_id.to_ascii_lowercase();
    (!home.is_empty()).then(|| (home, environment::canonical(&identity.environment).into_owned()))
}

/// What we began with, what we have, and what is stored now.
pub(super) struct Sides<'a> {
    pub(super) base: Side<'a>,
    pub(super) ours: Side<'a>,
    pub(super) theirs: Side<'a>,
    /// Accounts that had an entry in the base and have none there, or here.
    gone_there: HashSet<Who>,
    gone_here: HashSet<Who>,
    moved: Moved<'a>,
}

/// What peers may have put under other keys, by what identifies it.
#[derive(Default)]
struct Moved<'a> {
    /// Theirs, under keys that we never had.
    theirs: HashMap<Vec<u8>, Vec<EntryId>>,
    /// Those of ours whose keys they have no more.
    ours: HashSet<Vec<u8>>,
    /// The same of the base.
    base: HashMap<Vec<u8>, Vec<Raw<'a>>>,
}

impl<'a> Sides<'a> {
    pub(super) fn of(base: &'a TokenCache, ours: &'a TokenCache, theirs: &'a TokenCache) -> Self {
        let [base, ours, theirs] = [base, ours, theirs].map(Side::of);
        let before = base.accounts();
        let [gone_there, gone_here] =
            [&theirs, &ours].map(|side| before.difference(&side.accounts()).cloned().collect());
        let moved = Moved::between(&base, &ours, &theirs);
        Self { base, ours, theirs, gone_there, gone_here, moved }
    }

    pub(super) fn was_account_removed_there(&self, entry: &Entry<'_>) -> bool {
        is_one_of(&self.gone_there, entry)
    }

    /// Whether we removed this entry of theirs: it is not ours any more, and they have it as it was, or we removed its
    /// account.
    pub(super) fn was_removed_here(&self, theirs: &Entry<'_>) -> bool {
        if self.ours.get(theirs).is_some() {
            return false;
        }
        let is_same = |before: &Raw<'_>| is_same_token(theirs.section, before.value, theirs.raw.value);
        let was_there = match self.base.get(theirs) {
            Some(before) => is_same(&before.raw),
            None => {
                let identity = self.moved.identity(theirs);
                if identity.as_ref().is_some_and(|identity| self.moved.ours.contains(identity)) {
                    return false;
                }
                let before = identity.and_then(|identity| self.moved.base.get(&identity));
                before.is_some_and(|before| before.iter().any(is_same))
            }
        };
        was_there || is_one_of(&self.gone_here, theirs)
    }

    /// Which of theirs are this entry of ours: the one under its key, else those of its identity under keys that are
    /// new.
    pub(super) fn theirs_of(&self, ours: &Entry<'_>) -> Vec<EntryId> {
        match self.theirs.get(ours) {
            Some(theirs) => vec![theirs.id],
            None => {
                let moved = self.moved.identity(ours).and_then(|identity| self.moved.theirs.get(&identity));
                moved.cloned().unwrap_or_default()
            }
        }
    }
}

fn is_one_of(accounts: &HashSet<Who>, entry: &Entry<'_>) -> bool {
    !accounts.is_empty() && who(&entry.raw.identity()).is_some_and(|who| accounts.contains(&who))
}

impl<'a> Moved<'a> {
    fn between(base: &Side<'a>, ours: &Side<'a>, theirs: &Side<'a>) -> Self {
        let mut moved = Self::default();
        for entry in theirs.entries().filter(|entry| base.get(entry).is_none() && ours.get(entry).is_none()) {
            if let Some(identity) = identity(entry) {
                moved.theirs.entry(identity).or_default().push(entry.id);
            }
        }
        // Most merges end here.
        if moved.theirs.is_empty() {
            return moved;
        }
        moved.ours =
            ours.entries().filter(|entry| theirs.get(entry).is_none()).filter_map(identity).collect();
        for entry in base.entries().filter(|entry| theirs.get(entry).is_none()) {
            if let Some(identity) = identity(entry) {
                moved.base.entry(identity).or_default().push(entry.raw);
            }
        }
        moved
    }

    /// What identifies an entry, where that can make a difference.
    fn identity(&self, entry: &Entry<'_>) -> Option<Vec<u8>> {
        if self.theirs.is_empty() { None } else { identity(entry) }
    }
}

/// All that identifies an entry. What is no object, or says nothing of itself, is known by its key only.
fn identity(entry: &Entry<'_>) -> Option<Vec<u8>> {
    let identity = entry.raw.identity();
    let mut scopes: Vec<_> = identity.scopes().map(str::to_ascii_lowercase).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let token_type =
        if identity.is_bearer() { String::new() } else { identity.token_type.to_ascii_lowercase() };
    let parts: [&str; 10] = [
        entry.section.name(),
        &identity.home_account_id,
        &environment::canonical(&identity.environment),
        &identity.client_id,
        &identity.realm,
        &identity.family_id,
        &token_type,
        &identity.key_id,
        &identity.extended_key,
        &scopes.join(" "),
    ];
    let is_known = parts[1..].iter().any(|part| !part.is_empty());
    // No text contains this byte.
    is_known.then(|| parts.map(str::as_bytes).join(&0xff))
}
