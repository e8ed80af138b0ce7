//! [`PostgresStore`]: partitions in PostgreSQL.

mod changes;
mod connection;
mod errors;
mod migrations;
mod statements;
mod store;
mod telling;

use std::fmt;

use connection::Postgres;
use sqlx::postgres::PgConnectOptions;

use super::{super::within::within, SqlSettings, errors::timeout, pool::Pool};
use crate::{Deadline, Result};

const MISSING: &str = "tables are missing or of another version: run PostgresStore::migrate or apply PostgresStore::migrations()";

/// Partitions in PostgreSQL 12 or later.
///
/// Its tables are made by [`migrate`](Self::migrate), or by hand from what [`migrations`](Self::migrations) prints: then the
/// user of the program needs no right but SELECT, INSERT, UPDATE and DELETE on the three tables. They are LOGGED, in the
/// schema that comes first in the user's `search_path`.
///
/// # Security
///
/// The database sees keyed hashes and sealed bytes, no keys and no names of persons. Across a network, switch on the feature
/// `tls` and write `?sslmode=verify-full` into the URL, with `&sslrootcert=/path/of/certificates.pem` where the system does not
/// trust who signed the certificate. Without this mode, whoever is in between can take the place of the database. Nothing of the URL is logged or quoted in an error, and no statement is logged.
///
/// # Examples
///
/// ```no_run
/// use sealed_cache::{Deadline, partition::{PostgresStore, SqlSettings}};
/// use std::time::Duration;
///
/// # async fn example() -> sealed_cache::Result<()> {
/// let url = "postgres://todo@localhost/todo";
/// PostgresStore::migrate(url, &Deadline::after(Duration::from_secs(60))).await?;
/// let store = PostgresStore::connect(url, SqlSettings::new()).await?;
/// # Ok(()) }
/// ```
pub struct PostgresStore {
    pool: Pool<Postgres>,
    options: PgConnectOptions,
    settings: SqlSettings,
    is_durable: bool,
}

impl PostgresStore {
    /// Connect, and look whether the tables are there.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) if the URL, the user or the password are wrong, or the tables are
    /// missing; [`EngineUnavailable`](crate::ErrorKind::EngineUnavailable) or
    /// [`EngineTimeout`](crate::ErrorKind::EngineTimeout) if there is no connection.
    pub async fn connect(url: &str, settings: SqlSettings) -> Result<Self> {
        let options = connection::options(url)?;
        let engine = Postgres { options: options.clone(), settings };
        let pool = Pool::new(engine, settings.connections, settings.connect_timeout);
        let mut store = Self { pool, options, settings, is_durable: false };
        store.is_durable = store.check(&Deadline::after(settings.connect_timeout)).await?;
        Ok(store)
    }

    /// Make the tables, or bring them to the version of this crate. Nothing happens where that was done before; several
    /// nodes may do it at once.
    ///
    /// # Errors
    ///
    /// As those of [`connect`](Self::connect); `AccessDenied` if the user may not make tables.
    pub async fn migrate(url: &str, deadline: &Deadline) -> Result<()> {
        let options = connection::options(url)?;
        let migrated = within(deadline, migrations::apply(&options)).await;
        Ok(migrated.ok_or_else(|| timeout("the tables were not made before the deadline"))??)
    }

    /// The statements that [`migrate`](Self::migrate) gives, for operators who apply them by hand.
    ///
    /// ```
    /// use sealed_cache::partition::PostgresStore;
    /// assert!(PostgresStore::migrations().contains("CREATE TABLE IF NOT EXISTS sealed_cache_partitions"));
    /// ```
    #[must_use]
    pub const fn migrations() -> &'static str {
        migrations::ALL
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("pool", &self.pool)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
