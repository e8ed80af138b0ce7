//! [`SqliteStore`]: partitions in a SQLite file.

mod connection;
mod errors;
mod file;
mod migrations;
mod statements;
mod store;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use connection::Sqlite;
use sqlx::Connection;

use super::{
    super::{StoreError, StoreErrorKind, within::within},
    SqlSettings, again,
    errors::timeout,
    pool::Pool,
};
use crate::{Deadline, Result};

/// Partitions in a SQLite file, for one machine: all processes that use it must run there, on a local disk. SQLite comes with
/// this crate.
///
/// It is in WAL mode; a write that was answered survives the loss of power. One connection writes, others read meanwhile. It
/// does not tell of changes.
///
/// # Security
///
/// The file is created for this user only, in a folder that only this user can change. It holds keyed hashes and sealed
/// bytes, no keys and no names of persons.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::{PartitionStore, SqliteStore, SqlSettings};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("partitions.db");
/// let store = SqliteStore::open(path, SqlSettings::new()).await?;
/// assert!(store.capabilities().is_durable);
/// # Ok::<(), sealed_cache::Error>(()) }).unwrap();
/// ```
pub struct SqliteStore {
    readers: Pool<Sqlite>,
    writer: Pool<Sqlite>,
    settings: SqlSettings,
}

impl SqliteStore {
    /// Open the file, with its tables, or create what is missing of it. Several processes may do it at once, and others may
    /// write meanwhile: only a table that is missing waits for them.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied) if the file cannot be made or opened, others can change its folder,
    /// or on Windows the path is of 260 characters or more, or on a network share;
    /// [`Damaged`](crate::ErrorKind::Damaged) if it is no database; [`EngineTimeout`](crate::ErrorKind::EngineTimeout) if
    /// tables are missing and another process writes for longer than [`connect_timeout`](SqlSettings::connect_timeout), or has
    /// locked the whole file.
    pub async fn open(path: impl Into<PathBuf>, settings: SqlSettings) -> Result<Self> {
        let (path, deadline) = (path.into(), Deadline::after(settings.connect_timeout));
        let created = tokio::task::spawn_blocking(move || file::created(&path)).await;
        let path = created
            .map_err(|_| StoreError::new(StoreErrorKind::Unavailable, "the runtime is shutting down"))??;
        let migrated = within(&deadline, migrate(&path)).await;
        migrated.ok_or_else(|| timeout("others kept the file locked, or its disk was too slow"))??;
        let pool = |engine, connections| Pool::new(engine, connections, settings.connect_timeout);
        let readers = pool(Sqlite::reader(&path), settings.connections);
        Ok(Self { readers, writer: pool(Sqlite::new(&path), 1), settings })
    }

    /// The statements that [`open`](Self::open) gives where tables are missing.
    ///
    /// ```
    /// use sealed_cache::partition::SqliteStore;
    /// assert!(SqliteStore::migrations().contains("CREATE TABLE IF NOT EXISTS sealed_cache_partitions"));
    /// ```
    #[must_use]
    pub const fn migrations() -> &'static str {
        migrations::ALL
    }
}

/// For tests of what all databases share.
#[cfg(test)]
pub(super) fn in_memory() -> impl super::engine::Engine {
    Sqlite::new(Path::new(":memory:"))
}

/// Once nobody is in the way.
async fn migrate(path: &Path) -> Result<(), StoreError> {
    let mut connection = again::opened(&Sqlite::new(path)).await?;
    while let Err(error) = migrations::apply(&mut connection).await {
        again::pause(errors::failure(&error)).await?;
    }
    // It is applied; that the goodbye fails changes nothing. Without it, the file stays locked for a moment.
    let _ = connection.close().await;
    Ok(())
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SqliteStore");
        debug.field("readers", &self.readers).field("writer", &self.writer);
        debug.field("settings", &self.settings).finish()
    }
}
