//! [`Argument`]: what a statement is given, so that one loop can give it again.

use std::time::Duration;

use super::super::{Etag, LeaseHolder, PartitionName};

/// A century: longer than any partition lives, and shorter than what any database can count.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// One value for a placeholder of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument<'a> {
    Bytes(&'a [u8]),
    /// Bytes, or NULL.
    Perhaps(Option<&'a [u8]>),
    Text(&'a str),
    Number(i64),
}

impl<'a> Argument<'a> {
    pub(super) fn name(name: &'a PartitionName) -> Self {
        Self::Text(name.as_str())
    }

    pub(super) fn etag(etag: &'a Etag) -> Self {
        Self::Bytes(etag.as_bytes())
    }

    pub(super) fn holder(holder: &'a LeaseHolder) -> Self {
        Self::Bytes(holder.as_bytes())
    }

    /// In microseconds.
    pub(super) fn time(time: Duration) -> Self {
        Self::Number(i64::try_from(time.min(LONGEST).as_micros()).unwrap_or(i64::MAX))
    }
}

/// Bind them in their order.
macro_rules! bound {
    ($statement:expr, $arguments:expr) => {{
        let mut query = sqlx::query($statement);
        for argument in $arguments {
            query = match *argument {
                Argument::Bytes(bytes) => query.bind(bytes),
                Argument::Perhaps(bytes) => query.bind(bytes),
                Argument::Text(text) => query.bind(text),
                Argument::Number(number) => query.bind(number),
            };
        }
        query
    }};
}

pub(super) use bound;
