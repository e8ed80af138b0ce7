//! Connections to MySQL and MariaDB, and statements on them.

use std::fmt;

use sqlx::{
    AssertSqlSafe, ConnectOptions, MySqlConnection,
    mysql::{MySqlConnectOptions, MySqlRow},
};

use super::{
    super::{
        super::StoreError,
        SqlSettings,
        argument::{Argument, bound},
        engine::{Counting, Engine},
        errors::{Failure, check_scheme},
    },
    errors,
};

pub(super) struct Mysql {
    pub(super) options: MySqlConnectOptions,
    pub(super) settings: SqlSettings,
}

/// Without logging: a log of statements is no place for names, even hashed ones.
pub(super) fn options(url: &str) -> Result<MySqlConnectOptions, StoreError> {
    check_scheme(url, &["mysql", "mariadb"])?;
    let options: MySqlConnectOptions = url.parse().map_err(|error| errors::failure(&error).into_error())?;
    Ok(options.disable_statement_logging())
}

impl Mysql {
    /// Each statement commits, whatever the server does by default. What is too long is to be refused, not cut off. A wait
    /// for a row ends, and so does one for a table. The last setting is one of MariaDB's, and a comment to MySQL.
    fn setup(&self) -> String {
        let seconds = self.settings.statement_timeout.as_secs().max(1);
        format!(
            "SET SESSION autocommit = 1, \
             SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), \
             SESSION innodb_lock_wait_timeout = {seconds}, SESSION lock_wait_timeout = {seconds} \
             /*M!100100 , SESSION max_statement_time = {seconds} */"
        )
    }
}

impl Engine for Mysql {
    type Connection = MySqlConnection;
    type Database = sqlx::MySql;
    type Row = MySqlRow;

    async fn open(&self) -> Result<MySqlConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        // Nothing in it but a number of ours.
        sqlx::raw_sql(AssertSqlSafe(self.setup())).execute(&mut connection).await?;
        Ok(connection)
    }

    async fn rows(
        connection: &mut MySqlConnection,
        statement: &'static str,
        arguments: &[Argument<'_>],
    ) -> Result<Vec<MySqlRow>, sqlx::Error> {
        bound!(statement, arguments).fetch_all(connection).await
    }

    fn failure(error: &sqlx::Error) -> Failure {
        errors::failure(error)
    }
}

impl Counting for Mysql {
    /// A duplicate changes no row.
    async fn changed(
        connection: &mut MySqlConnection,
        statement: &'static str,
        arguments: &[Argument<'_>],
    ) -> Result<u64, sqlx::Error> {
        match bound!(statement, arguments).execute(connection).await {
            Ok(result) => Ok(result.rows_affected()),
            Err(error) if errors::is_duplicate(&error) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for Mysql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mysql").field("settings", &self.settings).finish_non_exhaustive()
    }
}
