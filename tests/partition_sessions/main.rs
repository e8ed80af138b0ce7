//! Web sessions on the engine of the server half: kept, ended, changed by several requests at once, sealed, and told from an
//! engine that is down.

#![cfg(all(feature = "sessions", feature = "testing"))]

mod concurrent;
mod engine;
mod kept;
#[path = "../partition/suite/observed.rs"]
#[allow(dead_code, reason = "the suites of partitions use all of it")]
mod observed;
mod tickets;

use std::sync::Arc;

use observed::Observed;
use sealed_cache::{
    DataKey,
    partition::{HomeAccountId, KeyRing, MemoryStore, Namespace, PartitionedCaches, SealedSessions},
};
use serde_json::{Value, json};
use tower_sessions::{
    Session,
    cookie::time::{Duration, OffsetDateTime},
    session::{Id, Record},
};

/// An engine, and the nodes of a web application on it.
struct Site {
    engine: Arc<Observed>,
}

impl Site {
    fn new() -> Self {
        Self { engine: Observed::new(Arc::new(MemoryStore::new(64 << 20))) }
    }

    /// One more node.
    async fn caches(&self) -> PartitionedCaches {
        self.caches_with(&DataKey::from_bytes(&[7; 32]), "first").await
    }

    async fn caches_with(&self, key: &DataKey, id: &str) -> PartitionedCaches {
        let namespace = Namespace::new("shop", "login.example", "client-id").unwrap();
        let keys = KeyRing::new(DataKey::from_bytes(&[7; 32]), id, key.clone());
        PartitionedCaches::on_shared(namespace, self.engine.clone(), keys).open().await.unwrap()
    }

    async fn node(&self) -> SealedSessions {
        SealedSessions::new(self.caches().await)
    }
}

fn record(values: &[(&str, Value)]) -> Record {
    let data = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() + Duration::hours(1) }
}

/// What is in a session, without what the store adds while a request runs.
fn values(record: Option<Record>) -> Option<Value> {
    record.map(|mut record| {
        assert!(record.data.remove(SealedSessions::SEEN).is_some());
        json!(record.data)
    })
}

fn session(node: &SealedSessions, id: Option<Id>) -> Session {
    Session::new(id, Arc::new(node.clone()), None)
}

fn person() -> HomeAccountId {
    HomeAccountId::from_client_info("eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9").unwrap()
}
