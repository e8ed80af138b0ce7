//! What the server half reports, on the engine in memory and on engines that are out of order.

use std::time::Duration;

use async_trait::async_trait;
use sealed_cache::{
    DataKey, Deadline, Error, ErrorKind, KeyFile,
    partition::{
        ApplicationPartition, Capabilities, Changes, Coherence, Condition, Etag, HomeAccountId, KeyOrigin,
        KeyRing, KeySource, LeaseHolder, Lifetimes, MemoryStore, Namespace, Partition, PartitionName,
        PartitionStore, PartitionedCaches, PartitionedCachesBuilder, Put, RefreshFailure, StoreError,
        StoreErrorKind, Stored,
    },
    token_cache::{AccessTokenQuery, AccountId, TokenCache, TokenResponse},
};

use super::snapshot::Page;

const INFO: &str = "eyJ1aWQiOiJ1MSIsInV0aWQiOiJ0MSJ9";

/// An engine that answers everything with the same, or nothing at all.
#[derive(Debug)]
enum OutOfOrder {
    Says(StoreErrorKind),
    Hangs,
    /// Another node is always faster.
    Overtakes,
    /// Loads work, and writes do not.
    IsFull,
    /// Somebody else has every lease.
    Leases(MemoryStore),
}

impl OutOfOrder {
    async fn answer<T>(&self) -> Result<T, StoreError> {
        match self {
            Self::Says(kind) => Err(StoreError::new(*kind, "the engine said so")),
            _ => std::future::pending().await,
        }
    }
}

