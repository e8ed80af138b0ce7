//! What was put is what is loaded.

use super::{create, load, name, put, remove, stored};
use crate::partition::{Condition, Etag, PartitionName, PartitionStore, Put, Stored};

/// Contents and etags of any bytes, also none.
pub async fn every_byte_is_kept(store: &dyn PartitionStore) {
    let every: Vec<u8> = (0..=255).collect();
    let contents: [&[u8]; 7] =
        [b"", b"\0", b"'\"`;--", b"\r\n\x1a", "ü€".as_bytes(), &[0xff, 0xfe, 0x80], &every];
    for sealed in contents {
        let name = name();
        let what = create(store, &name, sealed).await;
        assert_eq!(load(store, &name).await, Some(what), "{sealed:?}");
        assert!(remove(store, &name).await);
    }
    for byte in [0_u8, b'\'', b'\\', b'\n', 0x7f, 0xff] {
        let name = name();
        let what = Stored { etag: Etag::from_bytes([byte; Etag::LENGTH]), sealed: vec![byte; 3] };
        assert_eq!(put(store, &name, &what, Condition::Absent).await, Put::Stored);
        assert_eq!(load(store, &name).await.as_ref(), Some(&what));
        let next = stored("next");
        assert_eq!(put(store, &name, &next, Condition::Matches(what.etag)).await, Put::Stored);
        assert!(remove(store, &name).await);
    }
}

/// A megabyte, and the way back to a byte.
pub async fn large_contents_are_kept(store: &dyn PartitionStore) {
    let name = name();
    let large: Vec<u8> =
        (0..1_048_576_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(store.capabilities().largest >= large.len(), "an engine takes a megabyte");
    let what = create(store, &name, large).await;
    assert!(load(store, &name).await.as_ref() == Some(&what), "a megabyte comes back as it was");
    let outcome = put(store, &name, &stored("x"), Condition::Absent).await;
    assert!(outcome == Put::Conflict(Some(what.clone())), "a megabyte is handed back");
    let small = stored("x");
    assert_eq!(put(store, &name, &small, Condition::Matches(what.etag)).await, Put::Stored);
    assert_eq!(load(store, &name).await, Some(small));
    assert!(remove(store, &name).await);
}

/// Names that differ in one letter, in its case, or at their end are different; the longest are taken.
pub async fn names_are_apart(store: &dyn PartitionStore) {
    let name = name();
    let text = name.as_str();
    let longest = format!("{text}{}", "x".repeat(PartitionName::LONGEST - text.len()));
    let texts = [text.to_owned(), text.to_uppercase(), format!("{text}a"), format!("{text}A"), longest];
    let names = texts.map(PartitionName::from_engine);
    let mut kept = Vec::new();
    for (name, number) in names.iter().zip(0_u8..) {
        kept.push(create(store, name, [number]).await);
    }
    for (name, what) in names.iter().zip(&kept) {
        assert_eq!(load(store, name).await.as_ref(), Some(what), "{name:?}");
    }
    for (position, name) in names.iter().enumerate() {
        assert!(remove(store, name).await, "{name:?}");
        for (name, what) in names.iter().zip(&kept).skip(position + 1) {
            assert_eq!(load(store, name).await.as_ref(), Some(what), "{name:?}");
        }
    }
}
