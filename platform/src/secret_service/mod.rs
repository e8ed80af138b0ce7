//! The freedesktop.org [Secret Service](https://specifications.freedesktop.org/secret-service/): the keyring of a
//! Linux desktop (GNOME Keyring, KWallet, KeePassXC).
//!
//! It is reached through libsecret, which is opened at run time: where it is not installed, every function answers
//! [`KeychainError::Unavailable`]. A locked collection is never mistaken for an empty one, and no function waits beyond
//! its deadline.
//!
//! Who shares an item with programs that use libsecret must know what these do: they look in every collection, for items
//! that have *at least* the attributes asked for, and take the first that the service names (GNOME Keyring: the newest,
//! by the second); they store in one collection, in place of an item there that has these attributes (for GNOME Keyring
//! again *at least* these: it lets them replace an item of somebody else); and the schema name is an attribute too,
//! `xdg:schema`.
//!
//! The connection to the service is kept for the next call, and replaced when the service or the bus was restarted.

use std::{fmt, time::Instant};

use zeroize::Zeroizing;

use crate::KeychainError;
pub use crate::Prompt;

#[cfg(target_os = "linux")]
mod libsecret;
#[cfg(not(target_os = "linux"))]
mod unsupported;

#[cfg(target_os = "linux")]
use libsecret as system;
#[cfg(not(target_os = "linux"))]
use unsupported as system;

/// How long a call may take, and whether it may ask a person.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// When to give up with [`KeychainError::TimedOut`].
    pub deadline: Instant,
    /// Whether it may ask a person to unlock the keyring.
    pub prompt: Prompt,
}

/// Which item is meant.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "where there is no service, nobody looks for it")
)]
pub struct Item<'a> {
    schema: &'a str,
    attributes: &'a [(&'a str, &'a str)],
    label: &'a str,
    collection: &'a str,
    matching: Matching,
}

/// Which of the items that there are is an [`Item`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Those with its schema name and its attributes, whatever else they have.
    SchemaAndAttributes,
    /// Those with its attributes, whatever schema name and whatever else they have (`SECRET_SCHEMA_DONT_MATCH_NAME`).
    Attributes,
    /// Those with its schema name and its attributes and no others.
    Exactly,
}

impl<'a> Item<'a> {
    /// The item with this schema name and these attributes, in the default collection. It is stored with exactly them
    /// (the schema name is the attribute `xdg:schema`), and [found](Matching::SchemaAndAttributes) by them. The label is
    /// what a person sees; it identifies nothing.
    #[must_use]
    pub const fn new(schema: &'a str, attributes: &'a [(&'a str, &'a str)], label: &'a str) -> Self {
        let matching = Matching::SchemaAndAttributes;
        Self { schema, attributes, label, collection: "default", matching }
    }

    /// The same, stored in this collection: the name of an alias (`default`, `session`), or an object path. Items are
    /// looked for in every collection.
    #[must_use]
    pub const fn in_collection(self, collection: &'a str) -> Self {
        Self { collection, ..self }
    }

    /// The same, found in another way.
    #[must_use]
    pub const fn matching(self, matching: Matching) -> Self {
        Self { matching, ..self }
    }
}

/// What a lookup found.
pub struct Found {
    /// What the item holds.
    pub secret: Zeroizing<Vec<u8>>,
    /// Of which type the service says it is; empty if it does not say.
    pub content_type: String,
    /// How many items matched, this one included. Locked ones count.
    pub matches: usize,
    /// The object path of the item, by which it can be told from others.
    pub path: String,
}

impl Found {
    /// Whether it is text. Programs that use libsecret are not given anything else, as if there was no item; the
    /// parameters of a type, as in `text/plain; charset=utf-8`, are not looked at here, while libsecret knows none.
    #[must_use]
    pub fn is_text(&self) -> bool {
        match self.content_type.split(';').next().unwrap_or_default().trim() {
            "text/plain" => true,
            // So GNOME Keyring and others once called every secret.
            "" | "application/octet-stream" => std::str::from_utf8(&self.secret).is_ok(),
            _ => false,
        }
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("content_type", &self.content_type)
            .field("matches", &self.matches)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Whether this can name a collection: an alias, or an object path.
#[must_use]
pub fn is_collection(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    name.strip_prefix('/').map_or_else(|| is_part(name), |path| path.split('/').all(is_part))
}

/// Whether there is a service with the collection of this item, without storing anything and without asking a person.
///
/// A locked collection is fine if the call may ask a person and there is a program to ask with.
///
/// # Errors
///
/// [`KeychainError::Unavailable`] says what is missing: the library, the session bus, the service, the collection.
/// [`KeychainError::Locked`] and [`KeychainError::TimedOut`] as for the other functions.
pub fn probe(item: &Item<'_>, call: &Call) -> Result<(), KeychainError> {
    system::probe(item, call)
}

/// What the item holds, or `None` if there is no such item. Of several that are not locked, the one that the service
/// names first.
///
/// # Errors
///
/// Why it cannot tell. A locked item or collection is [`KeychainError::Locked`], or [`KeychainError::Dismissed`] if a
/// person was asked and declined.
pub fn lookup(item: &Item<'_>, call: &Call) -> Result<Option<Found>, KeychainError> {
    system::lookup(item, call)
}

/// Store the text in the collection of the item, in place of one there that matches.
///
/// # Errors
///
/// Why it was not stored. After [`KeychainError::TimedOut`] it may have been.
pub fn store(item: &Item<'_>, text: &str, call: &Call) -> Result<(), KeychainError> {
    system::store(item, text, call)
}

/// Store the text in exactly this item in its collection, and leave any other as it is. The item keeps the label that it
/// has.
///
/// Whether a [`lookup`] finds it: `false` if there is another item that matches, perhaps in another collection, which
/// the service names before it. GNOME Keyring may do so with one that was stored in the same second.
///
/// # Errors
///
/// As [`store`].
pub fn store_shared(item: &Item<'_>, text: &str, call: &Call) -> Result<bool, KeychainError> {
    system::store_shared(item, text, call)
}

/// Remove the item from every collection, and whether there was one. If several match, all are removed; a program that
/// shares items with others wants only those that match [`Exactly`](Matching::Exactly).
///
/// # Errors
///
/// Why it was not removed. After [`KeychainError::TimedOut`] it may have been.
pub fn remove(item: &Item<'_>, call: &Call) -> Result<bool, KeychainError> {
    system::remove(item, call)
}

/// Give the item, and any other that matches, the schema name, the attributes and the label of another: what it holds
/// stays as it is, and where it is. How many there were.
///
/// # Errors
///
/// Why it was not renamed. After [`KeychainError::TimedOut`] it may have been.
pub fn rename(item: &Item<'_>, to: &Item<'_>, call: &Call) -> Result<usize, KeychainError> {
    system::rename(item, to, call)
}
