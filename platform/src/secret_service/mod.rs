//! The freedesktop.org [Secret Service](https://specifications.freedesktop.org/secret-service/): the keyring of a
//! Linux desktop (GNOME Keyring, KWallet, KeePassXC).
//!
//! It is reached through libsecret, which is opened at run time: where it is not installed, every function answers
//! [`KeychainError::Unavailable`]. Items lie in the default collection. A locked collection is never mistaken for an
//! empty one, and no function waits beyond its deadline.
//!
//! The connection to the service is kept for the next call, and replaced when the service or the bus was restarted.

use std::time::Instant;

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
}

impl<'a> Item<'a> {
    /// The item with this schema name and these attributes. It is found by them, and stored with exactly them (the
    /// schema name is the attribute `xdg:schema`). The label is what a person sees; it identifies nothing.
    #[must_use]
    pub const fn new(schema: &'a str, attributes: &'a [(&'a str, &'a str)], label: &'a str) -> Self {
        Self { schema, attributes, label }
    }
}

/// Whether there is a service with a default collection, without storing anything and without asking a person.
///
/// A locked collection is fine if the call may ask a person and there is a program to ask with.
///
/// # Errors
///
/// [`KeychainError::Unavailable`] says what is missing: the library, the session bus, the service, the collection.
/// [`KeychainError::Locked`] and [`KeychainError::TimedOut`] as for the other functions.
pub fn probe(call: &Call) -> Result<(), KeychainError> {
    system::probe(call)
}

/// The text of the item, or `None` if there is no such item. Of several, the one that the service names first.
///
/// # Errors
///
/// Why it cannot tell. A locked item or collection is [`KeychainError::Locked`], or [`KeychainError::Dismissed`] if a
/// person was asked and declined.
pub fn lookup(item: &Item<'_>, call: &Call) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    system::lookup(item, call)
}

/// Store the text in the default collection, in place of the one before if the item exists.
///
/// # Errors
///
/// Why it was not stored. After [`KeychainError::TimedOut`] it may have been.
pub fn store(item: &Item<'_>, text: &str, call: &Call) -> Result<(), KeychainError> {
    system::store(item, text, call)
}

/// Remove the item, and whether there was one. If several match, all are removed.
///
/// # Errors
///
/// Why it was not removed. After [`KeychainError::TimedOut`] it may have been.
pub fn remove(item: &Item<'_>, call: &Call) -> Result<bool, KeychainError> {
    system::remove(item, call)
}
