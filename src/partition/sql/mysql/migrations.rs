//! The tables, and how they come to be.

use sqlx::{ConnectOptions, Connection, MySqlConnection, mysql::MySqlConnectOptions};

use super::{super::super::StoreError, errors, statements::LOCK_MIGRATIONS};

/// A later one is added at the end, and can be applied twice: here, making a table ends a transaction. It must leave the
/// tables usable for nodes that do not know it yet.
const MIGRATIONS: &[(i32, &str)] = &[(1, include_str!("1.sql"))];

pub(super) const ALL: &str = include_str!("1.sql");

/// What this crate needs.
pub(super) const VERSION: i32 = MIGRATIONS[MIGRATIONS.len() - 1].0;

pub(super) async fn apply(options: &MySqlConnectOptions) -> Result<(), StoreError> {
    let failed = |error| errors::failure(&error).into_error();
    let mut connection = options.connect().await.map_err(failed)?;
    applied(&mut connection).await.map_err(failed)?;
    // It is applied; that the goodbye fails changes nothing.
    let _ = connection.close().await;
    Ok(())
}

/// Under one lock, which ends with the connection: another node waits, and then finds nothing to do.
async fn applied(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    sqlx::query(LOCK_MIGRATIONS).execute(&mut *connection).await?;
    let present = present(connection).await?;
    for (_, script) in
        MIGRATIONS.iter().filter(|(version, _)| present.is_none_or(|present| *version > present))
    {
        sqlx::raw_sql(*script).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn present(connection: &mut MySqlConnection) -> Result<Option<i32>, sqlx::Error> {
    let exists = "SELECT COUNT(*) FROM information_schema.tables \
                  WHERE table_schema = DATABASE() AND table_name = 'sealed_cache_schema'";
    if sqlx::query_scalar::<_, i64>(exists).fetch_one(&mut *connection).await? == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT MAX(version) FROM sealed_cache_schema").fetch_one(connection).await
}
