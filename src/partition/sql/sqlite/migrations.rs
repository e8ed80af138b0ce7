//! The tables, and how they come to be.

use sqlx::{Connection, SqliteConnection};

/// A later one is added at the end. It must leave the tables usable for programs that do not know it yet.
const MIGRATIONS: &[(i32, &str)] = &[(1, include_str!("1.sql"))];

pub(super) const ALL: &str = include_str!("1.sql");

/// One transaction that begins with the write lock: another process waits, and then finds nothing to do.
pub(super) async fn apply(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let present = present(&mut transaction).await?;
    for (_, script) in
        MIGRATIONS.iter().filter(|(version, _)| present.is_none_or(|present| *version > present))
    {
        sqlx::raw_sql(*script).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

async fn present(connection: &mut SqliteConnection) -> Result<Option<i32>, sqlx::Error> {
    let exists = "SELECT count(*) FROM sqlite_schema WHERE name = 'sealed_cache_schema'";
    if sqlx::query_scalar::<_, i64>(exists).fetch_one(&mut *connection).await? == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM sealed_cache_schema").fetch_one(connection).await
}
