//! Keys that the Linux kernel holds for a user ([`keyrings(7)`](https://man7.org/linux/man-pages/man7/keyrings.7.html)):
//! never on a disk, gone when the machine restarts.
//!
//! They lie in the persistent keyring of the user where the kernel has one, else in the user keyring, and every
//! process of the same user can read them, in whichever session it runs. The persistent keyring expires when it was
//! not used for some days (`kernel.keys.persistent_keyring_expiry`, three by default); each function here is a use.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod unsupported;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use unsupported as system;
use zeroize::Zeroizing;

use crate::KeychainError;

/// Whether the kernel lets this process keep keys. Makes none.
///
/// # Errors
///
/// [`KeychainError::Unavailable`] where there is no such thing, or where a sandbox forbids it: default containers do.
pub fn probe() -> Result<(), KeychainError> {
    system::probe()
}

/// What the key of this description holds; `None` if there is none, or if it has expired or was revoked.
///
/// # Errors
///
/// Why it cannot tell.
pub fn read(description: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    system::read(description)
}

/// The same for a key that another program has made: the persistent keyring is searched first, then the user keyring, in
/// which that program may have put it although the kernel has the other.
///
/// # Errors
///
/// Why it cannot tell.
pub fn read_from_any_keyring(description: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    system::read_from_any_keyring(description)
}

/// Keep the text in the key of this description, in place of what it held if it exists.
///
/// # Errors
///
/// Why it was not kept: for example, because the user has as many keys as the kernel allows.
pub fn write(description: &str, text: &[u8]) -> Result<(), KeychainError> {
    system::write(description, text)
}

/// Remove the key of this description, and whether there was one.
///
/// # Errors
///
/// Why it was not removed.
pub fn remove(description: &str) -> Result<bool, KeychainError> {
    system::remove(description)
}
