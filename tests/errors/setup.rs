//! What a program that is being written gets wrong.

use std::fs;

use sealed_cache::{
    Error, KernelKeyring, KeyFile, Passphrase, PersistedCache, SystemdCredential,
    persistence::dangerous::PlainFile,
};

use super::{Numbers, Page, add, key, places, unprotected};

pub(crate) fn mistakes(page: &mut Page) {
    let (folder, keys) = places(page);
    let path = folder.path();
    let opened = |application: &str, name: &str| -> Error {
        PersistedCache::<Numbers>::builder(application).name(name).folder(path).open().unwrap_err()
    };
    page.add("the application has a name that cannot be one", &opened("Contoso Todo!", "tokens"));
    page.add("the cache has a name that cannot be one", &opened("com.contoso.todo", "../tokens"));
    let twice = unprotected::<Numbers>(path).protector(key(1)).fallback(key(2)).open();
    page.add("two protectors are of one kind", &twice.unwrap_err());
    let beside = unprotected(path).protector(KeyFile::in_folder(path)).open().unwrap();
    page.add_with_path("the key would lie beside the cache", &add(&beside).unwrap_err());
    let empty = unprotected(path).protector(Passphrase::new("")).open().unwrap();
    page.add_with_path("the passphrase is empty", &add(&empty).unwrap_err());
    fs::write(keys.path().join("todo-key"), "short").unwrap();
    let credential = SystemdCredential::new("todo-key").in_folder(keys.path());
    let short = unprotected(path).protector(credential).fallback(KernelKeyring::new()).open().unwrap();
    page.add_with_path("the credential is too short", &add(&short).unwrap_err());
    page.add("a plain file has no name", &PlainFile::open("/").unwrap_err());
}

#[cfg(feature = "watch")]
#[test]
fn watch() {
    use sealed_cache::{ErrorKind, persistence::Memory};

    let mut page = Page::of("watch", ErrorKind::Configuration);
    let memory = PersistedCache::<Numbers>::on(Memory::new()).unwrap();
    page.add("a cache in memory is to be watched", &memory.watch(|| ()).unwrap_err());
    page.compare();
}
