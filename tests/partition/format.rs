//! A reader that was written from `docs/partition-format.md` alone.

use std::{
    fmt::Write,
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use aes_gcm::{Aes256Gcm, KeyInit, aead::AeadInOut};
use base64ct::{Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sealed_cache::{
    DataKey,
    partition::{
        ApplicationPartition, Etag, KeyRing, MemoryStore, Namespace, Partition, PartitionName,
        PartitionStore, PartitionedCaches, Stored,
    },
};
use sha2::{Digest, Sha256};

use crate::suite::{CLIENT, CLOUD, count, home, observed::Observed, person, plant, raw, signed_in};

fn canonical(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![1];
    for field in fields {
        bytes.extend((field.len() as u32).to_be_bytes());
        bytes.extend(*field);
    }
    bytes
}

pub(crate) fn name(kind: &str, fields: &[&[u8]]) -> String {
    let mut index = [0; 32];
    Hkdf::<Sha256>::new(None, &[1; 32]).expand(b"sealed-cache partition v1 names", &mut index).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&index).unwrap();
    mac.update(&canonical(
        &[&[b"shop", CLOUD.as_bytes(), CLIENT.as_bytes(), kind.as_bytes()], fields].concat(),
    ));
    format!("shop:{kind}:{}", Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes()))
}

fn contents(name: &str, stored: &Stored, secret: &[u8]) -> String {
    let (sealed, etag) = (&stored.sealed, stored.etag.as_bytes());
    assert_eq!(sealed[..7], [0x89, 0x53, 0x50, 0x0a, 1, 1, u8::from(!secret.is_empty())]);
    let k = usize::from(sealed[7]);
    assert_eq!(&sealed[8..8 + k], b"2026-11");
    let (header, rest) = sealed.split_at(44 + k);
    let (body, tag) = rest.split_at(rest.len() - 16);
    let info = canonical(&[b"sealed-cache partition v1 key", name.as_bytes()]);
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(etag), &[&[2; 32], secret].concat()).expand(&info, &mut key).unwrap();
    let data = canonical(&[header, b"shop", CLOUD.as_bytes(), CLIENT.as_bytes(), name.as_bytes(), etag]);
    let (mut body, tag): (Vec<u8>, [u8; 16]) = (body.to_vec(), tag.try_into().unwrap());
    Aes256Gcm::new(&key.into())
        .decrypt_inout_detached(&[0; 12].into(), &data, body.as_mut_slice().into(), &tag.into())
        .expect("the page tells how it is sealed");
    String::from_utf8(body).unwrap()
}

pub(crate) const DAY: u64 = 24 * 3600;

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A writer that was written from the page alone: this cache, written so many seconds ago.
fn sealed(name: &str, json: &str, written_ago: u64) -> Stored {
    ending(name, json, now() - written_ago, now() + 60 * DAY)
}

/// The same with its times: when it was written, and when it ends.
pub(crate) fn ending(name: &str, json: &str, written: u64, ends: u64) -> Stored {
    let etag = Etag::generate().unwrap();
    let mut header = b"\x89SP\n\x01\x01\x00\x072026-11lineage of tests".to_vec();
    header.extend(ends.to_be_bytes());
    header.extend((14 * DAY as u32).to_be_bytes());
    header.extend(written.to_be_bytes());
    let info = canonical(&[b"sealed-cache partition v1 key", name.as_bytes()]);
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(etag.as_bytes()), &[2; 32]).expand(&info, &mut key).unwrap();
    let data =
        canonical(&[&header, b"shop", CLOUD.as_bytes(), CLIENT.as_bytes(), name.as_bytes(), etag.as_bytes()]);
    let mut body = json.as_bytes().to_vec();
    let tag = Aes256Gcm::new(&key.into())
        .encrypt_inout_detached(&[0; 12].into(), &data, body.as_mut_slice().into())
        .unwrap();
    Stored { etag, sealed: [&header[..], &body, &tag].concat() }
}