#[async_trait]
impl PartitionStore for OutOfOrder {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new("out-of-order", 1 << 20)
    }

    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError> {
        match self {
            Self::Overtakes | Self::IsFull => Ok(None),
            Self::Leases(memory) => memory.load(name, deadline).await,
            _ => self.answer().await,
        }
    }

    async fn probe(&self, _: &PartitionName, _: &Deadline) -> Result<Option<Etag>, StoreError> {
        self.answer().await
    }

    async fn put(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError> {
        match self {
            Self::Overtakes => Ok(Put::Conflict(None)),
            Self::IsFull => Err(StoreError::new(StoreErrorKind::Full, "OOM command not allowed")),
            Self::Leases(memory) => memory.put(name, partition, condition, lives_for, deadline).await,
            _ => self.answer().await,
        }
    }

    async fn remove(&self, _: &PartitionName, _: Option<Etag>, _: &Deadline) -> Result<bool, StoreError> {
        self.answer().await
    }

    async fn touch(&self, _: &PartitionName, _: Etag, _: Duration, _: &Deadline) -> Result<bool, StoreError> {
        self.answer().await
    }

    async fn lease(
        &self,
        _: &PartitionName,
        _: &LeaseHolder,
        _: Duration,
        _: &Deadline,
    ) -> Result<bool, StoreError> {
        if let Self::Leases(_) = self { Ok(false) } else { self.answer().await }
    }

    async fn release(&self, _: &PartitionName, _: &LeaseHolder, _: &Deadline) -> Result<(), StoreError> {
        self.answer().await
    }

    async fn purge(&self, _: u32, _: &Deadline) -> Result<u64, StoreError> {
        self.answer().await
    }

    async fn names_after(
        &self,
        _: Option<&PartitionName>,
        _: u32,
        _: &Deadline,
    ) -> Result<Vec<PartitionName>, StoreError> {
        self.answer().await
    }

    async fn changes(&self, _: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError> {
        Ok(None)
    }
}

fn ring() -> KeyRing {
    KeyRing::new(DataKey::from_bytes(&[1; 32]), "one", DataKey::from_bytes(&[1; 32]))
}

fn on(store: impl PartitionStore) -> PartitionedCachesBuilder {
    let namespace = Namespace::new("shop", "login.microsoftonline.com", "client-id").unwrap();
    let short = Duration::from_millis(100);
    PartitionedCaches::builder(namespace, store, ring())
        .operation_timeout(short)
        .update_timeout(short)
        .refresh_timeouts(short, short)
}

async fn open(store: impl PartitionStore) -> PartitionedCaches {
    on(store).open().await.unwrap()
}

fn person() -> Partition {
    Partition::account(HomeAccountId::from_client_info(INFO).unwrap())
}

fn signed_in() -> TokenResponse {
    let json = format!(
        r#"{{"access_token":"AT","refresh_token":"RT","client_info":"{INFO}","expires_in":3599,"scope":"User.Read"}}"#
    );
    let response = TokenResponse::from_json("client-id", json.as_bytes()).unwrap();
    response.token_endpoint("https://login.microsoftonline.com/t1/oauth2/v2.0/token")
}

fn mail() -> AccessTokenQuery {
    let account = AccountId::new("u1.t1", "login.microsoftonline.com");
    AccessTokenQuery::new("client-id", ["Mail.Read"]).account(&account).realm("t1")
}

async fn sign_in(caches: &PartitionedCaches) -> Result<(), Error> {
    caches.create_or_update(&person(), |cache| cache.add(&signed_in())).await
}

#[tokio::test]
async fn engines() {
    let says =
        |kind| async move { open(OutOfOrder::Says(kind)).await.read(&person(), |_| ()).await.unwrap_err() };
    let mut page = Page::of("engine-unavailable", ErrorKind::EngineUnavailable);
    page.add("the engine cannot be reached", &says(StoreErrorKind::Unavailable).await);
    page.compare();
    let mut page = Page::of("engine-timeout", ErrorKind::EngineTimeout);
    let hangs = open(OutOfOrder::Hangs).await;
    page.add("the engine hangs", &hangs.read(&person(), |_| ()).await.unwrap_err());
    page.add("and a change is to be stored", &sign_in(&hangs).await.unwrap_err());
    page.compare();
    let mut page = Page::of("engine-full", ErrorKind::EngineFull);
    page.add("the engine is full", &sign_in(&open(OutOfOrder::IsFull).await).await.unwrap_err());
    page.compare();
    let mut page = Page::of("conflict", ErrorKind::Conflict);
    page.add(
        "other nodes are always faster",
        &sign_in(&open(OutOfOrder::Overtakes).await).await.unwrap_err(),
    );
    page.compare();
    let mut page = Page::of_any_kind("engine-refuses");
    page.add("the engine refuses", &says(StoreErrorKind::Denied).await);
    page.add("something else is under the name", &says(StoreErrorKind::Corrupt).await);
    page.compare();
    let mut page = Page::of("too-large", ErrorKind::TooLarge);
    let caches = on(MemoryStore::new(1 << 20)).sizes(64, 256).open().await.unwrap();
    page.add("a partition is larger than was allowed", &sign_in(&caches).await.unwrap_err());
    page.add("or than the engine takes", &says(StoreErrorKind::TooLarge).await);
    page.compare();
}

#[tokio::test]
async fn accounts() {
    let caches = open(MemoryStore::new(1 << 20)).await;
    let mut page = Page::of("foreign-entry", ErrorKind::ForeignEntry);
    let application = Partition::application(ApplicationPartition::new("t1"));
    let foreign = caches.create_or_update(&application, |cache| cache.add(&signed_in())).await.unwrap_err();
    page.add("a person's tokens are to be those of the application", &foreign);
    page.compare();
    let mut page = Page::of("signed-out", ErrorKind::SignedOut);
    let never = |_: TokenCache| async { panic!("nobody is signed in") };
    page.add("nobody is signed in", &caches.refresh(&person(), &mail(), None, never).await.unwrap_err());
    page.compare();
    let mut page = Page::of_any_kind("client-info");
    page.add("it is no client_info", &HomeAccountId::from_client_info("oid.tid").unwrap_err());
    page.add(
        "its ids are none",
        &HomeAccountId::from_client_info("eyJ1aWQiOiJhIGIiLCJ1dGlkIjoiYyJ9").unwrap_err(),
    );
    let without = TokenResponse::of_access_token("client-id", "AT", 3600);
    page.add("the answer has none", &HomeAccountId::of_response(&without).unwrap_err());
    page.compare();
}

#[tokio::test]
async fn issuers() {
    let caches = open(MemoryStore::new(1 << 20)).await;
    sign_in(&caches).await.unwrap();
    // A refusal is remembered for who wants the same.
    let refresh = |claims: &'static str, failure: RefreshFailure| {
        let caches = caches.clone();
        async move {
            caches.refresh(&person(), &mail(), Some(claims), |_| async { Err(failure) }).await.unwrap_err()
        }
    };
    let mut page = Page::of("issuer-unavailable", ErrorKind::IssuerUnavailable);
    page.add(
        "the issuer does not answer",
        &refresh("a", RefreshFailure::temporary("connection refused")).await,
    );
    let never = |_| std::future::pending();
    page.add("the issuer hangs", &caches.refresh(&person(), &mail(), None, never).await.unwrap_err());
    page.compare();
    let mut page = Page::of("issuer-refused", ErrorKind::IssuerRefused);
    page.add(
        "the issuer wants to see the person",
        &refresh("b", RefreshFailure::refused("interaction_required")).await,
    );
    page.add("the refresh token is not good any more", &refresh("c", RefreshFailure::invalid_grant()).await);
    let other = |_| async { Ok(signed_in()) };
    page.add(
        "the answer is for other scopes",
        &caches.refresh(&person(), &mail(), None, other).await.unwrap_err(),
    );
    page.compare();
    let taken = open(OutOfOrder::Leases(MemoryStore::new(1 << 20))).await;
    sign_in(&taken).await.unwrap();
    let mut page = Page::of("refresh-elsewhere", ErrorKind::LockTimeout);
    let never = |_: TokenCache| async { panic!("another node has the lease") };
    page.add(
        "another node refreshes for ever",
        &taken.refresh(&person(), &mail(), None, never).await.unwrap_err(),
    );
    page.compare();
}

