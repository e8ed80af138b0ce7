//! What is different on MariaDB and MySQL.

use sealed_cache::{
    ErrorKind,
    partition::{Condition, Put},
};
use sqlx::{Connection, MySqlConnection};

use crate::{
    engine::mariadb::Mariadb,
    kit::{create, load, name, put, stored, until},
    sql::databases::{Database, SETTINGS},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs mariadb-server: cargo xtask test engines"]
async fn a_server_that_commits_nothing_by_itself_loses_nothing() {
    let database = Database::Mariadb(Mariadb::start_with(&["--autocommit=0"]));
    database.migrate().await.unwrap();
    assert_eq!(database.ask("SELECT version FROM sealed_cache_schema"), "1");
    let (one, other) = (database.store().await, database.store().await);
    let first = create(&one, &name("a"), "first").await;
    assert_eq!(load(&other, &name("a")).await.unwrap().as_ref(), Some(&first));
    let second = stored("second");
    assert_eq!(put(&one, &name("a"), &second, Condition::Matches(first.etag)).await.unwrap(), Put::Stored);
    assert_eq!(load(&other, &name("a")).await.unwrap().as_ref(), Some(&second), "it reads what is there now");
    // Nobody holds the row.
    let third = stored("third");
    assert_eq!(put(&other, &name("a"), &third, Condition::Matches(second.etag)).await.unwrap(), Put::Stored);
    database.break_connections();
    assert_eq!(load(&one, &name("a")).await.unwrap(), Some(third), "it was acknowledged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs mariadb-server: cargo xtask test engines"]
async fn an_address_without_a_database_is_refused() {
    let database = Database::mariadb().await;
    let url = database.url_of("todo", "todo", "");
    let error = database.connect(&url, SETTINGS).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    let deadline = crate::kit::soon();
    let error = sealed_cache::partition::MysqlStore::migrate(&url, &deadline).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs mariadb-server: cargo xtask test engines"]
async fn nobody_migrates_without_the_lock() {
    let database = Database::Mariadb(Mariadb::start());
    let mut holder = MySqlConnection::connect(&database.url()).await.unwrap();
    let lock = "SELECT GET_LOCK(CONCAT('sealed_cache.', LEFT(MD5('todo'), 16)), 0)";
    assert_eq!(sqlx::query_scalar::<_, i64>(lock).fetch_one(&mut holder).await.unwrap(), 1);
    let waits = "SELECT id FROM information_schema.processlist WHERE state = 'User lock'";
    let (migrated, ()) = tokio::join!(database.migrate(), async {
        until("it waits for the lock", async || !database.ask(waits).is_empty()).await;
        database.ask(&format!("KILL QUERY {}", database.ask(waits)));
    });
    let error = migrated.unwrap_err();
    assert!(error.kind().is_temporary(), "{error}");
    assert_eq!(database.ask("SHOW TABLES"), "");
    holder.close().await.unwrap();
    database.migrate().await.unwrap();
}
