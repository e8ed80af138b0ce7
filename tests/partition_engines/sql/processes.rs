//! Several processes on one database, and one of them is killed in the middle.

use std::{path::Path, sync::Arc};

use sealed_cache::partition::{PartitionStore, SqlSettings, SqliteStore};

use crate::{
    child::Call,
    kit::PATIENCE,
    processes_on::{add_tokens, lose_nothing},
};

/// In each of 16 tasks of 4 processes: everybody of 200 has some.
const UPDATES: usize = 13;

/// Not a test: one of the processes, on a file of SQLite.
#[test]
fn on_sqlite() {
    let Some(call) = Call::of("sql::processes::on_sqlite") else { return };
    run(async {
        let store = sqlite(Path::new(call.argument(0))).await;
        add_tokens(call, store).await;
    });
}

async fn sqlite(path: &Path) -> Arc<dyn PartitionStore> {
    Arc::new(SqliteStore::open(path, SqlSettings::new().connect_timeout(PATIENCE)).await.unwrap())
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(work);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask test engines"]
async fn nothing_acknowledged_on_sqlite_is_lost_also_when_a_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("partitions.db");
    lose_nothing(sqlite(&path).await, "sql::processes::on_sqlite", path.to_str().unwrap(), UPDATES).await;
}

#[cfg(unix)]
mod servers {
    use std::time::Instant;

    use sealed_cache::partition::{Condition, MysqlStore, PostgresStore, Put};

    use super::*;
    use crate::{
        child::Child,
        kit::{create, load, name, put, soon, stored, until},
        sql::databases::{Database, SETTINGS, on_both},
        sql::proxy::Proxy,
    };

    async fn connect(url: &str) -> Arc<dyn PartitionStore> {
        let settings = SETTINGS.connections(4);
        if url.starts_with("postgres") {
            return Arc::new(PostgresStore::connect(url, settings).await.unwrap());
        }
        Arc::new(MysqlStore::connect(url, settings).await.unwrap())
    }

    /// Not a test: one of several processes.
    #[test]
    fn adds_tokens() {
        let Some(call) = Call::of("sql::processes::servers::adds_tokens") else { return };
        run(async {
            let store = connect(call.argument(0)).await;
            add_tokens(call, store).await;
        });
    }

    /// Not a test: a process that puts twice, and says so.
    #[test]
    fn puts() {
        let Some(call) = Call::of("sql::processes::servers::puts") else { return };
        run(async {
            let store = connect(call.argument(0)).await;
            let (first, second) = (create(&store, &name("warm"), "first").await, stored("second"));
            let condition = Condition::Matches(first.etag);
            assert_eq!(put(&store, &name("warm"), &second, condition).await.unwrap(), Put::Stored);
            let first = create(&store, &name("a"), "first").await;
            call.say("first");
            call.hear();
            let condition = Condition::Matches(first.etag);
            assert_eq!(put(&store, &name("a"), &second, condition).await.unwrap(), Put::Stored);
            call.say("second");
        });
    }

    on_both! {
        nothing_acknowledged_is_lost_also_when_a_process_is_killed => super::lose_nothing_on;
        a_process_that_is_killed_before_the_answer_leaves_what_it_put => super::killed_before_the_answer;
    }

    async fn lose_nothing_on(database: Database) {
        let task = "sql::processes::servers::adds_tokens";
        lose_nothing(database.store().await, task, &database.url(), UPDATES).await;
    }

    async fn killed_before_the_answer(database: Database) {
        let begun = Instant::now();
        // A process that was held up in between has asked its connection first, and got an answer on another.
        while !killed_in_time(&database).await {
            assert!(begun.elapsed() < PATIENCE, "it is always too late");
        }
    }

    async fn killed_in_time(database: &Database) -> bool {
        let (proxy, direct) = (Proxy::before(database), database.store().await);
        for name in [name("warm"), name("a")] {
            direct.remove(&name, None, &soon()).await.unwrap();
        }
        let mut child = Child::start("sql::processes::servers::puts", &[&proxy.url()]);
        child.expect("first");
        proxy.silence();
        child.tell("go on");
        until("the database has done it", async || {
            load(&direct, &name("a")).await.unwrap().is_some_and(|there| there.sealed == b"second")
        })
        .await;
        child.kill();
        let was_answered = !child.rest().is_empty();
        let there = load(&direct, &name("a")).await.unwrap().unwrap();
        assert_eq!(there.sealed, b"second");
        // And nobody holds it.
        let outcome = put(&direct, &name("a"), &stored("third"), Condition::Matches(there.etag)).await;
        assert_eq!(outcome.unwrap(), Put::Stored);
        !was_answered
    }
}