#[derive(Debug)]
struct Vault;

#[async_trait]
impl KeySource for Vault {
    async fn key(&self, _id: &str, _deadline: &Deadline) -> sealed_cache::Result<DataKey> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn settings() {
    let mut page = Page::of("server-configuration", ErrorKind::Configuration);
    let cloud = "login.microsoftonline.com";
    page.add("the prefix has a colon", &Namespace::new("a:b", cloud, "id").unwrap_err());
    page.add("there is no client id", &Namespace::new("shop", cloud, "").unwrap_err());
    let memory = || MemoryStore::new(1 << 20);
    let key = DataKey::from_bytes(&[1; 32]);
    let twice = on(memory()).keys(ring().readable("one", key.clone()));
    page.add("two keys have one id", &twice.open().await.unwrap_err());
    let nameless = on(memory()).keys(KeyRing::new(key.clone(), "", key.clone()));
    page.add("a key has no id", &nameless.open().await.unwrap_err());
    let short = Duration::from_secs(60);
    let lifetimes = on(memory()).lifetimes(Lifetimes::default().account(short, short));
    page.add("partitions end before their tokens", &lifetimes.open().await.unwrap_err());
    let quiet = on(OutOfOrder::Hangs).coherence(Coherence::Notified);
    page.add("the engine tells no changes", &quiet.open().await.unwrap_err());
    page.compare();

    let mut page = Page::of_any_kind("server-keys");
    let slow = on(memory()).keys(KeyRing::new(key.clone(), "one", KeyOrigin::source(Vault)));
    page.add("the keys do not come", &slow.key_timeout(Duration::from_millis(50)).open().await.unwrap_err());
    let folder = tempfile::tempdir().unwrap();
    page.place(folder.path(), "$KEYS");
    let id = sealed_cache::CacheId::new("com.contoso.shop", "partitions").unwrap();
    let origin = KeyOrigin::protector(KeyFile::in_folder(folder.path()), id, "partitions");
    let missing = on(memory()).keys(KeyRing::new(key, "one", origin));
    page.add("the key was never made", &missing.open().await.unwrap_err());
    page.compare();
}
