//! Databases: our calls beside the bare statements, on as many connections each.

use std::{
    future::Future,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use sealed_cache::{
    Deadline,
    partition::{
        Condition, Etag, MysqlStore, PartitionName, PartitionStore, PostgresStore, Put, SqlSettings,
        SqliteStore, Stored,
    },
};
use sqlx::{
    ConnectOptions, Connection, MySqlConnection, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::runtime::Runtime;

use crate::{
    engine::{mariadb::Mariadb, postgres::Postgres},
    options::Options,
    sample::Compared,
    table::{Table, ratio, time},
    tasks::Load,
};

/// About what one person with an account and three tokens takes, sealed.
const SIZE: usize = 8 * 1024;
const PEOPLE: usize = 500;
const HOUR: Duration = Duration::from_secs(3600);
const TASKS: [usize; 2] = [1, 8];

type Store = Arc<dyn PartitionStore>;

/// A connection of the driver, and the statements that anybody would write.
trait Bare: Sized + Send + 'static {
    fn load(&mut self, name: &str) -> impl Future<Output = Vec<u8>> + Send;
    fn update(&mut self, name: &str, what: &Stored) -> impl Future<Output = u64> + Send;
}

macro_rules! bare {
    ($connection:ty, $load:literal, $update:literal) => {
        impl Bare for $connection {
            async fn load(&mut self, name: &str) -> Vec<u8> {
                let query = sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>($load).bind(name);
                query.fetch_one(self).await.expect("a row").1
            }

            async fn update(&mut self, name: &str, what: &Stored) -> u64 {
                let query =
                    sqlx::query($update).bind(&what.etag.as_bytes()[..]).bind(&what.sealed).bind(name);
                query.execute(self).await.expect("an update").rows_affected()
            }
        }
    };
}

bare!(
    PgConnection,
    "SELECT etag, sealed FROM sealed_cache_partitions WHERE name = $1",
    "UPDATE sealed_cache_partitions SET etag = $1, sealed = $2 WHERE name = $3"
);
bare!(
    MySqlConnection,
    "SELECT etag, sealed FROM sealed_cache_partitions WHERE name = ?",
    "UPDATE sealed_cache_partitions SET etag = ?, sealed = ? WHERE name = ?"
);
bare!(
    SqliteConnection,
    "SELECT etag, sealed FROM sealed_cache_partitions WHERE name = ?",
    "UPDATE sealed_cache_partitions SET etag = ?, sealed = ? WHERE name = ?"
);

/// One for each task.
struct Connections<C>(Arc<Mutex<Vec<C>>>);

impl<C> Clone for Connections<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> Connections<C> {
    fn take(&self) -> C {
        self.0.lock().expect("no panic").pop().expect("one for each task")
    }

    fn give_back(&self, connection: C) {
        self.0.lock().expect("no panic").push(connection);
    }
}

pub(crate) fn postgres(options: &Options) {
    let database = Postgres::start();
    let (runtime, url) = (Runtime::new().expect("a runtime"), database.url());
    runtime.block_on(PostgresStore::migrate(&url, &soon())).expect("tables");
    let open = |tells| {
        let settings = SqlSettings::new().tell_changes(tells);
        Arc::new(runtime.block_on(PostgresStore::connect(&url, settings)).expect("a store"))
    };
    let bare = connections(&runtime, || PgConnection::connect(&url));
    let mut table = table("PostgreSQL");
    measure(options, &runtime, &bare, &(open(false) as Store), &mut table);
    let telling: Store = open(true);
    for tasks in TASKS {
        let load = writing(options, tasks);
        puts(&runtime, &bare, &telling, load, &mut table, "put that tells / UPDATE");
    }
    table.print();
}

pub(crate) fn mariadb(options: &Options) {
    let database = Mariadb::start();
    let (runtime, url) = (Runtime::new().expect("a runtime"), database.url());
    runtime.block_on(MysqlStore::migrate(&url, &soon())).expect("tables");
    let store = runtime.block_on(MysqlStore::connect(&url, SqlSettings::new())).expect("a store");
    let bare = connections(&runtime, || MySqlConnection::connect(&url));
    let mut table = table("MariaDB");
    measure(options, &runtime, &bare, &(Arc::new(store) as Store), &mut table);
    table.print();
}

pub(crate) fn sqlite(options: &Options) {
    let folder = tempfile::tempdir().expect("a folder");
    let (runtime, path) = (Runtime::new().expect("a runtime"), folder.path().join("partitions.db"));
    let store = runtime.block_on(SqliteStore::open(&path, SqlSettings::new())).expect("a store");
    let bare = connections(&runtime, || file(&path));
    let mut table = table("SQLite");
    measure(options, &runtime, &bare, &(Arc::new(store) as Store), &mut table);
    table.print();
}

/// As durable as ours.
async fn file(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Wal);
    options.synchronous(SqliteSynchronous::Full).busy_timeout(Duration::from_secs(30)).connect().await
}

