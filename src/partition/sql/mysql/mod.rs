//! [`MysqlStore`]: partitions in MySQL or MariaDB.

mod connection;
mod errors;
mod migrations;
mod statements;
mod store;

use std::fmt;

use connection::Mysql;

use super::{super::within::within, SqlSettings, errors::timeout, pool::Pool};
use crate::{Deadline, Result};

const MISSING: &str =
    "tables are missing or of another version: run MysqlStore::migrate or apply MysqlStore::migrations()";

const UNSUPPORTED: &str = "the driver refused the URL or the sign-in: it is not a URL of MySQL, or asks for TLS without the feature \
     `tls`, or the user has the password plugin caching_sha2_password, which without TLS needs the feature `mysql-rsa` \
     of `sqlx`";

/// Partitions in MariaDB 10.6 or MySQL 8.0, or later.
///
/// Its tables are made by [`migrate`](Self::migrate), or by hand from what [`migrations`](Self::migrations) prints: then the
/// user of the program needs no right but SELECT, INSERT, UPDATE and DELETE on the three tables. It does not tell of changes.
///
/// # Security
///
/// The database sees keyed hashes and sealed bytes, no keys and no names of persons. Across a network, switch on the feature
/// `tls` and write `?ssl-mode=VERIFY_IDENTITY` into the URL, with `&ssl-ca=/path/of/certificates.pem` where the system does not
/// trust who signed the certificate. Without this mode, whoever is in between can read the password. Without TLS, the default of MySQL 8 for passwords, `caching_sha2_password`, needs `sqlx` with `mysql-rsa`.
/// Nothing of the URL is logged or quoted in an error, and no statement is logged.
///
/// # Examples
///
/// ```no_run
/// use sealed_cache::{Deadline, partition::{MysqlStore, SqlSettings}};
/// use std::time::Duration;
///
/// # async fn example() -> sealed_cache::Result<()> {
/// let url = "mysql://todo@localhost/todo";
/// MysqlStore::migrate(url, &Deadline::after(Duration::from_secs(60))).await?;
/// let store = MysqlStore::connect(url, SqlSettings::new()).await?;
/// # Ok(()) }
/// ```
pub struct MysqlStore {
    pool: Pool<Mysql>,
    settings: SqlSettings,
    largest: usize,
    is_durable: bool,
}

impl MysqlStore {
    /// Connect, and look whether the tables are there.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) if the URL, the user or the password are wrong, or the tables are
    /// missing; [`EngineUnavailable`](crate::ErrorKind::EngineUnavailable) or
    /// [`EngineTimeout`](crate::ErrorKind::EngineTimeout) if there is no connection.
    pub async fn connect(url: &str, settings: SqlSettings) -> Result<Self> {
        let engine = Mysql { options: connection::options(url)?, settings };
        let pool = Pool::new(engine, settings.connections, settings.connect_timeout);
        let mut store = Self { pool, settings, largest: 0, is_durable: false };
        store.check(&Deadline::after(settings.connect_timeout)).await?;
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
    /// use sealed_cache::partition::MysqlStore;
    /// assert!(MysqlStore::migrations().contains("CREATE TABLE IF NOT EXISTS sealed_cache_partitions"));
    /// ```
    #[must_use]
    pub const fn migrations() -> &'static str {
        migrations::ALL
    }
}

impl fmt::Debug for MysqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlStore")
            .field("pool", &self.pool)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
