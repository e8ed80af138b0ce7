//! The tables, and how they come to be.

use sqlx::{ConnectOptions, Connection, MySqlConnection, mysql::MySqlConnectOptions};

use super::{
    super::{
        super::{
            StoreError,
            StoreErrorKind::{Denied, Unavailable},
        },
        errors::timeout,
    },
    errors,
    statements::{COMMIT_EACH, LOCK_MIGRATIONS},
};

/// A later one is added at the end, and can be applied twice: here, making a table ends a transaction. It must leave the
/// tables usable for nodes that do not know it yet.
const MIGRATIONS: &[(i32, &str)] = &[(1, include_str!("1.sql"))];

pub(super) const ALL: &str = include_str!("1.sql");

/// What this crate needs.
pub(super) const VERSION: i32 = MIGRATIONS[MIGRATIONS.len() - 1].0;

pub(super) async fn apply(options: &MySqlConnectOptions) -> Result<(), StoreError> {
    let failed = |error| errors::failure(&error).into_error();
    let mut connection = options.connect().await.map_err(failed)?;
    lock(&mut connection).await?;
    applied(&mut connection).await.map_err(failed)?;
    // It is applied; that the goodbye fails changes nothing.
    let _ = connection.close().await;
    Ok(())
}

/// It ends with the connection: another node waits, and then finds nothing to do.
async fn lock(connection: &mut MySqlConnection) -> Result<(), StoreError> {
    let failed = |error| errors::failure(&error).into_error();
    sqlx::raw_sql(COMMIT_EACH).execute(&mut *connection).await.map_err(failed)?;
    let locked = sqlx::query_as::<_, (i64, Option<i64>)>(LOCK_MIGRATIONS).fetch_one(connection).await;
    let refused = |kind, message| Err(StoreError::new(kind, message));
    match locked.map_err(failed)? {
        (_, Some(1)) => Ok(()),
        (0, _) => refused(Denied, "there is no database in the URL"),
        (_, Some(_)) => Err(timeout("another node makes the tables")),
        (_, None) => refused(Unavailable, "the wait for another node that makes the tables was ended"),
    }
}

async fn applied(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
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
