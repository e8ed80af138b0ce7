//! What has to hold on every engine, on each of them.

use tokio::{runtime::Handle, task::block_in_place};

use crate::kit::Store;

fn wait<R>(work: impl Future<Output = R>) -> R {
    block_in_place(|| Handle::current().block_on(work))
}

/// Nodes of a Redis that belongs to one test, each with a connection of its own.
#[cfg(unix)]
mod redis {
    use super::{Store, wait};
    use crate::{engine::redis::Redis, redis::store};

    fn nodes() -> impl Fn() -> Store {
        let redis = Redis::start();
        move || wait(store(&redis))
    }

    crate::on_engine!(nodes(), #[ignore = "needs redis-server: cargo xtask test engines"]);
    crate::on_engine!(
        nodes(),
        [#[ignore = "needs redis-server: cargo xtask test engines"]],
        concurrent_histories_keep_their_promises
    );
}

#[cfg(unix)]
mod shared {
    use std::sync::{Arc, Mutex, PoisonError, Weak};

    use super::{Store, wait};
    use crate::sql::databases::Database;

    /// A server that the tests share which run at the same time; the last of them ends it. Each has a prefix of its own.
    pub(super) struct Shared(Mutex<Weak<Database>>);

    impl Shared {
        pub(super) const fn new() -> Self {
            Self(Mutex::new(Weak::new()))
        }

        pub(super) fn nodes(&self, start: impl Future<Output = Database>) -> impl Fn() -> Store {
            let database = self.or_started(start);
            move || wait(database.store())
        }

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
}

#[cfg(unix)]
mod postgres {
    use super::{Store, shared::Shared};
    use crate::sql::databases::Database;

    static POSTGRES: Shared = Shared::new();

    fn nodes() -> impl Fn() -> Store {
        POSTGRES.nodes(Database::postgres())
    }

    crate::on_engine!(nodes(), #[ignore = "needs postgresql: cargo xtask test engines"]);
    crate::on_engine!(
        nodes(),
        [#[ignore = "needs postgresql: cargo xtask test engines"]],
        concurrent_histories_keep_their_promises
    );
}

#[cfg(unix)]
mod mariadb {
    use super::{Store, shared::Shared};
    use crate::sql::databases::Database;

    static MARIADB: Shared = Shared::new();

    fn nodes() -> impl Fn() -> Store {
        MARIADB.nodes(Database::mariadb())
    }

    crate::on_engine!(nodes(), #[ignore = "needs mariadb-server: cargo xtask test engines"]);
    crate::on_engine!(
        nodes(),
        [#[ignore = "needs mariadb-server: cargo xtask test engines"]],
        concurrent_histories_keep_their_promises
    );
}

mod sqlite {
    use super::{Store, wait};
    use crate::sql::sqlite::open;

    fn nodes() -> impl Fn() -> Store {
        let folder = tempfile::tempdir().unwrap();
        move || wait(open(folder.path()))
    }

    crate::on_engine!(nodes());
    crate::on_engine!(nodes(), [], concurrent_histories_keep_their_promises);
}
