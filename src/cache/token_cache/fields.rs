//! The fields by which entries are told apart, read in one pass over an entry, and the keys of the index made of them.

use std::{borrow::Cow, hash::Hasher};

use foldhash::quality::FoldHasher;

use super::{
    document::Section,
    environment, extended_key,
    text::{Members, identifier, name},
};

/// What identifies an entry. Absent, null and empty mean the same to every reader.
#[derive(Debug, Default)]
pub(super) struct Identity<'a> {
    pub(super) home_account_id: Cow<'a, str>,
    pub(super) environment: Cow<'a, str>,
    pub(super) client_id: Cow<'a, str>,
    pub(super) realm: Cow<'a, str>,
    pub(super) target: Cow<'a, str>,
    pub(super) family_id: Cow<'a, str>,
    pub(super) token_type: Cow<'a, str>,
    pub(super) key_id: Cow<'a, str>,
    /// Of the extra parameters that an access token was asked for with; empty if there were none.
    pub(super) extended_key: Cow<'a, str>,
}

impl<'a> Identity<'a> {
    pub(super) fn of(entry: &'a str) -> Self {
        Self::read(entry, 0).0
    }

    /// That of the entry that begins here; where the entry ends, and whether there is whitespace between its tokens.
    pub(super) fn read(text: &'a str, start: usize) -> (Self, (usize, bool)) {
        let (mut identity, mut members) = (Self::default(), Members::of(text, start));
        for member in members.by_ref() {
            identity.take(&text[member.key], &text[member.value]);
        }
        (identity, members.end())
    }

    /// Take a member in, given its key with the quotes. Of several with one name the last one counts, as for every
    /// reader of JSON.
    fn take(&mut self, key: &str, value: &'a str) {
        let written = key.trim_matches('"');
        // Nobody writes these names with escapes, which is no reason to overlook an entry at a sign-out.
        if !self.take_named(written, value) && written.contains('\\') {
            self.take_named(&name(key), value);
        }
    }

    /// Tells whether it is one of ours.
    fn take_named(&mut self, name: &str, value: &'a str) -> bool {
        let field = match name {
            "home_account_id" => &mut self.home_account_id,
            "environment" => &mut self.environment,
            "client_id" => &mut self.client_id,
            "realm" => &mut self.realm,
            "target" => &mut self.target,
            "family_id" => &mut self.family_id,
            "token_type" => &mut self.token_type,
            _ => return self.take_by_other_names(name, value),
        };
        *field = identifier(value);
        true
    }

    /// What each SDK has its own spelling for. An entry that several have written may have more than one, some of them
    /// empty.
    fn take_by_other_names(&mut self, name: &str, value: &'a str) -> bool {
        let (field, said) = match name {
            "key_id" | "kid" | "keyid" => (&mut self.key_id, identifier(value)),
            "ext_cache_key" => (&mut self.extended_key, identifier(value)),
            // .NET and Node keep the parameters instead of their hash.
            "ext" | "additionalCacheKeyComponents" if self.extended_key.is_empty() => {
                (&mut self.extended_key, Cow::Owned(extended_key::of_object(value)))
            }
            _ => return false,
        };
        if !said.is_empty() {
            *field = said;
        }
        true
    }

    /// Whether it is a token that is sent as it is, without a proof of possession.
    pub(super) fn is_bearer(&self) -> bool {
        self.token_type.is_empty() || self.token_type.eq_ignore_ascii_case("bearer")
    }

    pub(super) fn has_scopes(&self, wanted: &[impl AsRef<str>]) -> bool {
        wanted.iter().all(|wanted| self.scopes().any(|scope| scope.eq_ignore_ascii_case(wanted.as_ref())))
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.target.split_ascii_whitespace()
    }
}

/// Makes the keys of an index: keyed hashes of fields in lower case. Entries under one key may belong together, and are
/// then compared field by field.
#[derive(Clone)]
pub(super) struct Keys {
    hasher: FoldHasher,
    joined: Vec<u8>,
}

impl Keys {
    pub(super) const fn new(hasher: FoldHasher) -> Self {
        Self { hasher, joined: Vec::new() }
    }

    pub(super) fn access_token(&mut self, identity: &Identity<'_>, scope: &str) -> u64 {
        let prefix = self.of_access_tokens(identity);
        self.of_scope(prefix, scope)
    }

    /// All but the scope, which there may be many of.
    fn of_access_tokens(&mut self, identity: &Identity<'_>) -> FoldHasher {
        self.join(
            b'a',
            &[
                &identity.home_account_id,
                &environment::canonical(&identity.environment),
                &identity.client_id,
                &identity.realm,
                &identity.extended_key,
            ],
        )
    }

    fn of_scope(&mut self, mut prefix: FoldHasher, scope: &str) -> u64 {
        self.joined.clear();
        self.push(scope);
        prefix.write(&self.joined);
        prefix.finish()
    }

    pub(super) fn refresh_token(&mut self, home_account_id: &str, environment: &str) -> u64 {
        self.join(b'r', &[home_account_id, &environment::canonical(environment)]).finish()
    }

    pub(super) fn id_token(&mut self, home_account_id: &str, environment: &str, client_id: &str) -> u64 {
        self.join(b'i', &[home_account_id, &environment::canonical(environment), client_id]).finish()
    }

    pub(super) fn app_metadata(&mut self, environment: &str, client_id: &str) -> u64 {
        self.join(b'm', &[&environment::canonical(environment), client_id]).finish()
    }

    /// All that belongs to an account: its tokens and itself.
    pub(super) fn account(&mut self, home_account_id: &str) -> u64 {
        self.join(b'h', &[home_account_id]).finish()
    }

    /// The key of an entry in its section.
    pub(super) fn key(&mut self, section: Section, key: &str) -> u64 {
        self.join(b'k', &[section.name(), key]).finish()
    }

    fn join(&mut self, kind: u8, parts: &[&str]) -> FoldHasher {
        self.joined.clear();
        self.joined.push(kind);
        for part in parts {
            self.push(part);
        }
        let mut hasher = self.hasher.clone();
        hasher.write(&self.joined);
        hasher
    }

    fn push(&mut self, part: &str) {
        let start = self.joined.len();
        self.joined.extend_from_slice(part.as_bytes());
        self.joined[start..].make_ascii_lowercase();
        // No part contains it.
        self.joined.push(0xff);
    }
}

/// Call this for each key under which an entry is found. Takes time in proportion to the entry, however long its fields
/// and however many its scopes are.
pub(super) fn each_key(
    section: Section,
    identity: &Identity<'_>,
    keys: &mut Keys,
    mut found: impl FnMut(u64),
) {
    let Identity { home_account_id, environment, client_id, .. } = identity;
    match section {
        Section::AccessToken => {
            let prefix = keys.of_access_tokens(identity);
            if identity.scopes().next().is_none() {
                found(keys.of_scope(prefix.clone(), ""));
            }
            for scope in identity.scopes() {
                found(keys.of_scope(prefix.clone(), scope));
            }
        }
        Section::RefreshToken => found(keys.refresh_token(home_account_id, environment)),
        Section::IdToken => found(keys.id_token(home_account_id, environment, client_id)),
        Section::AppMetadata => return found(keys.app_metadata(environment, client_id)),
        Section::Account => {}
    }
    found(keys.account(home_account_id));
}
