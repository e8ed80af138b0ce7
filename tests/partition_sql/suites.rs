//! What has to hold on every engine, on each database.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use sealed_cache::partition::PartitionStore;
use tokio::{runtime::Handle, task::block_in_place};

use crate::databases::Database;

/// A server that the tests share which run at the same time; the last of them ends it. Each has a prefix of its own.
struct Shared(Mutex<Weak<Database>>);

static POSTGRES: Shared = Shared(Mutex::new(Weak::new()));
static MARIADB: Shared = Shared(Mutex::new(Weak::new()));

impl Shared {
    fn or_started(&self, start: impl Future<Output = Database>) -> Arc<Database> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let started = Arc::new(wait(start));
        *shared = Arc::downgrade(&started);
        started
    }
}

fn wait<R>(work: impl Future<Output = R>) -> R {
    block_in_place(|| Handle::current().block_on(work))
}

fn nodes(database: Arc<Database>) -> impl Fn() -> Arc<dyn PartitionStore> {
    move || wait(database.store())
}

mod postgres {
    use super::{Database, POSTGRES, nodes};

    crate::on_engine!(nodes(POSTGRES.or_started(Database::postgres())), #[ignore = "needs PostgreSQL: cargo xtask test engines"]);
    crate::on_engine!(
        nodes(POSTGRES.or_started(Database::postgres())),
        [#[ignore = "needs PostgreSQL: cargo xtask test engines"]],
        concurrent_histories_keep_their_promises
    );
}

mod mariadb {
    use super::{Database, MARIADB, nodes};

    crate::on_engine!(nodes(MARIADB.or_started(Database::mariadb())), #[ignore = "needs MariaDB: cargo xtask test engines"]);
    crate::on_engine!(
        nodes(MARIADB.or_started(Database::mariadb())),
        [#[ignore = "needs MariaDB: cargo xtask test engines"]],
        concurrent_histories_keep_their_promises
    );
}
