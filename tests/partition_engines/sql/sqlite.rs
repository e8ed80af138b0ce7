//! SQLite: it needs nothing installed.

use std::{path::Path, sync::Arc, time::Duration};

use sealed_cache::{
    Deadline, ErrorKind,
    partition::{Condition, Put, SqlSettings, SqliteStore, StoreErrorKind},
    testing::partition_store,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    child::{Call, Child},
    kit::{HOUR, PATIENCE, Store, counted_up, create, every_verb_works, load, name, put, stored},
};

pub(crate) async fn open(folder: &Path) -> Store {
    let settings = SqlSettings::new().connect_timeout(PATIENCE);
    Arc::new(SqliteStore::open(folder.join("partitions.db"), settings).await.unwrap())
}

/// Of another program.
async fn bare(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.join("partitions.db")).connect().await.unwrap()
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (open(folder.path()).await, open(folder.path()).await);
    partition_store::everything(&*one, &*other).await;
    let mut bare = bare(folder.path()).await;
    let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sealed_cache_partitions");
    assert_eq!(count.fetch_one(&mut bare).await.unwrap(), 0, "the suite removes what it made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    counted_up(&[open(folder.path()).await, open(folder.path()).await], 8, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = folder.path().to_owned();
        opened.spawn(async move { open(&path).await });
    }
    for store in opened.join_all().await {
        every_verb_works(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_its_tables_is_opened_while_somebody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let first = create(&open(folder.path()).await, &name("a"), "first").await;
    let mut other = bare(folder.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let store = open(folder.path()).await;
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_made_once_nobody_else_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("partitions.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut other = options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal).connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let settings = SqlSettings::new().connect_timeout(Duration::from_millis(150));
    let error = SqliteStore::open(&path, settings).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EngineTimeout, "{error}");
    let waiting = tokio::spawn({
        let folder = folder.path().to_owned();
        async move { open(&folder).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    every_verb_works(&waiting.await.unwrap()).await;
}

#[tokio::test]
async fn what_is_no_database_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("partitions.db");
    let text = "this is not a database, and long enough to be looked at as one ".repeat(20);
    std::fs::write(&path, &text).unwrap();
    let error = SqliteStore::open(&path, SqlSettings::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_writer_costs_the_deadline_and_nothing_is_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let first = create(&store, &name("a"), "first").await;
    let mut other = bare(folder.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let second = stored("second");
    let condition = Condition::Matches(first.etag);
    let late = Deadline::after(Duration::from_millis(150));
    let error = store.put(&name("a"), &second, condition, HOUR, &late).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Timeout, "{error}");
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(first.clone()), "a read does not wait");
    // A write that still has time waits on, and is done once the other one is.
    let waiting = {
        let (store, second) = (store.clone(), second.clone());
        tokio::spawn(async move { put(&store, &name("a"), &second, condition).await })
    };
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), Put::Stored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_locked_as_a_whole_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let options = SqliteConnectOptions::new().filename(folder.path().join("partitions.db"));
    let locking = options.locking_mode(sqlx::sqlite::SqliteLockingMode::Exclusive);
    let mut other = locking.connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE; COMMIT").execute(&mut other).await.unwrap();
    let late = Deadline::after(Duration::from_millis(200));
    assert_eq!(store.load(&name("a"), &late).await.unwrap_err().kind(), StoreErrorKind::Timeout);
    let waiting = tokio::spawn(async move { create(&store, &name("a"), "contents").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    other.close().await.unwrap();
    waiting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_are_gone_are_denied_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    create(&store, &name("a"), "contents").await;
    let mut other = bare(folder.path()).await;
    let drops =
        "DROP TABLE sealed_cache_partitions; DROP TABLE sealed_cache_leases; DROP TABLE sealed_cache_schema";
    sqlx::raw_sql(drops).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    crate::kit::every_verb_is(&store, StoreErrorKind::Denied).await;
    let again = open(folder.path()).await;
    every_verb_works(&again).await;
    every_verb_works(&store).await;
}

/// The task of another process: it tells of each partition before it creates it, and after.
#[test]
fn writes_until_it_is_killed() {
    let Some(call) = Call::of("sql::sqlite::writes_until_it_is_killed") else { return };
    run(async {
        let store = open(Path::new(call.argument(0))).await;
        for number in 0_u32.. {
            create(&store, &name(number), number.to_be_bytes()).await;
            call.say(number);
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let folder = folder.path().join(round.to_string());
        let mut child = Child::start("sql::sqlite::writes_until_it_is_killed", &[folder.to_str().unwrap()]);
        let mut acknowledged: Vec<_> = (0..20).map(|_| child.hear().unwrap()).collect();
        child.kill();
        acknowledged.extend(child.rest());
        run(async {
            let store = open(&folder).await;
            for number in acknowledged {
                let number: u32 = number.parse().unwrap();
                let there = load(&store, &name(number)).await.unwrap().expect("it was acknowledged");
                assert_eq!(there.sealed, number.to_be_bytes());
            }
            every_verb_works(&store).await;
        });
    }
}

#[cfg(unix)]
mod unix {
    use std::{fs, os::unix::fs::PermissionsExt, process::Command};

    use super::*;
    use crate::kit::soon;

    #[tokio::test]
    async fn its_files_are_for_this_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        create(&store, &name("a"), "contents").await;
        let mut seen = Vec::new();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
            seen.push(entry.file_name().into_string().unwrap());
        }
        seen.sort();
        assert_eq!(seen, ["partitions.db", "partitions.db-shm", "partitions.db-wal"]);
    }

    #[tokio::test]
    async fn a_folder_that_others_can_change_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let opened = SqliteStore::open(folder.path().join("partitions.db"), SqlSettings::new()).await;
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        let remedy = format!("chmod go-w '{}'", folder.path().canonicalize().unwrap().display());
        assert!(error.to_string().contains(&remedy), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// The task of another process, which sees a disk of 512 KiB.
    #[test]
    fn writes_on_a_full_disk() {
        let Some(call) = Call::of("sql::sqlite::unix::writes_on_a_full_disk") else { return };
        run(async {
            let store = open(Path::new(call.argument(0))).await;
            let first = create(&store, &name("first"), vec![1; 8000]).await;
            let mut kept = 0;
            let error = loop {
                let what = stored(vec![7; 8000]);
                match put(&store, &name(kept), &what, Condition::Absent).await {
                    Ok(outcome) => assert_eq!(outcome, Put::Stored),
                    Err(error) => break error,
                }
                kept += 1;
            };
            assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
            assert!(kept > 5, "{kept}");
            let condition = Condition::Matches(first.etag);
            let error = put(&store, &name("first"), &stored(vec![2; 90_000]), condition).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
            // All that was acknowledged is there, and nothing else.
            assert_eq!(load(&store, &name("first")).await.unwrap(), Some(first));
            for number in 0..kept {
                assert_eq!(load(&store, &name(number)).await.unwrap().unwrap().sealed, vec![7; 8000]);
            }
            assert_eq!(load(&store, &name(kept)).await.unwrap(), None);
            // Once there is room, it goes on without being opened again.
            let folder = call.argument(0);
            assert!(
                Command::new("mount").args(["-o", "remount,size=8m", folder]).status().unwrap().success()
            );
            assert!(store.remove(&name(0), None, &soon()).await.unwrap());
            create(&store, &name(kept), vec![7; 8000]).await;
            every_verb_works(&store).await;
        });
    }

    #[test]
    #[ignore = "needs root: cargo xtask test engines"]
    fn a_full_disk_is_said_and_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let script = format!("mount -t tmpfs -o size=512k,mode=0700 none '{path}'; exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", &script, "sh"]).arg(std::env::current_exe().unwrap());
        Child::start_by(command, "sql::sqlite::unix::writes_on_a_full_disk", &[path]).ends();
        assert_eq!(fs::read_dir(path).unwrap().count(), 0, "the small disk was not mounted");
    }
}

#[cfg(windows)]
#[tokio::test]
async fn a_path_that_connections_cannot_share_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("a".repeat(100)).join("b".repeat(160));
    let error = SqliteStore::open(&long, SqlSettings::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
    assert!(error.to_string().contains("too long"), "{error}");
}
