//! What happens to a cache that cannot be read, and the report of it.

use std::{fmt, path::PathBuf, time::SystemTime};

use crate::ErrorKind;

/// What to do with a stored cache that cannot be read: damaged, sealed with another key, of a later version.
///
/// It is never about a keychain that is locked or absent: those are errors until they are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnreadable {
    /// Report it, touch nothing.
    #[default]
    Fail,
    /// Keep the file under a name with the time in it, report that in
    /// [`PersistedCache::recoveries`](crate::PersistedCache::recoveries), and start with an empty cache.
    ///
    /// A wrong key counts as unreadable: with a passphrase that a person types, prefer [`Fail`](Self::Fail), or a
    /// mistyped one sets a good cache aside (it is kept, and can be put back).
    StartEmpty,
}

/// A cache that was set aside by this handle, so that an empty one could take its place.
///
/// Its text is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// Why it was set aside.
    pub reason: RecoveryReason,
    /// Where it is kept now. A program or a person may remove it.
    pub kept: PathBuf,
    /// When.
    pub at: SystemTime,
}

/// Why a cache was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryReason {
    /// Its key was only meant to last until a restart, and is gone.
    Expired,
    /// It could not be read, with the kind and the message of the error.
    Unreadable(ErrorKind, String),
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            RecoveryReason::Expired => f.write_str("the cache expired with its key")?,
            RecoveryReason::Unreadable(_, message) => write!(f, "the cache could not be read: {message}")?,
        }
        write!(f, "; it is kept as {}, and an empty one took its place", self.kept.display())
    }
}
