//! [`StoreError`]: what an engine answers when it does not do what it was asked.

use std::{borrow::Cow, error::Error as StdError, fmt};

use crate::{Error, ErrorKind};

/// Why an engine did not do what it was asked. Its text never holds contents, names or passwords.
///
/// ```
/// use sealed_cache::{Error, ErrorKind, partition::{StoreError, StoreErrorKind}};
///
/// let late = StoreError::new(StoreErrorKind::Timeout, "no answer in 250 ms").ambiguous();
/// assert!(late.is_ambiguous());
/// assert_eq!(Error::from(late).kind(), ErrorKind::EngineTimeout);
/// ```
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: Cow<'static, str>,
    /// Whether a write may have been done all the same.
    is_ambiguous: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The engine did not answer before the deadline.
    Timeout,
    /// The engine cannot be reached, is starting, failing over or shutting down.
    Unavailable,
    /// The engine is full: no memory or no disk left for writes.
    Full,
    /// The contents are larger than the engine takes.
    TooLarge,
    /// The engine refused: wrong password, missing rights, missing tables.
    Denied,
    /// What the engine holds under the name is not a partition.
    Corrupt,
}

impl StoreError {
    /// A failure of this kind, in the engine's words. Certain: nothing was written.
    pub fn new(kind: StoreErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), is_ambiguous: false, source: None }
    }

    /// The same, where a write may have been done all the same.
    #[must_use]
    pub const fn ambiguous(mut self) -> Self {
        self.is_ambiguous = true;
        self
    }

    /// The same of a read: there is nothing that could have been done.
    #[cfg(feature = "redis")]
    pub(super) const fn certain(mut self) -> Self {
        self.is_ambiguous = false;
        self
    }

    /// The same, with the error of the driver below it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether a write may have been done all the same.
    #[must_use]
    pub const fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let (kind, remedy) = match error.kind {
            StoreErrorKind::Timeout => (
                ErrorKind::EngineTimeout,
                "look whether the engine is overloaded or stopped; nobody was signed out",
            ),
            StoreErrorKind::Unavailable => (
                ErrorKind::EngineUnavailable,
                "look whether the engine runs and can be reached; nobody was signed out",
            ),
            StoreErrorKind::Full => {
                (ErrorKind::EngineFull, "give the engine more memory or disk, or purge it")
            }
            StoreErrorKind::TooLarge => {
                (ErrorKind::TooLarge, "cap the tokens of a partition, or raise the limit of the engine")
            }
            StoreErrorKind::Denied => {
                (ErrorKind::AccessDenied, "check the user, the password, the rights and the tables")
            }
            StoreErrorKind::Corrupt => {
                (ErrorKind::Damaged, "another program uses the same names: give this one a prefix of its own")
            }
        };
        Self::new(kind, error.to_string()).with_remedy(remedy).with_source(error)
    }
}
