//! TLS to real engines: it works, and whoever cannot prove to be the engine gets nothing.

use std::{process::Command, sync::Arc};

use sealed_cache::{
    Error, ErrorKind,
    partition::{RedisSettings, RedisStore},
};

use crate::{
    child::{Call, Child},
    engine::{certificates::Certificates, mariadb::Mariadb, postgres::Postgres, redis::Redis},
    kit::{PATIENCE, Store, create, every_verb_works, name, soon},
    sql::databases::{Database, SETTINGS},
};

const NOT_TRUSTED: &str = "its certificate is of an issuer that is not trusted here";
const ANOTHER_HOST: &str = "its certificate is for another host name";

/// For this reason, and without the name of the host.
#[track_caller]
fn is_refused<T>(connected: Result<T, Error>, why: &str) {
    let error = connected.err().expect("nobody proved who it is");
    assert_eq!(error.kind(), ErrorKind::EngineUnavailable, "{error}");
    assert!(error.to_string().contains(why), "{error}");
    let said = format!("{error} {error:?}");
    assert!(!said.contains("localhost") && !said.contains("127.0.0.1"), "{said}");
}

async fn redis(url: &str) -> Result<Store, Error> {
    let settings = RedisSettings::new().connect_timeout(PATIENCE);
    Ok(Arc::new(RedisStore::connect(url, settings).await?))
}

/// Not a test: a process whose system trusts the issuer.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test engines"]
fn trusts_the_issuer() {
    let Some(call) = Call::of("tls::trusts_the_issuer") else { return };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let port = call.argument(0);
        let store = redis(&format!("rediss://127.0.0.1:{port}/")).await.unwrap();
        every_verb_works(&store).await;
        let mut changes = store.changes(&soon()).await.unwrap().expect("Redis tells");
        create(&store, &name("a"), "contents").await;
        assert_eq!(changes.next().await.unwrap(), name("a"));
        is_refused(redis(&format!("rediss://localhost:{port}/")).await, ANOTHER_HOST);
        call.say("done");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn redis_over_tls() {
    let certificates = Certificates::make();
    let server = Redis::with_tls(&certificates);
    let port = server.tls_port();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("SSL_CERT_FILE", certificates.issuer()).env_remove("SSL_CERT_DIR");
    let child = Child::start_by(command, "tls::trusts_the_issuer", &[&port]);
    child.expect("done");
    child.ends();
    is_refused(redis(&format!("rediss://127.0.0.1:{port}/")).await, NOT_TRUSTED);
    is_refused(redis(&format!("redis://127.0.0.1:{port}/")).await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs postgresql: cargo xtask test engines"]
async fn postgres_over_tls() {
    let certificates = Certificates::make();
    let database = Database::Postgres(Postgres::with_tls(&certificates));
    let trusted = format!("sslmode=verify-full&sslrootcert={}", certificates.issuer());
    over_tls(&database, "sslmode=verify-full", &trusted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs mariadb-server: cargo xtask test engines"]
async fn mariadb_over_tls() {
    let certificates = Certificates::make();
    let database = Database::Mariadb(Mariadb::with_tls(&certificates));
    let trusted = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={}", certificates.issuer());
    over_tls(&database, "ssl-mode=VERIFY_IDENTITY", &trusted).await;
}

async fn over_tls(database: &Database, untrusted: &str, trusted: &str) {
    database.migrate().await.unwrap();
    if let Database::Mariadb(_) = database {
        database.ask("ALTER USER todo REQUIRE SSL");
    }
    let url = database.url();
    let store = database.connect(&format!("{url}?{trusted}"), SETTINGS).await.unwrap();
    every_verb_works(&store).await;
    if let Database::Postgres(_) = database {
        let without = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE application_name = 'sealed-cache' AND NOT ssl";
        assert_eq!((database.clients() > 0, database.ask(without)), (true, "0".to_owned()));
    }
    is_refused(database.connect(&format!("{url}?{untrusted}"), SETTINGS).await, NOT_TRUSTED);
    let elsewhere = url.replace("127.0.0.1", "localhost");
    is_refused(database.connect(&format!("{elsewhere}?{trusted}"), SETTINGS).await, ANOTHER_HOST);
}
