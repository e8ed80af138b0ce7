//! [`TokenCache`]: the unified token cache schema of MSAL, lossless and indexed.
//!
//! It is what MSAL calls a serializable token cache: access, refresh and id tokens, accounts and application metadata
//! of any number of people, in the JSON that the Microsoft authentication libraries of Python, .NET, Node, Java and Go
//! read and write. What is not known stays where it was, down to the spelling of numbers.

mod account_id;
mod add;
mod claims;
mod compare;
mod document;
mod edit;
mod entry;
mod environment;
mod extended_key;
mod fields;
mod find;
mod import;
mod index;
mod merge;
mod remove;
mod response;
mod sides;
mod text;
mod write;

use std::fmt;

pub use account_id::AccountId;
pub use entry::{AccessToken, Account, AppMetadata, IdToken, RefreshToken, SecretText};
pub use find::{AccessTokenMatch, AccessTokenQuery};
pub use import::{Imported, ImportedEntries};
pub use response::TokenResponse;

#[cfg(feature = "server")]
pub(crate) use claims::client_info;
#[cfg(feature = "server")]
pub(crate) use environment::canonical as canonical_environment;

use self::{
    document::{Document, EntryId, Section},
    entry::Raw,
    fields::{Identity, each_key},
    index::Index,
    text::name,
};
use super::SerializableCache;
use crate::{Result, SecretBytes};

/// The member of an access token that has a hash of the claims it was asked for with.
pub(crate) const CLAIMS: &str = "sealed_cache_claims";

/// A token cache in the unified schema of MSAL.
///
/// Looking is free of side effects, and takes the same time whatever the number of tokens. Entries are told apart by
/// their fields and never by their keys, which each SDK spells in its own way; an entry keeps the key it was found
/// under. What a text holds twice under one name is kept, and for fields of an entry the last one counts.
///
/// # Security
///
/// The text of the cache, with all its tokens, is one buffer that is wiped when the cache is dropped; so is what is
/// added. `Debug` shows counts only.
///
/// # Examples
///
/// ```
/// use sealed_cache::{PersistedCache, persistence::Memory};
/// use sealed_cache::token_cache::{AccessTokenQuery, TokenCache, TokenResponse};
///
/// # let answer = br#"{"access_token":"AT","refresh_token":"RT","id_token":"h.eyJzdWIiOiJzIiwib2lkIjoibyIsInByZWZlcnJlZF91c2VybmFtZSI6ImFAY29udG9zby50ZXN0In0.s",
/// #   "client_info":"eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9","expires_in":3599,"scope":"User.Read"}"#;
/// let tokens = PersistedCache::<TokenCache>::on(Memory::new())?;
///
/// // After a sign-in: `answer` is what the token endpoint sent.
/// let response = TokenResponse::from_json("client-id", answer)?
///     .token_endpoint("https://login.microsoftonline.com/t1/oauth2/v2.0/token")
///     .grant_type("authorization_code");
/// tokens.try_update(|cache| cache.add(&response))?;
///
/// // Before a call:
/// let token = tokens.read(|cache| {
///     let account = cache.accounts().next()?;
///     let wanted = AccessTokenQuery::new("client-id", ["User.Read"]).account(&account);
///     cache.access_token(&wanted).valid().map(|token| token.secret().to_zeroizing())
/// })?;
/// assert_eq!(token.as_deref().map(String::as_str), Some("AT"));
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct TokenCache {
    document: Document,
    index: Index,
    changed: bool,
}

impl TokenCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries it has, of all kinds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.document.entries().count()
    }

    /// Whether it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.document.entries().next().is_none()
    }

    fn reindex(&mut self) {
        self.index = Index::default();
        let entries: Vec<_> = self.document.entries().collect();
        for (id, section) in entries {
            self.add_to_index(section, id);
        }
    }

    fn add_to_index(&mut self, section: Section, id: EntryId) {
        let Some((key, value, _)) = self.document.get(id) else { return };
        let mut keys = self.index.keys();
        let index = &mut self.index;
        index.add(keys.key(section, &name(key)), id);
        each_key(section, &Identity::of(value), &mut keys, |key| index.add(key, id));
    }

    /// The entries of a section under the key of an entry, as text.
    fn under_key(&self, section: Section, key: &str) -> Vec<EntryId> {
        let mut found = self.index.candidates(self.index.keys().key(section, key));
        found.retain(|id| {
            self.document.get(*id).is_some_and(|(found, _, of)| of == section && name(found) == key)
        });
        found
    }

    fn raw(&self, id: EntryId) -> Option<Raw<'_>> {
        let (key, value, _) = self.document.get(id)?;
        Some(Raw { key, value })
    }

    /// The entries of a section under a key of the index that these fields belong to, in order.
    fn found(&self, section: Section, key: u64, is_it: impl Fn(&Identity<'_>) -> bool) -> Vec<EntryId> {
        let mut found = self.index.candidates(key);
        found.retain(|id| {
            self.document.section_of(*id) == Some(section)
                && self.raw(*id).is_some_and(|raw| raw.is_object() && is_it(&raw.identity()))
        });
        found
    }

    /// After removals: forget the numbers of entries that are no more.
    fn tidy(&mut self) {
        if self.document.is_mostly_removed() {
            self.document.renumber();
            self.reindex();
        }
    }
}

impl SerializableCache for TokenCache {
    /// Reads the JSON text of a token cache, as any SDK wrote it: UTF-8, with or without a byte order mark. Nothing at
    /// all is an empty cache. Sections that are there twice are joined, and one that is `null` is an empty one.
    ///
    /// # Errors
    ///
    /// [`InvalidContents`](crate::ErrorKind::InvalidContents), with the line and the reason, if it is not JSON, not an
    /// object, or has a section that is not an object.
    fn deserialize(bytes: SecretBytes) -> Result<Self> {
        let mut index = Index::default();
        let mut keys = index.keys();
        let document = Document::parse(bytes, |id, section, key, identity| {
            index.add(keys.key(section, &name(key)), id);
            each_key(section, identity, &mut keys, |key| index.add(key, id));
        })?;
        Ok(Self { document, index, ..Self::default() })
    }

    /// Compact JSON in ASCII, which every SDK reads. Entries that were not changed are written as they were found, but
    /// for whitespace and escapes.
    fn serialize(&self) -> Result<SecretBytes> {
        Ok(self.document.write())
    }

    fn has_state_changed(&self) -> bool {
        self.changed
    }

    fn set_state_changed(&mut self, changed: bool) {
        self.changed = changed;
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(f)
    }
}
