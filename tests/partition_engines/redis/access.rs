//! Redis lets us in or does not, and has memory left or has not.

use std::{error::Error as _, sync::Arc, time::Duration};

use sealed_cache::{
    Error, ErrorKind,
    partition::{Condition, Put, RedisSettings, RedisStore, StoreErrorKind},
};
use tokio::time::timeout;

use crate::{
    engine::redis::Redis,
    kit::{
        PATIENCE, Store, create, every_verb, every_verb_is, every_verb_works, load, name, put, soon, stored,
        until,
    },
    redis::store,
};

const PASSWORD: &str = "correct-horse";
/// As `docs/server.md` and `RedisStore` have them.
const RIGHTS: &[&str] = &[
    "&test:changes",
    "+get",
    "+getrange",
    "+set",
    "+del",
    "+exists",
    "+pexpire",
    "+evalsha",
    "+eval",
    "+publish",
    "+subscribe",
    "+scan",
    "+info",
    "+ping",
];

async fn connect(url: &str) -> Result<Store, Error> {
    let settings = RedisSettings::new().prefix("test").connect_timeout(PATIENCE);
    Ok(Arc::new(RedisStore::connect(url, settings).await?))
}

/// A user with these rights; the store is theirs.
async fn store_of_alice(redis: &Redis, rights: &[&str]) -> Store {
    let password = format!(">{PASSWORD}");
    redis.ask(&[&["ACL", "SETUSER", "alice", "reset", "on", &password, "~test:*"], rights].concat());
    connect(&redis.url_of("alice", PASSWORD)).await.unwrap()
}

