//! The Keychain of macOS: one generic password in the user's default keychain, which is usually the login keychain.
//!
//! Calls are made one after the other, as Apple asks. They have no deadline of their own: a call that shows a dialog
//! returns when a person has answered it.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(target_os = "macos", test))]
mod status;
#[cfg(any(target_os = "macos", test))]
mod store;
#[cfg(not(target_os = "macos"))]
mod unsupported;

#[cfg(target_os = "macos")]
use macos as system;
#[cfg(not(target_os = "macos"))]
use unsupported as system;
use zeroize::Zeroizing;

use crate::{KeychainError, Prompt};

/// Which generic password is meant. There is at most one with these attributes in a keychain.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(target_os = "macos", test)),
    expect(dead_code, reason = "where there is no Keychain, nobody looks for it")
)]
pub struct Item<'a> {
    service: &'a str,
    account: &'a str,
}

impl<'a> Item<'a> {
    /// The item with this service (the program) and this account (what it keeps).
    #[must_use]
    pub const fn new(service: &'a str, account: &'a str) -> Self {
        Self { service, account }
    }
}

/// Whether there is a default keychain to keep the item in, without storing anything and without a dialog. A locked
/// one is fine if a person may be asked later.
///
/// # Errors
///
/// [`KeychainError::Unavailable`] if this user has none, [`KeychainError::Locked`] if nobody may be asked to unlock it.
pub fn probe(item: &Item<'_>, prompt: Prompt) -> Result<(), KeychainError> {
    match system::read(item, Prompt::Never) {
        Err(KeychainError::Locked(_)) if prompt == Prompt::Allowed => Ok(()),
        other => other.map(drop),
    }
}

/// The text of the item, or `None` if there is no such item.
///
/// # Errors
///
/// Why it cannot tell.
pub fn read(item: &Item<'_>, prompt: Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    system::read(item, prompt)
}

/// Store the text, in place of the one before if the item exists: it stays the same item, with the access that a person
/// has given to it.
///
/// # Errors
///
/// Why it was not stored.
pub fn write(item: &Item<'_>, text: &[u8], prompt: Prompt) -> Result<(), KeychainError> {
    system::write(item, text, prompt)
}

/// Remove the item, and whether there was one.
///
/// # Errors
///
/// Why it was not removed.
pub fn remove(item: &Item<'_>, prompt: Prompt) -> Result<bool, KeychainError> {
    system::remove(item, prompt)
}
