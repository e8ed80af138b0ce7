//! What the errors of the driver mean, as far as all databases share it.
//!
//! Neither a message nor a source holds what a database said: it names users, and quotes what was stored.

use std::{borrow::Cow, io};

use super::super::{StoreError, StoreErrorKind, tls::why};

/// Why a statement failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database did nothing, and says why.
    Refused(StoreError),
    /// It did nothing because somebody else was at the same rows: the same statement can be given again.
    Again,
    /// It did nothing, and will not do it on this connection: another one may lead to where it is done.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "a file of SQLite is in one place")
    )]
    Elsewhere(StoreError),
    /// The connection is of no use any more; the statement may have been done.
    Lost(StoreError),
}

impl Failure {
    pub(super) fn refused(kind: StoreErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(StoreError::new(kind, message))
    }

    pub(super) fn lost(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Lost(StoreError::new(StoreErrorKind::Unavailable, message))
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn elsewhere(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Elsewhere(StoreError::new(StoreErrorKind::Unavailable, message))
    }

    /// What an error means that is not an answer of the database.
    pub(super) fn of_driver(error: &sqlx::Error) -> Self {
        use sqlx::Error::{Configuration, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        match error {
            Io(error) => Self::Lost(unreachable(error)),
            Tls(error) => Self::lost(format!(
                "the database cannot be reached: {}",
                why(error.as_ref()).unwrap_or("TLS failed")
            )),
            Configuration(_) => Self::refused(
                StoreErrorKind::Denied,
                "the driver refused the URL: it is not one of this database, or asks for TLS without the feature `tls`",
            ),
            Protocol(_) => Self::lost("what answers there does not speak as this database does"),
            WorkerCrashed => Self::lost("the thread of the connection is gone"),
            PoolTimedOut => Self::Refused(timeout("the database did not take a connection in time")),
            PoolClosed => Self::lost("the connection is closed"),
            _ => Self::refused(StoreErrorKind::Corrupt, "a row holds something that is not ours"),
        }
    }

    /// The error of a call that will not be tried again.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) | Self::Elsewhere(error) | Self::Lost(error) => error,
            Self::Again => timeout("others were at the same rows until the deadline"),
        }
    }
}

fn unreachable(error: &io::Error) -> StoreError {
    // The kind is enough, and the system's own words hold nothing of ours.
    let message = match why(error) {
        Some(why) => format!("the database cannot be reached: {why}"),
        None => format!("the database cannot be reached: {}", error.kind()),
    };
    let again = io::Error::from(error.kind());
    StoreError::new(StoreErrorKind::Unavailable, message).with_source(again)
}

/// The driver takes any.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn check_scheme(url: &str, schemes: &[&str]) -> Result<(), StoreError> {
    if url.split_once("://").is_some_and(|(scheme, _)| schemes.contains(&scheme)) {
        return Ok(());
    }
    let message = format!("the URL of the database does not begin with {}://", schemes[0]);
    Err(StoreError::new(StoreErrorKind::Denied, message))
}

pub(super) fn timeout(message: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Timeout, message)
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) fn tables_missing(how: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Denied, format!("tables are missing: {how}"))
}

pub(super) fn corrupt() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "a row holds something that is not a partition")
}

pub(super) fn too_large(largest: usize) -> StoreError {
    StoreError::new(
        StoreErrorKind::TooLarge,
        format!("more than the {largest} bytes that the database takes"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_comes_too_late_is_no_damage() {
        let kind = |error| Failure::of_driver(&error).into_error().kind();
        assert_eq!(kind(sqlx::Error::PoolTimedOut), StoreErrorKind::Timeout);
        assert_eq!(kind(sqlx::Error::PoolClosed), StoreErrorKind::Unavailable);
        assert_eq!(kind(sqlx::Error::RowNotFound), StoreErrorKind::Corrupt);
    }
}