fn connections<C, F>(runtime: &Runtime, open: impl Fn() -> F) -> Connections<C>
where
    F: Future<Output = Result<C, sqlx::Error>>,
{
    let opened = (0..TASKS[1]).map(|_| runtime.block_on(open()).expect("a connection"));
    Connections(Arc::new(Mutex::new(opened.collect())))
}

fn table(engine: &str) -> Table {
    Table::new(&format!("{engine}, 8 KiB each"), &["work", "tasks", "bare", "ours", "ratio"])
}

fn reading(options: &Options, tasks: usize) -> Load {
    let load = Load::new(options, tasks);
    if options.smoke { load } else { Load { calls: 4000, rounds: 9, ..load } }
}

/// Each reaches the disk.
fn writing(options: &Options, tasks: usize) -> Load {
    let load = Load::new(options, tasks);
    if options.smoke { load } else { Load { calls: 500, rounds: 9, ..load } }
}

fn measure<C: Bare>(
    options: &Options,
    runtime: &Runtime,
    bare: &Connections<C>,
    store: &Store,
    table: &mut Table,
) {
    runtime.block_on(async {
        for person in 0..2 * PEOPLE {
            let outcome = store.put(&name(person), &contents(), Condition::Absent, HOUR, &soon()).await;
            assert_eq!(outcome.expect("a put"), Put::Stored);
        }
    });
    for tasks in TASKS {
        loads(runtime, bare, store, reading(options, tasks), table);
    }
    for tasks in TASKS {
        puts(runtime, bare, store, writing(options, tasks), table, "put / UPDATE");
    }
}

fn loads<C: Bare>(runtime: &Runtime, bare: &Connections<C>, store: &Store, load: Load, table: &mut Table) {
    let (bare, store) = (bare.clone(), store.clone());
    let floor = move |number: usize| {
        let bare = bare.clone();
        async move {
            let mut connection = bare.take();
            assert_eq!(connection.load(name(number % PEOPLE).as_str()).await.len(), SIZE);
            bare.give_back(connection);
        }
    };
    let ours = move |number: usize| {
        let store = store.clone();
        async move { assert!(store.load(&name(number % PEOPLE), &soon()).await.expect("a load").is_some()) }
    };
    row(table, "load / SELECT", load, &load.compare(runtime, floor, ours));
}

/// Each call writes where no other does at the same time, so that every condition holds; bare ones where ours do not.
fn puts<C: Bare>(
    runtime: &Runtime,
    bare: &Connections<C>,
    store: &Store,
    load: Load,
    table: &mut Table,
    work: &str,
) {
    let (bare, store) = (bare.clone(), store.clone());
    let floor = move |number: usize| {
        let bare = bare.clone();
        async move {
            let mut connection = bare.take();
            let changed = connection.update(name(PEOPLE + number % PEOPLE).as_str(), &contents()).await;
            assert_eq!(changed, 1);
            bare.give_back(connection);
        }
    };
    // The etag of one write is the condition of the next.
    let etags = Arc::new(runtime.block_on(etags(&store)));
    let ours = move |number: usize| {
        let (store, etags) = (store.clone(), etags.clone());
        async move {
            let (person, what) = (number % PEOPLE, contents());
            let before = std::mem::replace(&mut *etags[person].lock().expect("no panic"), what.etag);
            let outcome = store.put(&name(person), &what, Condition::Matches(before), HOUR, &soon()).await;
            assert_eq!(outcome.expect("a put"), Put::Stored);
        }
    };
    row(table, work, load, &load.compare(runtime, floor, ours));
}

async fn etags(store: &Store) -> Vec<Mutex<Etag>> {
    let mut etags = Vec::new();
    for person in 0..PEOPLE {
        let etag = store.probe(&name(person), &soon()).await.expect("a probe").expect("it is there");
        etags.push(Mutex::new(etag));
    }
    etags
}

fn name(person: usize) -> PartitionName {
    // As long as the names of the crate are.
    PartitionName::from_engine(format!("todo:account:{person:043}"))
}

fn contents() -> Stored {
    Stored { etag: Etag::generate().expect("random bytes"), sealed: vec![7; SIZE] }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

fn row(table: &mut Table, work: &str, load: Load, compared: &Compared) {
    let tasks = load.tasks.to_string();
    table.row(&[work, &tasks, &time(compared.floor), &time(compared.ours), &ratio(compared)]);
}
