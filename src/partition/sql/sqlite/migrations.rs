//! The tables, and how they come to be.

use sqlx::{Connection, SqliteConnection};

/// A later one is added at the end. It must leave the tables usable for programs that do not know it yet.
const MIGRATIONS: &[(i32, &str)] = &[(1, include_str!("1.sql"))];

pub(super) const ALL: &str = include_str!("1.sql");

/// Only what is missing takes the write lock: who finds everything does not wait for others that write.
pub(super) async fn apply(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    if missing(present(connection).await?).next().is_none() {
        return Ok(());
    }
    // Another process that does the same waits here, and then finds nothing to do.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let present = present(&mut transaction).await?;
    for (_, script) in missing(present) {
        sqlx::raw_sql(*script).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

fn missing(present: Option<i32>) -> impl Iterator<Item = &'static (i32, &'static str)> {
    MIGRATIONS.iter().filter(move |(version, _)| present.is_none_or(|present| *version > present))
}

async fn present(connection: &mut SqliteConnection) -> Result<Option<i32>, sqlx::Error> {
    let exists = "SELECT count(*) FROM sqlite_schema WHERE name = 'sealed_cache_schema'";
    if sqlx::query_scalar::<_, i64>(exists).fetch_one(&mut *connection).await? == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM sealed_cache_schema").fetch_one(connection).await
}