/// The page is enough to write one, too; and a partition that has lived for half of its time is prolonged when it is used,
/// now and then.
#[tokio::test]
async fn what_is_used_lives_longer() {
    let store = Observed::new(Arc::new(MemoryStore::new(1 << 24)));
    let (caches, plain): (_, Arc<dyn PartitionStore>) = (open(&(store.clone() as _)).await, store.clone());
    for (days, touches) in [(6, 0), (8, 1)] {
        let user = format!("u{days}");
        let name = caches.name(&person(&user));
        plant(&plain, &name, &sealed(name.as_str(), r#"{"Unknown":{}}"#, days * 24 * 3600)).await;
        for _ in 0..20 {
            assert_eq!(caches.read(&person(&user), |cache| cache.len()).await.unwrap(), Some(0));
        }
        let started = std::time::Instant::now();
        while count(&store.touches) < touches {
            assert!(started.elapsed().as_secs() < 20, "it is not prolonged");
            tokio::task::yield_now().await;
        }
        assert_eq!(count(&store.touches), touches, "after {days} days");
    }
}

/// When a partition ends, as its header says.
pub(crate) fn ends(stored: &Stored) -> u64 {
    let k = usize::from(stored.sealed[7]);
    u64::from_be_bytes(stored.sealed[24 + k..][..8].try_into().unwrap())
}

pub(crate) async fn open(store: &Arc<dyn PartitionStore>) -> PartitionedCaches {
    let [names, sealing] = [1, 2].map(|byte| DataKey::from_bytes(&[byte; 32]));
    let namespace = Namespace::new("shop", CLOUD, CLIENT).unwrap();
    PartitionedCaches::on_shared(namespace, store.clone(), KeyRing::new(names, "2026-11", sealing))
        .open()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_page_is_enough_to_read_a_partition() {
    let store: Arc<dyn PartitionStore> = Arc::new(MemoryStore::new(1 << 24));
    let caches = open(&store).await;
    let hash = |text: &str| Sha256::digest(text).to_vec();
    let application =
        ApplicationPartition::new("t1").resource("vault").extra_parameters([("b", "2"), ("a", "1")]);
    let fields: [&[u8]; 9] = [b"t1", b"+", b"vault", b"-", b"", b"a", b"1", b"b", b"2"];
    let cases = [
        (person("u1"), name("account", &[home("u1").as_str().as_bytes()])),
        (Partition::application(application), name("application", &fields)),
        (Partition::on_behalf_of("assertion"), name("on-behalf-of", &[&hash("assertion")])),
        (Partition::long_running("key"), name("long-running", &[&hash("key")])),
        (Partition::web_session("id"), name("web-session", &[&hash("id")])),
    ];
    for (partition, name) in cases {
        assert_eq!(caches.name(&partition).as_str(), name);
    }
    for (partition, secret) in
        [(person("u1"), &[][..]), (Partition::web_session("id").with_secret(&[3; 32]), &[3; 32][..])]
    {
        caches.create_or_update(&partition, |cache| cache.add(&signed_in("u1"))).await.unwrap();
        let stored = raw(&caches, &store, &partition).await.unwrap();
        let json = contents(caches.name(&partition).as_str(), &stored, secret);
        assert!(json.starts_with('{') && json.contains("refresh of u1"), "{json}");
    }
}

/// What a released version has stored opens for ever. `SEALED_CACHE_TEST_UPDATE=1` writes it anew: only if there never was
/// a release.
#[tokio::test]
async fn what_was_stored_opens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/partition-v1.txt");
    let store: Arc<dyn PartitionStore> = Arc::new(MemoryStore::new(1 << 24));
    let caches = open(&store).await;
    if std::env::var_os("SEALED_CACHE_TEST_UPDATE").is_some() {
        caches.create_or_update(&person("u1"), |cache| cache.add(&signed_in("u1"))).await.unwrap();
        let stored = raw(&caches, &store, &person("u1")).await.unwrap();
        let text = [caches.name(&person("u1")).as_str(), &hex(stored.etag.as_bytes()), &hex(&stored.sealed)]
            .join("\n");
        std::fs::write(&path, text + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let [name, etag, sealed] = text.lines().collect::<Vec<_>>()[..] else { panic!("three lines") };
    let stored = Stored { etag: Etag::from_bytes(bytes(etag).try_into().unwrap()), sealed: bytes(sealed) };
    plant(&store, &PartitionName::from_engine(name.to_owned()), &stored).await;
    let scopes = caches.read(&person("u1"), crate::suite::scopes).await.unwrap();
    assert_eq!(scopes, Some(vec!["User.Read".to_owned()]));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|position| u8::from_str_radix(&hex[2 * position..][..2], 16).unwrap()).collect()
}
