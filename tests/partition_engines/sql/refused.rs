//! The database refuses: no tables, no rights, no such user, read-only, too large; or holds what is not ours.

use std::error::Error as _;

use sealed_cache::{
    ErrorKind,
    partition::{Condition, Put, StoreErrorKind},
};

use crate::{
    engine::{mariadb::Mariadb, postgres::Postgres},
    kit::{
        Ended, PATIENCE, create, every_verb, every_verb_is, every_verb_works, load, name, put, soon, stored,
    },
    sql::databases::{Database, SETTINGS, on_both},
};

on_both! {
    missing_tables_are_named => super::missing_tables;
    the_rights_that_are_documented_are_enough => super::enough_rights;
    missing_rights_are_refused => super::missing_rights;
    who_may_not_enter_is_refused_and_not_named => super::no_entry;
    a_read_only_database_is_unavailable_until_it_is_none => super::read_only;
    what_is_no_partition_is_corrupt => super::no_partition;
}

fn drop_tables(database: &Database) {
    for table in ["partitions", "leases", "schema"] {
        database.ask(&format!("DROP TABLE sealed_cache_{table}"));
    }
}

async fn missing_tables(database: Database) {
    let store = database.store().await;
    drop_tables(&database);
    let error = database.connect(&database.url(), SETTINGS).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    assert!(error.to_string().contains("tables are missing"), "{error}");
    every_verb_is(&store, StoreErrorKind::Denied).await;
    database.migrate().await.unwrap();
    every_verb_works(&store).await;
}

/// A user with a password and these rights on the tables.
fn user(database: &Database, rights: &str) -> String {
    match database {
        Database::Postgres(_) => {
            database.ask("CREATE ROLE guest LOGIN PASSWORD 'open sesame'");
            for table in ["partitions", "leases", "schema"] {
                database.ask(&format!("GRANT {rights} ON sealed_cache_{table} TO guest"));
            }
            database.url_of("guest", "open%20sesame", "postgres")
        }
        Database::Mariadb(_) => {
            database.ask("CREATE USER guest IDENTIFIED BY 'open sesame'");
            for table in ["partitions", "leases", "schema"] {
                database.ask(&format!("GRANT {rights} ON sealed_cache_{table} TO guest"));
            }
            database.url_of("guest", "open%20sesame", "todo")
        }
    }
}

async fn enough_rights(database: Database) {
    let url = user(&database, "SELECT, INSERT, UPDATE, DELETE");
    let store = database.connect(&url, SETTINGS).await.unwrap();
    every_verb_works(&store).await;
    if let Some(mut changes) = store.changes(&soon()).await.unwrap() {
        create(&store, &name("told"), "contents").await;
        assert_eq!(changes.next().await.unwrap(), name("told"));
    }
    drop_tables(&database);
}

async fn missing_rights(database: Database) {
    let url = user(&database, "SELECT");
    let store = database.connect(&url, SETTINGS).await.unwrap();
    for Ended { verb, writes, error, .. } in every_verb(&store, &name("a"), PATIENCE).await {
        assert_eq!(error.is_some(), writes, "{verb}: {error:?}");
        let Some(error) = error else { continue };
        assert!(error.kind() == StoreErrorKind::Denied && !error.is_ambiguous(), "{verb}: {error}");
        assert!(!format!("{error} {error:?}").contains("guest"), "{error:?}");
    }
}

