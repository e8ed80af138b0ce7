//! [`RefreshFailure`]: why an issuer gave no token.

use std::{error::Error as StdError, fmt, time::Duration};

use crate::{Error, ErrorKind};

/// Why an issuer gave no token. It is the [source](std::error::Error::source) of the error that
/// [`refresh`](super::super::PartitionedCaches::refresh) returns.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Error, ErrorKind, partition::RefreshFailure};
/// use std::time::Duration;
///
/// let failure = RefreshFailure::temporary("too many requests").with_retry_after(Duration::from_secs(60));
/// let error = Error::from(failure);
/// assert_eq!(error.kind(), ErrorKind::IssuerUnavailable);
/// assert_eq!(RefreshFailure::of(&error).and_then(|failure| failure.retry_after()), Some(Duration::from_secs(60)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFailure {
    kind: FailureKind,
    code: String,
    retry_after: Option<Duration>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureKind {
    InvalidGrant,
    Refused,
    Temporary,
}

/// A word or two, in case it was not a code that was given.
const LONGEST_CODE: usize = 100;

impl RefreshFailure {
    /// `invalid_grant`: the refresh token is not good any more. The person has to sign in again.
    #[must_use]
    pub fn invalid_grant() -> Self {
        Self::new(FailureKind::InvalidGrant, "invalid_grant")
    }

    /// Any other refusal, with the error code of the issuer: `interaction_required`. The same request will be refused again:
    /// it is not made for 10 seconds.
    pub fn refused(code: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Refused, code.as_ref())
    }

    /// The issuer did not answer, or said that it cannot now: try again later. The reason must not hold a secret.
    pub fn temporary(reason: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Temporary, reason.as_ref())
    }

    /// The issuer asked not to be asked again for so long. Nobody in this process asks it for the same token meanwhile.
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The failure behind this error, if it is of an issuer.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        error.source()?.downcast_ref()
    }

    /// The error code of the issuer, or the reason.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// For how long the issuer asked not to be asked again.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(super) fn is_invalid_grant(&self) -> bool {
        self.kind == FailureKind::InvalidGrant
    }

    pub(super) fn is_temporary(&self) -> bool {
        self.kind == FailureKind::Temporary
    }

    fn new(kind: FailureKind, code: &str) -> Self {
        let code = code.chars().filter(|letter| !letter.is_control()).take(LONGEST_CODE).collect();
        Self { kind, code, retry_after: None }
    }
}

impl fmt::Display for RefreshFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FailureKind::InvalidGrant | FailureKind::Refused => "the issuer refused a token",
            FailureKind::Temporary => "the issuer gave no token for now",
        };
        write!(f, "{what}: {}", self.code)
    }
}

impl StdError for RefreshFailure {}

impl From<RefreshFailure> for Error {
    fn from(failure: RefreshFailure) -> Self {
        let (kind, remedy) = match failure.kind {
            FailureKind::InvalidGrant | FailureKind::Refused => {
                (ErrorKind::IssuerRefused, "let the person sign in again")
            }
            FailureKind::Temporary => (
                ErrorKind::IssuerUnavailable,
                "try again later, not before the issuer said; nobody was signed out",
            ),
        };
        Self::new(kind, failure.to_string()).with_remedy(remedy).with_source(failure)
    }
}
