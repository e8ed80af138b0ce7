//! Any bytes as a sealed file: never a panic, never much memory, and nothing opens but the frozen files themselves.
#![no_main]

use std::{collections::HashSet, fs, path::Path, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use sealed_cache::{CacheId, DataKey, testing::open_sealed};
use sha2::{Digest, Sha256};

/// Every file that may open: all of them were made with the key.
static FROZEN: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/v1");
    fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
});

fn check(file: &[u8]) {
    let id = CacheId::new("com.contoso.todo", "tokens").unwrap();
    let key = DataKey::from_bytes(&std::array::from_fn(|index| index as u8));
    if open_sealed(file, &id, &key).is_ok() {
        assert!(FROZEN.contains(file), "a file that nobody sealed was opened");
    }
}

/// What a forger does: the checksum fits wherever the header ends.
fn mended(file: &[u8]) -> Option<Vec<u8>> {
    let end = usize::from(u16::from_be_bytes(file.get(10..12)?.try_into().ok()?));
    let content = file.get(..end.checked_sub(8)?)?;
    let checksum = Sha256::digest(content);
    let mut mended = file.to_vec();
    mended.get_mut(end - 8..end)?.copy_from_slice(&checksum[..8]);
    Some(mended)
}

fuzz_target!(|file: &[u8]| {
    check(file);
    if let Some(mended) = mended(file) {
        check(&mended);
    }
});
