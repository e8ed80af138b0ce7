//! [`Engine`]: what the shared parts have to know of a database.

use std::{fmt, future::Future};

use sqlx::{Connection, Database};

use super::{argument::Argument, errors::Failure};

/// How to connect to one database, to run a statement on it, and to understand its errors.
pub(super) trait Engine: fmt::Debug + Send + Sync + 'static {
    type Connection: Connection<Database = Self::Database> + Send + 'static;
    type Database: Database<Connection = Self::Connection, Row = Self::Row>;
    type Row: Send;

    /// A connection that is ready for statements.
    fn open(&self) -> impl Future<Output = Result<Self::Connection, sqlx::Error>> + Send;

    /// All rows that a statement gives.
    fn rows(
        connection: &mut Self::Connection,
        statement: &'static str,
        arguments: &[Argument<'_>],
    ) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    /// What an error of it means.
    fn failure(error: &sqlx::Error) -> Failure;
}

/// One whose statements that change rows do not give them.
#[cfg(feature = "mysql")]
pub(super) trait Counting: Engine {
    /// How many rows a statement has changed.
    fn changed(
        connection: &mut Self::Connection,
        statement: &'static str,
        arguments: &[Argument<'_>],
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;
}
