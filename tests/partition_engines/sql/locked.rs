//! Somebody else holds the row: an operator, a backup, another program.

use std::time::{Duration, Instant};

use sealed_cache::{
    Deadline,
    partition::{Condition, PartitionName, Put, StoreError, StoreErrorKind},
};
use sqlx::{Connection, MySqlConnection, PgConnection};

use crate::{
    kit::{HOUR, PATIENCE, Store, counted_up, create, holder, load, name, put, soon, stored, until},
    sql::databases::{Database, SETTINGS, on_both},
};

const SHORT: Duration = Duration::from_millis(300);
/// How much later than its deadline a call may end, on a busy machine.
const SLACK: Duration = Duration::from_secs(1);
/// MariaDB answers from an old list of transactions to everybody who asks more often than each 100 ms.
const BETWEEN_LOOKS: Duration = Duration::from_millis(150);

on_both! {
    a_held_row_costs_the_deadline_and_nothing_is_half_done => super::a_held_row;
    a_statement_that_takes_too_long_is_given_up_by_the_database => super::given_up;
    a_purge_passes_over_held_rows => super::purge;
    a_held_lease_keeps_no_partition => super::held_lease;
    a_locked_table_costs_no_more_than_the_statements => super::locked_table;
}

/// A transaction of somebody else.
enum Holder {
    Postgres(PgConnection),
    Mariadb(MySqlConnection),
}

impl Holder {
    async fn of(database: &Database, held: &str) -> Self {
        Self::of_row(database, "partitions", held).await
    }

    async fn of_row(database: &Database, table: &str, held: &str) -> Self {
        let statement = format!("SELECT 1 FROM sealed_cache_{table} WHERE name = 'test:account:{held}'");
        Self::that(database, format!("{statement} FOR UPDATE")).await
    }

    async fn of_table(database: &Database, table: &str) -> Self {
        let how = match database {
            Database::Postgres(_) => format!("LOCK TABLE sealed_cache_{table} IN ACCESS EXCLUSIVE MODE"),
            Database::Mariadb(_) => format!("LOCK TABLES sealed_cache_{table} WRITE"),
        };
        Self::that(database, how).await
    }

    async fn that(database: &Database, statement: String) -> Self {
        let statement = sqlx::AssertSqlSafe(statement);
        match database {
            Database::Postgres(_) => {
                let mut connection = PgConnection::connect(&database.url()).await.unwrap();
                sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
                sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
                Self::Postgres(connection)
            }
            Database::Mariadb(_) => {
                let mut connection = MySqlConnection::connect(&database.url()).await.unwrap();
                sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
                sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
                Self::Mariadb(connection)
            }
        }
    }

    /// When it returns, all is free.
    async fn lets_go(self) {
        match self {
            Self::Postgres(mut connection) => {
                sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.map(drop)
            }
            Self::Mariadb(mut connection) => {
                sqlx::raw_sql("ROLLBACK; UNLOCK TABLES").execute(&mut connection).await.map(drop)
            }
        }
        .unwrap();
    }
}

async fn a_held_row(database: Database) {
    let store = database.store_with(SETTINGS.statement_timeout(Duration::from_secs(2))).await;
    let first = create(&store, &name("a"), "first").await;
    let holder = Holder::of(&database, "a").await;
    for error in writes(&store, &name("a"), first.etag).await {
        assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
        assert!(error.is_ambiguous(), "it could still be done: {error}");
    }
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(first.clone()), "a read does not wait");
    create(&store, &name("b"), "another row").await;
    // What waits in the database although nobody waits for it any more, ends there.
    until("no statement of nobody waits", async || waiting(&database) == 0).await;
    holder.lets_go().await;
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(first.clone()), "nothing comes late");
    let second = stored("second");
    assert_eq!(put(&store, &name("a"), &second, Condition::Matches(first.etag)).await.unwrap(), Put::Stored);
}

/// The errors of all that would write the row, each with little time.
async fn writes(store: &Store, name: &PartitionName, etag: sealed_cache::partition::Etag) -> [StoreError; 3] {
    let (what, condition) = (stored("late"), Condition::Matches(etag));
    let late = || Deadline::after(SHORT);
    // Each closes its connection. The next is to find one, and not to lose its time with making it.
    load(store, name).await.unwrap();
    let put = late_error(store.put(name, &what, condition, HOUR, &late())).await;
    load(store, name).await.unwrap();
    let touch = late_error(store.touch(name, etag, HOUR, &late())).await;
    load(store, name).await.unwrap();
    [put, touch, late_error(store.remove(name, None, &late())).await]
}

async fn late_error<T: std::fmt::Debug>(call: impl Future<Output = Result<T, StoreError>>) -> StoreError {
    let begun = Instant::now();
    let error = call.await.unwrap_err();
    let took = begun.elapsed();
    assert!(took >= SHORT && took < SHORT + SLACK, "{error} after {took:?}");
    error
}

