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
    let Some(call) = Call::of("processes::on_sqlite") else { return };
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
    lose_nothing(sqlite(&path).await, "processes::on_sqlite", path.to_str().unwrap(), UPDATES).await;
}

#[cfg(unix)]
mod servers {
    use sealed_cache::partition::{MysqlStore, PostgresStore};

    use super::*;
    use crate::databases::{Database, SETTINGS, on_both};

    /// Not tests: one of the processes.
    #[test]
    fn on_postgres() {
        let Some(call) = Call::of("processes::servers::on_postgres") else { return };
        run(async {
            let store = PostgresStore::connect(call.argument(0), SETTINGS).await.unwrap();
            add_tokens(call, Arc::new(store)).await;
        });
    }

    #[test]
    fn on_mariadb() {
        let Some(call) = Call::of("processes::servers::on_mariadb") else { return };
        run(async {
            let store = MysqlStore::connect(call.argument(0), SETTINGS).await.unwrap();
            add_tokens(call, Arc::new(store)).await;
        });
    }

    on_both! {
        nothing_acknowledged_is_lost_also_when_a_process_is_killed => super::lose_nothing_on;
    }

    async fn lose_nothing_on(database: Database) {
        let task = match database {
            Database::Postgres(_) => "processes::servers::on_postgres",
            Database::Mariadb(_) => "processes::servers::on_mariadb",
        };
        lose_nothing(database.store().await, task, &database.url(), UPDATES).await;
    }
}
