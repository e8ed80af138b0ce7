//! The Windows Data Protection API (`CryptProtectData`): secrets that only one user, or only one machine, can open.
//!
//! Windows keeps the master key, under the user's password; what is protected is a blob that its caller stores. No
//! function here ever shows a dialog.

#[cfg(any(windows, test))]
mod code;
#[cfg(not(windows))]
mod unsupported;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
use unsupported as system;
#[cfg(windows)]
use windows as system;
use zeroize::Zeroizing;

use crate::KeychainError;

/// Who can open what is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The user who protected it, on this machine (or, with a roaming profile, wherever that user logs on).
    User,
    /// Every user of this machine, and no other machine.
    Machine,
}

/// Whether secrets can be protected here, by protecting a few bytes. Leaves nothing behind.
///
/// # Errors
///
/// [`KeychainError::Unavailable`] where there is no DPAPI, or where it has no user's profile to work with.
pub fn probe(scope: Scope) -> Result<(), KeychainError> {
    protect(b"probe", b"", scope).map(drop)
}

/// Protect a secret. The blob opens with the same entropy only.
///
/// # Errors
///
/// Why it was not protected.
pub fn protect(secret: &[u8], entropy: &[u8], scope: Scope) -> Result<Vec<u8>, KeychainError> {
    system::protect(secret, entropy, scope)
}

/// The secret in a blob, whichever its scope.
///
/// # Errors
///
/// [`KeychainError::CannotOpen`] if it was altered, or protected with other entropy, by another user or on another
/// machine; otherwise why it cannot tell.
pub fn unprotect(blob: &[u8], entropy: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeychainError> {
    system::unprotect(blob, entropy)
}
