//! The two databases that are servers, seen as one: what a test does to either of them.

use sealed_cache::{
    partition::{MysqlStore, PostgresStore, SqlSettings},
    testing::partition_store,
};
use std::sync::Arc;

use crate::{
    engine::{mariadb::Mariadb, postgres::Postgres},
    kit::{PATIENCE, Store, counted_up, create, name, soon, until},
};

/// With as much patience for a connection as a busy machine asks for.
pub(crate) const SETTINGS: SqlSettings = SqlSettings::new().connect_timeout(PATIENCE);

pub(crate) enum Database {
    Postgres(Postgres),
    Mariadb(Mariadb),
}

/// The same of either.
macro_rules! of_either {
    ($self:expr, $database:ident => $what:expr) => {
        match $self {
            Self::Postgres($database) => $what,
            Self::Mariadb($database) => $what,
        }
    };
}

impl Database {
    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Postgres::start()).migrated().await
    }

    pub(crate) async fn mariadb() -> Self {
        Self::Mariadb(Mariadb::start()).migrated().await
    }

    async fn migrated(self) -> Self {
        self.migrate().await.unwrap();
        self
    }

    pub(crate) async fn migrate(&self) -> sealed_cache::Result<()> {
        match self {
            Self::Postgres(_) => PostgresStore::migrate(&self.url(), &soon()).await,
            Self::Mariadb(_) => MysqlStore::migrate(&self.url(), &soon()).await,
        }
    }

    pub(crate) async fn connect(&self, url: &str, settings: SqlSettings) -> sealed_cache::Result<Store> {
        Ok(match self {
            Self::Postgres(_) => Arc::new(PostgresStore::connect(url, settings).await?),
            Self::Mariadb(_) => Arc::new(MysqlStore::connect(url, settings).await?),
        })
    }

    pub(crate) async fn store(&self) -> Store {
        self.store_with(SETTINGS).await
    }

    pub(crate) async fn store_with(&self, settings: SqlSettings) -> Store {
        self.connect(&self.url(), settings).await.unwrap()
    }

    pub(crate) fn url(&self) -> String {
        of_either!(self, database => database.url())
    }

    pub(crate) fn url_of(&self, user: &str, password: &str, schema: &str) -> String {
        of_either!(self, database => database.url_of(user, password, schema))
    }

    /// As its administrator; on MariaDB in the database `todo`.
    #[track_caller]
    pub(crate) fn ask(&self, statement: &str) -> String {
        match self {
            Self::Postgres(database) => database.ask(statement),
            Self::Mariadb(database) => database.ask(&format!("USE todo; {statement}")),
        }
    }

    pub(crate) fn pause(&self) -> Box<dyn Send + '_> {
        of_either!(self, database => Box::new(database.pause()))
    }

    pub(crate) fn crash(&mut self) {
        of_either!(self, database => database.crash());
    }

    pub(crate) fn restart(&mut self) {
        of_either!(self, database => database.restart());
    }

    pub(crate) fn break_connections(&self) {
        of_either!(self, database => database.break_connections());
    }

    pub(crate) fn clients(&self) -> usize {
        of_either!(self, database => database.clients())
    }
}

/// A test of either database: what it does is a function of one.
macro_rules! on_both {
    ($($name:ident => $what:path;)+) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs postgresql: cargo xtask test engines"]
            async fn $name() {
                $what(crate::sql::databases::Database::postgres().await).await;
            })+
        }

        mod mariadb {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs mariadb-server: cargo xtask test engines"]
            async fn $name() {
                $what(crate::sql::databases::Database::mariadb().await).await;
            })+
        }
    };
}

pub(crate) use on_both;

on_both! {
    it_conforms => super::conforms;
    no_update_is_lost => super::counts;
    nodes_may_migrate_at_once => super::migrate_at_once;
    connections_are_few_and_used_again => super::few_connections;
}

async fn conforms(database: Database) {
    let (one, other) = (database.store().await, database.store().await);
    assert!(one.capabilities().is_durable);
    partition_store::everything(&*one, &*other).await;
    let rows = database.ask("SELECT count(*) FROM sealed_cache_partitions WHERE name LIKE '%account%'");
    assert_eq!(rows, "0", "the suite removes what it made");
}

async fn counts(database: Database) {
    counted_up(&[database.store().await, database.store().await], 8, 10).await;
}

pub(crate) async fn migrate_at_once(database: Database) {
    for table in ["partitions", "leases", "schema"] {
        database.ask(&format!("DROP TABLE sealed_cache_{table}"));
    }
    let nodes: Vec<_> = (0..8).map(|_| database.migrate()).collect();
    let database = &database;
    futures(nodes).await;
    let store = database.store().await;
    create(&store, &name("kept"), "contents").await;
    // Once more, where the tables are in use.
    database.migrate().await.unwrap();
    assert!(store.probe(&name("kept"), &soon()).await.unwrap().is_some());
    assert_eq!(database.ask("SELECT version FROM sealed_cache_schema"), "1");
}

/// All of them at once, on this task: they wait for the database most of the time.
async fn futures(nodes: Vec<impl Future<Output = sealed_cache::Result<()>>>) {
    let mut nodes: Vec<_> = nodes.into_iter().map(Box::pin).collect();
    let mut waiting: Vec<_> = nodes.iter_mut().map(Some).collect();
    std::future::poll_fn(|context| {
        for slot in &mut waiting {
            if let Some(node) = slot
                && let std::task::Poll::Ready(outcome) = node.as_mut().poll(context)
            {
                outcome.unwrap();
                *slot = None;
            }
        }
        if waiting.iter().all(Option::is_none) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

async fn few_connections(database: Database) {
    let store = database.store_with(SETTINGS.connections(3)).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..100_u32 {
        let store = store.clone();
        let call = calls.spawn(async move { create(&store, &name(number), "contents").await });
        if number % 4 == 0 {
            tokio::task::yield_now().await;
            call.abort();
        }
    }
    while let Some(call) = calls.join_next().await {
        assert!(call.is_ok() || call.unwrap_err().is_cancelled());
    }
    // Connections of calls that were dropped are closed by us; the database notices a little later.
    until("there are 3 connections at most", async || database.clients() <= 3).await;
    create(&store, &name("after"), "contents").await;
}
