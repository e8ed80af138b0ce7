//! Connections to a SQLite file, and statements on them.

use std::{fmt, path::Path, time::Duration};

use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};

use super::{
    super::{
        argument::{Argument, bound},
        engine::Engine,
        errors::Failure,
    },
    errors,
};

/// How long SQLite itself waits for another process that writes. Short, since a call that was given up cannot be told to
/// stop; the loop around it waits on until the deadline.
const BUSY: Duration = Duration::from_millis(20);

pub(super) struct Sqlite {
    options: SqliteConnectOptions,
}

impl Sqlite {
    pub(super) fn new(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL, anything less loses the last commits with the power.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        Self { options }
    }

    /// One that cannot write.
    pub(super) fn reader(path: &Path) -> Self {
        Self { options: Self::new(path).options.pragma("query_only", "ON") }
    }
}

impl Engine for Sqlite {
    type Connection = SqliteConnection;
    type Database = sqlx::Sqlite;
    type Row = SqliteRow;

    async fn open(&self) -> Result<SqliteConnection, sqlx::Error> {
        self.options.connect().await
    }

    async fn rows(
        connection: &mut SqliteConnection,
        statement: &'static str,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        bound!(statement, arguments).fetch_all(connection).await
    }

    fn failure(error: &sqlx::Error) -> Failure {
        errors::failure(error)
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}