async fn no_entry(database: Database) {
    let url = user(&database, "SELECT");
    let schema = url.rsplit('/').next().unwrap();
    let mut wrong = vec![
        database.url_of("nobody-here", "open%20sesame", schema),
        database.url_of("guest", "wrong-password", schema),
        database.url_of("guest", "open%20sesame", "no-such-schema"),
        "redis://guest:wrong-password@127.0.0.1/".to_owned(),
        "wrong-password".to_owned(),
    ];
    // Asked for, and not compiled in.
    wrong.push(format!(
        "{url}?{}",
        if url.starts_with("mysql") { "ssl-mode=REQUIRED" } else { "sslmode=require" }
    ));
    for url in wrong {
        let error = database.connect(&url, SETTINGS).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::EngineUnavailable),
            "{url}: {error}"
        );
        if !url.contains('?') {
            assert_eq!(error.kind(), ErrorKind::AccessDenied, "{url}: {error}");
        }
        let mut said = format!("{error} {error:?}");
        let mut source = error.source();
        while let Some(below) = source {
            said += &format!(" {below} {below:?}");
            source = below.source();
        }
        for secret in ["guest", "nobody-here", "sesame", "wrong-password", "no-such-schema", "127.0.0.1"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

async fn read_only(database: Database) {
    let store = database.store().await;
    let what = create(&store, &name("a"), "contents").await;
    let (on, off) = match &database {
        Database::Postgres(_) => (
            "ALTER ROLE harness SET default_transaction_read_only = on",
            "START TRANSACTION READ WRITE; ALTER ROLE harness RESET default_transaction_read_only; COMMIT",
        ),
        Database::Mariadb(_) => ("SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"),
    };
    database.ask(on);
    database.break_connections();
    assert_eq!(load(&store, &name("a")).await.unwrap().as_ref(), Some(&what));
    let next = stored("next");
    let error = put(&store, &name("a"), &next, Condition::Matches(what.etag)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(!error.is_ambiguous(), "it says that it did nothing: {error}");
    let error = store.remove(&name("a"), None, &soon()).await.unwrap_err();
    assert!(error.kind() == StoreErrorKind::Unavailable && !error.is_ambiguous(), "{error}");
    database.ask(off);
    assert_eq!(put(&store, &name("a"), &next, Condition::Matches(what.etag)).await.unwrap(), Put::Stored);
}

async fn no_partition(database: Database) {
    let store = database.store().await;
    create(&store, &name("a"), "contents").await;
    let change = match &database {
        Database::Postgres(_) => "UPDATE sealed_cache_partitions SET etag = 'short'",
        Database::Mariadb(_) => {
            "ALTER TABLE sealed_cache_partitions MODIFY etag VARBINARY(16); UPDATE sealed_cache_partitions SET etag = 'short'"
        }
    };
    database.ask(change);
    assert_eq!(load(&store, &name("a")).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_eq!(store.probe(&name("a"), &soon()).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    let error = put(&store, &name("a"), &stored("ours"), Condition::Absent).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    // Whoever removes it can go on.
    assert!(store.remove(&name("a"), None, &soon()).await.unwrap());
    create(&store, &name("a"), "ours").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs mariadb-server: cargo xtask test engines"]
async fn what_is_larger_than_a_packet_is_refused_before_it_is_sent() {
    let database = Database::Mariadb(Mariadb::start_with(&["--max-allowed-packet=2M"]));
    database.migrate().await.unwrap();
    let store = database.store().await;
    let largest = store.capabilities().largest;
    assert!(largest < 2 << 20, "{largest}");
    let error = put(&store, &name("a"), &stored(vec![0; largest + 1]), Condition::Absent).await.unwrap_err();
    assert!(error.kind() == StoreErrorKind::TooLarge && !error.is_ambiguous(), "{error}");
    let what = create(&store, &name("a"), vec![7; largest]).await;
    assert!(load(&store, &name("a")).await.unwrap() == Some(what));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn a_store_says_whether_a_crash_would_cost_something() {
    let database = Database::Postgres(Postgres::start_with(&["synchronous_commit=off"]));
    database.migrate().await.unwrap();
    assert!(!database.store().await.capabilities().is_durable);
    let database = Database::postgres().await;
    assert!(database.store().await.capabilities().is_durable);
    database.ask("ALTER TABLE sealed_cache_partitions SET UNLOGGED");
    assert!(!database.store().await.capabilities().is_durable, "a crash empties the table");
}