/// How many statements wait for the lock of a row or a table.
fn waiting(database: &Database) -> u32 {
    let count = match database {
        Database::Postgres(_) => "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        Database::Mariadb(_) => {
            std::thread::sleep(BETWEEN_LOOKS);
            "SELECT (SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT')
                + (SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE '%table metadata lock')"
        }
    };
    database.ask(count).parse().unwrap()
}

async fn given_up(database: Database) {
    let store = database.store_with(SETTINGS.statement_timeout(Duration::from_secs(1))).await;
    let first = create(&store, &name("a"), "first").await;
    let holder = Holder::of(&database, "a").await;
    let (begun, second) = (Instant::now(), stored("second"));
    let error = put(&store, &name("a"), &second, Condition::Matches(first.etag)).await.unwrap_err();
    assert!(error.kind() == StoreErrorKind::Timeout && !error.is_ambiguous(), "{error}");
    assert!(begun.elapsed() < PATIENCE / 2, "it took {:?}", begun.elapsed());
    let error = store.remove(&name("a"), None, &soon()).await.unwrap_err();
    assert!(error.kind() == StoreErrorKind::Timeout && !error.is_ambiguous(), "{error}");
    holder.lets_go().await;
    assert_eq!(put(&store, &name("a"), &second, Condition::Matches(first.etag)).await.unwrap(), Put::Stored);
}

async fn purge(database: Database) {
    let store = database.store().await;
    for name in [name("a"), name("b")] {
        let lives_for = Duration::from_millis(1);
        let outcome = store.put(&name, &stored("ending"), Condition::Absent, lives_for, &soon()).await;
        assert_eq!(outcome.unwrap(), Put::Stored);
        until("it has expired", async || load(&store, &name).await.unwrap().is_none()).await;
    }
    let holder = Holder::of(&database, "a").await;
    assert_eq!(store.purge(10, &soon()).await.unwrap(), 1);
    holder.lets_go().await;
    assert_eq!(store.purge(10, &soon()).await.unwrap(), 1);
}

async fn held_lease(database: Database) {
    let store = database.store().await;
    let moment = Duration::from_millis(1);
    for lease in [name("a"), name("b")] {
        assert!(store.lease(&lease, &holder(), moment, &soon()).await.unwrap());
    }
    let ending = store.put(&name("c"), &stored("ending"), Condition::Absent, moment, &soon()).await;
    assert_eq!(ending.unwrap(), Put::Stored);
    until("it has expired", async || load(&store, &name("c")).await.unwrap().is_none()).await;
    let leases = || database.ask("SELECT count(*) FROM sealed_cache_leases");
    let held = Holder::of_row(&database, "leases", "a").await;
    assert_eq!(store.purge(10, &soon()).await.unwrap(), 1);
    assert_eq!(leases(), "1", "only the one that is held is left");
    held.lets_go().await;
    assert_eq!(store.purge(10, &soon()).await.unwrap(), 0);
    assert_eq!(leases(), "0");
}

async fn locked_table(database: Database) {
    let store = database.store_with(SETTINGS.statement_timeout(Duration::from_secs(1))).await;
    let lives_for = Duration::from_millis(1);
    let ending = store.put(&name("a"), &stored("ending"), Condition::Absent, lives_for, &soon()).await;
    assert_eq!(ending.unwrap(), Put::Stored);
    until("it has expired", async || load(&store, &name("a")).await.unwrap().is_none()).await;
    let held = Holder::of_table(&database, "leases").await;
    assert_eq!(store.purge(10, &soon()).await.unwrap(), 1, "partitions are not locked");
    held.lets_go().await;
    let held = Holder::of_table(&database, "partitions").await;
    for _ in 0..3 {
        // New connections, and such as have prepared the statement before.
        let late = Deadline::after(SHORT);
        let error = store.touch(&name("a"), stored("").etag, HOUR, &late).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
        until("no statement of nobody waits", async || waiting(&database) == 0).await;
    }
    held.lets_go().await;
    create(&store, &name("a"), "contents").await;
}

/// Where the database refuses transactions that others got in between of, they are tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn refused_transactions_are_tried_again() {
    let database = Database::postgres().await;
    database.ask("ALTER ROLE harness SET default_transaction_isolation = 'serializable'");
    counted_up(&[database.store().await, database.store().await], 8, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs mariadb-server: cargo xtask test engines"]
async fn deadlocks_are_tried_again() {
    let database = Database::mariadb().await;
    let store = database.store().await;
    // Purges and creations lock the same gaps of an index in different orders.
    let mut running = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let store = store.clone();
        running.spawn(async move {
            for number in 0..50 {
                let name = name(format!("{writer}:{number}"));
                let what = stored("ending");
                let (lives_for, deadline) = (Duration::from_millis(1), soon());
                let ending = store.put(&name, &what, Condition::Absent, lives_for, &deadline);
                assert_eq!(ending.await.unwrap(), Put::Stored);
                store.purge(20, &soon()).await.unwrap();
            }
        });
    }
    running.join_all().await;
}
