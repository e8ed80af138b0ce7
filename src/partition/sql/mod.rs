//! Partitions in a database: PostgreSQL, MySQL or MariaDB, SQLite. One row for each, changed by one statement.
//!
//! No call needs more than one statement at a time, so none opens a transaction: whatever becomes of a call, a row is as it
//! was or as it was to be. Times are those of the database's clock.

mod again;
mod argument;
mod engine;
mod errors;
#[cfg(feature = "mysql")]
mod mysql;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod purging;
mod row;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite;

use super::{Put, StoreError, StoreErrorKind, Stored};

#[cfg(feature = "mysql")]
pub use mysql::MysqlStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use settings::SqlSettings;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// What a put means that did not find its condition: if its own write is there, then an earlier attempt did it, whose answer
/// was lost. If another's is there, that may have come after it.
fn conflict(
    present: Result<Option<Stored>, StoreError>,
    ours: &Stored,
    is_unsure: bool,
) -> Result<Put, StoreError> {
    match present {
        Ok(Some(present)) if present.etag == ours.etag => Ok(Put::Stored),
        Ok(_) if is_unsure => {
            let message = "the connection was lost before an answer came, and others have changed it since";
            Err(StoreError::new(StoreErrorKind::Unavailable, message).ambiguous())
        }
        Ok(present) => Ok(Put::Conflict(present)),
        Err(error) => Err(error.ambiguous()),
    }
}
