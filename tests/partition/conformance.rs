//! The engine in memory keeps to the contract of [`PartitionStore`].

use std::time::Duration;

use sealed_cache::{
    Deadline,
    partition::{MemoryStore, PartitionStore},
    testing::partition_store,
};

#[tokio::test]
async fn the_engine_in_memory_conforms() {
    let store = MemoryStore::new(64 * 1024 * 1024);
    partition_store::everything(&store, &store).await;
    let deadline = Deadline::after(Duration::from_secs(5));
    assert!(
        store.names_after(None, 10, &deadline).await.unwrap().is_empty(),
        "the suite removes what it made"
    );
}
