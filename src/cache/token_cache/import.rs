//! Importing: everything of another cache, beside what is here.

use std::fmt;

use super::{TokenCache, compare::is_same, document::Section, text::name};

/// What an import brings, or would bring. Its text is a sentence for people, without a secret or a name.
///
/// ```
/// use sealed_cache::token_cache::TokenCache;
/// let imported = TokenCache::new().import(&TokenCache::new());
/// assert_eq!(imported.to_string(), "nothing new");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Of access tokens.
    pub access_tokens: ImportedEntries,
    /// Of refresh tokens.
    pub refresh_tokens: ImportedEntries,
    /// Of id tokens.
    pub id_tokens: ImportedEntries,
    /// Of accounts.
    pub accounts: ImportedEntries,
    /// Of the metadata of applications.
    pub app_metadata: ImportedEntries,
}

/// How many entries of one kind an import adds or changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportedEntries {
    /// Those that were not there.
    pub added: usize,
    /// Those that were there and are another now: a newer token, or a field that was not known here.
    pub updated: usize,
}

impl TokenCache {
    /// Take over everything from another cache. Nothing that is here is lost: of a token that both have, the newer one
    /// counts, with the unknown fields of both; keys and order stay as they are here, and what is new comes last.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::{SecretBytes, SerializableCache, token_cache::TokenCache};
    ///
    /// let cache = |text: &str| TokenCache::deserialize(SecretBytes::from(text.as_bytes()));
    /// let mut ours = cache(r#"{"RefreshToken":{"a":{"secret":"1"}}}"#)?;
    /// let theirs = cache(r#"{"RefreshToken":{"b":{"secret":"2"}},"Account":{"c":{"username":"d"}}}"#)?;
    /// let imported = ours.import(&theirs);
    /// assert_eq!(imported.to_string(), "1 refresh token and 1 account added");
    /// assert_eq!(ours.len(), 3);
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn import(&mut self, from: &Self) -> Imported {
        let merged = from.merge(&Self::new(), self);
        let imported = Imported::between(self, &merged);
        let was_changed = self.changed;
        *self = merged;
        self.changed |= was_changed;
        imported
    }
}

impl Imported {
    fn between(before: &TokenCache, after: &TokenCache) -> Self {
        let mut imported = Self::default();
        for (id, section) in after.document.entries() {
            let Some((key, value, _)) = after.document.get(id) else { continue };
            let there = before.under_key(section, &name(key));
            let entries = imported.of(section);
            if there.is_empty() {
                entries.added += 1;
            } else if !there.iter().filter_map(|id| before.raw(*id)).any(|raw| is_same(raw.value, value)) {
                entries.updated += 1;
            }
        }
        imported
    }

    const fn of(&mut self, section: Section) -> &mut ImportedEntries {
        match section {
            Section::AccessToken => &mut self.access_tokens,
            Section::RefreshToken => &mut self.refresh_tokens,
            Section::IdToken => &mut self.id_tokens,
            Section::Account => &mut self.accounts,
            Section::AppMetadata => &mut self.app_metadata,
        }
    }

    /// Whether it brings nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.access_tokens, "access token"),
            (self.refresh_tokens, "refresh token"),
            (self.id_tokens, "id token"),
            (self.accounts, "account"),
            (self.app_metadata, "application metadata"),
        ];
        let list = |what: &str, count: fn(&ImportedEntries) -> usize| {
            let counted = kinds.iter().map(|(entries, kind)| (count(entries), *kind));
            let texts: Vec<_> = counted.filter(|(count, _)| *count > 0).map(counted_text).collect();
            (!texts.is_empty()).then(|| format!("{} {what}", joined(&texts)))
        };
        let parts = [list("added", |entries| entries.added), list("updated", |entries| entries.updated)];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        f.write_str(&if parts.is_empty() { "nothing new".to_owned() } else { parts.join("; ") })
    }
}

fn counted_text((count, kind): (usize, &str)) -> String {
    let ending = if count == 1 || kind.ends_with("metadata") { "" } else { "s" };
    format!("{count} {kind}{ending}")
}

fn joined(texts: &[String]) -> String {
    match texts {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        texts => texts.concat(),
    }
}
