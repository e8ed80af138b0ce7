//! The tables, and how they come to be.

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use super::{super::super::StoreError, errors, statements::LOCK_MIGRATIONS};

/// A later one is added at the end. It must leave the tables usable for nodes that do not know it yet.
const MIGRATIONS: &[(i32, &str)] = &[(1, include_str!("1.sql"))];

pub(super) const ALL: &str = include_str!("1.sql");

/// What this crate needs.
pub(super) const VERSION: i32 = MIGRATIONS[MIGRATIONS.len() - 1].0;

pub(super) async fn apply(options: &PgConnectOptions) -> Result<(), StoreError> {
    let failed = |error| errors::failure(&error).into_error();
    let mut connection = options.connect().await.map_err(failed)?;
    applied(&mut connection).await.map_err(failed)?;
    // It is applied; that the goodbye fails changes nothing.
    let _ = connection.close().await;
    Ok(())
}

/// One transaction under one lock: another node waits, and then sees what was done meanwhile, and finds nothing to do.
async fn applied(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    sqlx::query(LOCK_MIGRATIONS).execute(&mut *transaction).await?;
    let present = present(&mut transaction).await?;
    for (_, script) in
        MIGRATIONS.iter().filter(|(version, _)| present.is_none_or(|present| *version > present))
    {
        sqlx::raw_sql(*script).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

async fn present(connection: &mut PgConnection) -> Result<Option<i32>, sqlx::Error> {
    let exists = sqlx::query_scalar::<_, bool>("SELECT to_regclass('sealed_cache_schema') IS NOT NULL");
    if !exists.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM sealed_cache_schema").fetch_one(connection).await
}