/// Neither the address nor who signs in is in what the error says, all the way down.
fn says_nothing(error: &Error, redis: &Redis) {
    let mut said = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(below) = source {
        said += &format!(" {below} {below:?}");
        source = below.source();
    }
    for secret in [PASSWORD, "alice", "wrong-horse", &redis.port().to_string()] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn who_is_not_let_in_is_denied() {
    let redis = Redis::start();
    drop(store_of_alice(&redis, &["&test:*", "+@all"]).await);
    redis.ask(&["ACL", "SETUSER", "default", "off"]);
    for url in [redis.url(), redis.url_of("alice", "wrong-horse"), redis.url_of("nobody", PASSWORD)] {
        let error = connect(&url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
        says_nothing(&error, &redis);
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_store_says_nothing_of_its_address() {
    let redis = Redis::start();
    let store = store_of_alice(&redis, &["&test:*", "+@all"]).await;
    let said = format!("{store:?}");
    assert!(said.contains("RedisStore") && !said.contains("alice") && !said.contains(PASSWORD), "{said}");
    assert!(!said.contains(&redis.port().to_string()), "{said}");
}

#[tokio::test]
async fn what_is_no_address_is_a_mistake_in_the_configuration() {
    for url in ["", "redis", "http://127.0.0.1/", "redis://127.0.0.1/no-number", "redis://alice:secret@[::1/"]
    {
        let error = connect(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}: {error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn where_nobody_listens_it_is_unavailable() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = connect(&format!("redis://{nobody}/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EngineUnavailable, "{error}");
}

#[tokio::test]
async fn a_host_that_is_not_found_is_said_so_and_not_named() {
    // Too long a name to be asked for, with an end that never is: RFC 6761, section 6.4.
    let host = format!("{}.redis.invalid", "x".repeat(64));
    let error = connect(&format!("redis://{host}/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EngineUnavailable, "{error}");
    let said = format!("{error} {error:?}");
    assert!(said.contains("its host name is not found") && !said.contains("redis.invalid"), "{said}");
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_database_that_is_not_there_is_denied() {
    let redis = Redis::start();
    let error = connect(&format!("{}99", redis.url())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error}");
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn the_rights_that_the_documentation_names_are_enough() {
    let redis = Redis::start();
    let store = store_of_alice(&redis, RIGHTS).await;
    every_verb_works(&store).await;
    create(&store, &name("a"), "contents").await;
    assert_eq!(store.names_after(None, 10, &soon()).await.unwrap(), [name("a")]);
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_database_by_its_number_needs_one_right_more() {
    let redis = Redis::start();
    drop(store_of_alice(&redis, RIGHTS).await);
    let first = format!("{}1", redis.url_of("alice", PASSWORD));
    let error = connect(&first).await.unwrap_err();
    assert!(error.kind() == ErrorKind::AccessDenied && error.to_string().contains("+select"), "{error}");
    redis.ask(&["ACL", "SETUSER", "alice", "+select"]);
    every_verb_works(&connect(&first).await.unwrap()).await;
}

#[tokio::test]
#[ignore = "long: cargo xtask test engines"]
async fn with_these_rights_a_quiet_subscription_is_kept_also_without_ping() {
    let redis = Redis::start();
    for last in ["+ping", "-ping"] {
        let store = store_of_alice(&redis, &[RIGHTS, &[last]].concat()).await;
        let mut changes = store.changes(&soon()).await.unwrap().expect("Redis tells");
        // After 15 seconds of quiet the connection is tried, and again after as many.
        let quiet = timeout(Duration::from_secs(35), changes.next()).await;
        assert!(quiet.is_err(), "with {last}: {quiet:?}");
        create(&store, &name(last), "contents").await;
        let told = timeout(PATIENCE, changes.next()).await.expect("it is told");
        assert_eq!(told.unwrap(), name(last));
    }
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn without_scripts_reads_go_and_writes_are_denied() {
    let redis = Redis::start();
    let what = create(&store(&redis).await, &name("a"), "contents").await;
    let store = store_of_alice(&redis, &["&test:*", "+@all", "-eval", "-evalsha"]).await;
    for ended in every_verb(&store, &name("b"), PATIENCE).await {
        let is_script = ["put absent", "put", "touch", "lease", "release", "remove"].contains(&ended.verb);
        let kind = ended.error.as_ref().map(sealed_cache::partition::StoreError::kind);
        assert_eq!(kind, is_script.then_some(StoreErrorKind::Denied), "{}", ended.verb);
        assert!(ended.error.is_none_or(|error| !error.is_ambiguous()));
    }
    assert_eq!(load(&store, &name("a")).await.unwrap(), Some(what));
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_change_that_may_not_be_told_is_not_made() {
    let redis = Redis::start();
    let store = store_of_alice(&redis, &["resetchannels", "+@all"]).await;
    let error = put(&store, &name("a"), &stored("untold"), Condition::Absent).await.unwrap_err();
    assert!(error.kind() == StoreErrorKind::Denied && !error.is_ambiguous(), "{error}");
    assert_eq!(load(&store, &name("a")).await.unwrap(), None);
    assert_eq!(store.changes(&soon()).await.unwrap_err().kind(), StoreErrorKind::Denied);
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn a_password_that_was_changed_denies_and_changed_back_lets_in() {
    let redis = Redis::start();
    let store = store_of_alice(&redis, &["&test:*", "+@all"]).await;
    redis.ask(&["ACL", "SETUSER", "alice", "resetpass", ">another"]);
    redis.break_connections();
    until("the connection is broken", async || load(&store, &name("a")).await.is_err()).await;
    every_verb_is(&store, StoreErrorKind::Denied).await;
    redis.ask(&["ACL", "SETUSER", "alice", &format!(">{PASSWORD}")]);
    every_verb_works(&store).await;
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn when_memory_is_full_writes_are_refused_and_reads_go_on() {
    let redis = Redis::start_with(&["--maxmemory-policy", "noeviction"]);
    let store = store(&redis).await;
    let first = create(&store, &name("first"), "contents").await;
    redis.ask(&["CONFIG", "SET", "maxmemory", "4mb"]);
    let mut filled = Vec::new();
    let error = loop {
        let (name, what) = (name(filled.len()), stored(vec![7; 64 * 1024]));
        match put(&store, &name, &what, Condition::Absent).await {
            Ok(outcome) => assert_eq!(outcome, Put::Stored),
            Err(error) => break error,
        }
        filled.push((name, what));
        assert!(filled.len() < 1000, "it never gets full");
    };
    assert!(error.kind() == StoreErrorKind::Full && !error.is_ambiguous(), "{error}");
    assert_eq!(load(&store, &name(filled.len())).await.unwrap(), None, "nothing of it was stored");
    assert_eq!(load(&store, &name("first")).await.unwrap(), Some(first.clone()));
    for (name, what) in &filled {
        assert_eq!(store.probe(name, &soon()).await.unwrap(), Some(what.etag), "nothing was evicted");
    }
    // Signing out makes room.
    assert!(store.remove(&name("first"), Some(first.etag), &soon()).await.unwrap());
    for (name, _) in &filled {
        assert!(store.remove(name, None, &soon()).await.unwrap());
    }
    create(&store, &name("again"), "contents").await;
}

#[tokio::test]
#[ignore = "needs redis-server: cargo xtask test engines"]
async fn with_as_many_clients_as_it_takes_it_is_unavailable() {
    let redis = Redis::start_with(&["--maxclients", "10"]);
    let mut stores = Vec::new();
    let error = loop {
        match connect(&redis.url()).await {
            Ok(store) => stores.push(store),
            Err(error) => break error,
        }
        assert!(stores.len() <= 10);
    };
    assert_eq!(error.kind(), ErrorKind::EngineUnavailable, "{error}");
    stores.pop();
    until("there is room for one more", async || connect(&redis.url()).await.is_ok()).await;
}
