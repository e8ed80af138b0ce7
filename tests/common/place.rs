//! A folder for the files of one cache.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{fs, path::Path};

use sealed_cache::{Builder, CallerKey, DataKey, Json, PersistedCache, SerializableCache};

pub(crate) type Numbers = Json<Vec<u32>>;
pub(crate) type Cache = PersistedCache<Numbers>;

/// The cache `tokens` in this folder, with a key that costs little to get.
pub(crate) fn builder<T: SerializableCache>(folder: &Path) -> Builder<T> {
    unprotected(folder).protector(keeper())
}

/// On Windows it is Windows that wraps the key, so that what these tests prove is proved of its protector as well.
#[cfg(windows)]
pub(crate) fn keeper() -> sealed_cache::Dpapi {
    sealed_cache::Dpapi::new()
}

#[cfg(not(windows))]
pub(crate) fn keeper() -> CallerKey {
    key()
}

pub(crate) fn key() -> CallerKey {
    CallerKey::new(DataKey::from_bytes(&[7; DataKey::LENGTH]))
}

/// The same, for a protector of one's own.
pub(crate) fn unprotected<T: SerializableCache>(folder: &Path) -> Builder<T> {
    PersistedCache::builder("com.example.proofs").name("tokens").folder(folder)
}

pub(crate) fn open(folder: &Path) -> Cache {
    builder(folder).open().unwrap()
}

/// What is stored, as a program sees it that starts now.
pub(crate) fn stored(folder: &Path) -> Vec<u32> {
    open(folder).read(|numbers| numbers.to_vec()).unwrap()
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
