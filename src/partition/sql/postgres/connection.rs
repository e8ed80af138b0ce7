//! Connections to PostgreSQL, and statements on them.

use std::fmt;

use sqlx::{
    ConnectOptions, PgConnection,
    postgres::{PgConnectOptions, PgRow},
};

use super::{
    super::{
        super::StoreError,
        SqlSettings,
        argument::{Argument, bound},
        engine::Engine,
        errors::{Failure, check_scheme},
    },
    errors,
    statements::{NOTICE_LEAVING, SETTINGS},
};

pub(super) struct Postgres {
    pub(super) options: PgConnectOptions,
    pub(super) settings: SqlSettings,
}

/// Without logging: a log of statements is no place for names, even hashed ones.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    check_scheme(url, &["postgres", "postgresql"])?;
    let options: PgConnectOptions = url.parse().map_err(|error| errors::failure(&error).into_error())?;
    Ok(options.application_name("sealed-cache").disable_statement_logging())
}

impl Engine for Postgres {
    type Connection = PgConnection;
    type Database = sqlx::Postgres;
    type Row = PgRow;

    async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        let milliseconds = self.settings.statement_timeout.as_millis().clamp(1, i32::MAX as u128);
        sqlx::query(SETTINGS).bind(milliseconds.to_string()).execute(&mut connection).await?;
        match sqlx::query(NOTICE_LEAVING).execute(&mut connection).await {
            Err(error) if error.as_database_error().is_none() => Err(error),
            _ => Ok(connection),
        }
    }

    async fn rows(
        connection: &mut PgConnection,
        statement: &'static str,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        bound!(statement, arguments).fetch_all(connection).await
    }

    fn failure(error: &sqlx::Error) -> Failure {
        errors::failure(error)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("settings", &self.settings).finish_non_exhaustive()
    }
}
