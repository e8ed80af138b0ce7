//! Which keychain this operating system has, and what a keychain can answer.

use std::{error::Error, fmt};

/// The keychain of an operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keychain {
    /// The freedesktop.org Secret Service: GNOME Keyring, KWallet, KeePassXC.
    SecretService,
    /// DPAPI of Windows: it wraps a key instead of keeping one.
    Dpapi,
    /// The Keychain of macOS.
    MacKeychain,
    /// None that this crate knows.
    None,
}

/// The keychain of the operating system this was compiled for.
#[cfg(target_os = "linux")]
pub const KEYCHAIN: Keychain = Keychain::SecretService;
/// The keychain of the operating system this was compiled for.
#[cfg(windows)]
pub const KEYCHAIN: Keychain = Keychain::Dpapi;
/// The keychain of the operating system this was compiled for.
#[cfg(target_os = "macos")]
pub const KEYCHAIN: Keychain = Keychain::MacKeychain;
/// The keychain of the operating system this was compiled for.
#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
pub const KEYCHAIN: Keychain = Keychain::None;

/// Whether a call may ask a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// It may, and waits for the answer.
    Allowed,
    /// It must not: what cannot be done without a question is [`KeychainError::Locked`], at once.
    Never,
}

/// Why a keychain did not do what it was asked. The text is what it said, for people; it never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeychainError {
    /// There is no such keychain here: no library, no bus, no service, no such system call, or a sandbox forbids it.
    Unavailable(String),
    /// It is locked, and it was not asked (or could not ask) to be unlocked.
    Locked(String),
    /// It refused.
    Denied(String),
    /// What it was given to open was made by another user or on another machine, or was altered.
    CannotOpen(String),
    /// It asked a person, who dismissed the question.
    Dismissed(String),
    /// It did not answer before the deadline.
    TimedOut(String),
    /// Anything else.
    Failed(String),
}

impl KeychainError {
    /// What it said.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Unavailable(said)
            | Self::Locked(said)
            | Self::Denied(said)
            | Self::CannotOpen(said)
            | Self::Dismissed(said)
            | Self::TimedOut(said)
            | Self::Failed(said) => said,
        }
    }
}

impl fmt::Display for KeychainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for KeychainError {}
