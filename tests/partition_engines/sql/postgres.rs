//! What is different on PostgreSQL.

use crate::{
    kit::{HOUR, create, every_verb_works, holder, load, name, soon},
    sql::databases::{Database, migrate_at_once},
};

/// As a server on Windows does, which cannot notice a client that has left.
const REFUSAL: &str = "\
    CREATE SCHEMA refusing;
    CREATE FUNCTION refusing.set_config(name text, value text, is_local boolean) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        IF name = 'client_connection_check_interval' THEN
            RAISE EXCEPTION 'must be set to 0' USING ERRCODE = '22023';
        END IF;
        RETURN pg_catalog.set_config(name, value, is_local);
    END $$;
    ALTER ROLE harness SET search_path = refusing, pg_catalog, public";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn a_server_that_cannot_notice_clients_that_have_left_is_good_enough() {
    let database = Database::postgres().await;
    database.ask(REFUSAL);
    let store = database.store().await;
    every_verb_works(&store).await;
    let limited = "SELECT set_config('statement_timeout', '0', false); SELECT current_setting('search_path')";
    assert!(database.ask(limited).contains("refusing"));
    drop(store);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn nodes_may_migrate_at_once_whatever_the_isolation_is_by_default() {
    let database = Database::postgres().await;
    database.ask("ALTER ROLE harness SET default_transaction_isolation = 'serializable'");
    migrate_at_once(database).await;
}

/// Statements that were prepared are gone, or give other columns: after a migration, or behind PgBouncer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn a_connection_whose_statements_do_not_work_any_more_is_replaced() {
    let database = Database::postgres().await;
    let store = database.store().await;
    let what = create(&store, &name("a"), "contents").await;
    assert_eq!(load(&store, &name("a")).await.unwrap().as_ref(), Some(&what));
    database
        .ask("CREATE DOMAIN etag AS bytea; ALTER TABLE sealed_cache_partitions ALTER COLUMN etag TYPE etag");
    assert_eq!(load(&store, &name("a")).await.unwrap().as_ref(), Some(&what));
    database.ask(
        "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN NULL; END $$;
        CREATE TRIGGER forget AFTER INSERT ON sealed_cache_leases EXECUTE FUNCTION forget()",
    );
    assert!(store.lease(&name("a"), &holder(), HOUR, &soon()).await.unwrap());
    assert!(store.remove(&name("none"), None, &soon()).await.is_ok_and(|removed| !removed));
    assert_eq!(load(&store, &name("a")).await.unwrap().as_ref(), Some(&what));
}
