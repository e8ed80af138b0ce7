//! Keys: changed, and from everywhere.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use sealed_cache::{
    CacheId, CallerKey, DataKey, Deadline, ErrorKind, KeyFile, Result,
    partition::{KeyOrigin, KeyRing, KeySource, Partition, PartitionedCaches},
};

use super::{Connect, answer, gone, key, namespace, node, patience, person, raw, sign_in, signed_in};

/// A new key, while one node goes on to write.
pub(crate) async fn keys_are_changed_under_load(connect: Connect<'_>) {
    let (namespace, store) = (namespace(), connect());
    let with = |ring: KeyRing| {
        PartitionedCaches::on_shared(namespace.clone(), connect(), ring)
            .update_timeout(std::time::Duration::from_secs(60))
    };
    let old = with(KeyRing::new(key(1), "old", key(1)).readable("new", key(2))).open().await.unwrap();
    for number in 0..40 {
        sign_in(&old, &format!("u{number}")).await;
    }
    let ticket = Partition::web_session("s").with_secret(&[3; 32]);
    old.create_or_update(&ticket, |cache| cache.add(&signed_in("u1"))).await.unwrap();

    let new = with(KeyRing::new(key(1), "new", key(2)).readable("old", key(1))).open().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(new.clone(), Arc::clone(&stop)));
    let done = new.rewrap().await.unwrap();
    stop.store(true, Ordering::SeqCst);
    let written = writer.await.unwrap();
    assert_eq!((done.visited, done.unreadable, done.with_secret), (41, 0, 1), "{done:?}");
    assert!(done.rewrapped > 0 && done.rewrapped + done.overtaken <= 40, "{done:?}");
    assert_eq!(new.rewrap().await.unwrap().rewrapped, 0, "all is done");

    let only_new = with(KeyRing::new(key(1), "new", key(2))).open().await.unwrap();
    for number in 0..40 {
        let tokens = only_new
            .read(&person(&format!("u{number}")), |cache| cache.access_tokens().count())
            .await
            .unwrap();
        assert_eq!(tokens, Some(1 + usize::from(written.contains(&number))), "u{number}");
    }
    assert!(gone(&only_new, &ticket).await.unwrap() && !gone(&new, &ticket).await.unwrap());
    assert_eq!(only_new.statistics().unreadable, 1, "its key is not there");
    let only_old = with(KeyRing::new(key(1), "old", key(1))).open().await.unwrap();
    assert!(gone(&only_old, &person("u0")).await.unwrap());
    for number in 0..40 {
        assert!(new.remove(&person(&format!("u{number}"))).await.unwrap());
    }
    assert!(new.remove(&ticket).await.unwrap());
    assert_eq!(raw(&new, &store, &person("u0")).await, None);
}

async fn write(caches: PartitionedCaches, stop: Arc<AtomicBool>) -> Vec<usize> {
    let mut written = Vec::new();
    for number in 0..40 {
        let response = answer(&format!("u{number}"), "more", "AT", None);
        let done = caches.update(&person(&format!("u{number}")), |cache| cache.add(&response)).await.unwrap();
        assert_eq!(done, Some(()), "u{number} is there all the time");
        written.push(number);
        if stop.load(Ordering::SeqCst) {
            break;
        }
    }
    written
}

#[derive(Debug)]
struct Vault;

#[async_trait]
impl KeySource for Vault {
    async fn key(&self, id: &str, _deadline: &Deadline) -> Result<DataKey> {
        tokio::task::yield_now().await;
        assert_eq!(id, "one");
        Ok(key(7))
    }
}

/// The same key from 32 bytes, a passphrase, a protector, and a service.
pub(crate) async fn keys_from_everywhere(connect: Connect<'_>) {
    let namespace = namespace();
    let with = |origin: KeyOrigin| node(&namespace, connect()).keys(KeyRing::new(key(1), "one", origin));
    let folder = tempfile::tempdir().unwrap();
    let (id, file) =
        (CacheId::new("com.contoso.shop", "partitions").unwrap(), KeyFile::in_folder(folder.path()));
    let data = KeyOrigin::create(&file, &id, &patience()).unwrap();
    let origins: [[KeyOrigin; 2]; 4] = [
        [KeyOrigin::from(key(7)), KeyOrigin::source(Vault)],
        [KeyOrigin::source(Vault), KeyOrigin::protector(CallerKey::new(key(7)), id.clone(), "")],
        [KeyOrigin::passphrase("p", [5; 16]), KeyOrigin::passphrase("p", [5; 16])],
        [
            KeyOrigin::protector(file.clone(), id.clone(), data.clone()),
            KeyOrigin::protector(file, id.clone(), data),
        ],
    ];
    for [one, same] in origins {
        let (one, same) = (with(one).open().await.unwrap(), with(same).open().await.unwrap());
        sign_in(&one, "u1").await;
        assert!(!gone(&same, &person("u1")).await.unwrap());
        let other = with(KeyOrigin::passphrase("p", [6; 16])).open().await.unwrap();
        assert!(gone(&other, &person("u1")).await.unwrap());
        assert!(one.remove(&person("u1")).await.unwrap());
    }
    let missing = KeyOrigin::protector(KeyFile::in_folder(folder.path()), id, "another-item");
    assert_eq!(with(missing).open().await.unwrap_err().kind(), ErrorKind::KeyMissing);
    let twice = KeyRing::new(key(1), "one", key(1)).readable("one", key(2));
    assert_eq!(
        node(&namespace, connect()).keys(twice).open().await.unwrap_err().kind(),
        ErrorKind::Configuration
    );
}
