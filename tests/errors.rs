//! Every kind of error, provoked for real. Each message names the thing, the path and the remedy; a person has read it,
//! and it is kept in `tests/errors/*.txt`.

#![cfg(unix)]

#[path = "common/child.rs"]
mod child;
#[path = "common/desktop_cache.rs"]
mod desktop_cache;
#[cfg(feature = "testing")]
#[path = "errors/disk.rs"]
mod disk;
#[path = "errors/keychains.rs"]
mod keychains;
#[path = "common/kinds.rs"]
mod kinds;
#[cfg(feature = "server")]
#[path = "errors/partitions.rs"]
mod partitions;
#[path = "common/place.rs"]
mod place;
#[path = "errors/setup.rs"]
mod setup;
#[path = "errors/snapshot.rs"]
mod snapshot;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use child::{Call, Child};
use kinds::EVERY_KIND;
use place::{Cache, Numbers, builder, open, unprotected};
use sealed_cache::{
    CallerKey, Cancellation, DataKey, Deadline, Error, ErrorKind, Json, KeyFile, Passphrase, PersistedCache,
    Result, SystemdCredential,
    persistence::{Memory, Persistence, SealedFile, dangerous::PlainFile},
};
use snapshot::Page;
use tempfile::TempDir;

/// The item of the frozen files.
const KEY_ITEM: &str = "sealed-cache-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn add(cache: &Cache) -> Result<()> {
    cache.update(|numbers| numbers.push(1))
}

fn key(byte: u8) -> CallerKey {
    CallerKey::new(DataKey::from_bytes(&[byte; 32]))
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder for the cache and one for the key, known to the page.
fn places(page: &mut Page) -> (TempDir, TempDir) {
    let places = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    page.place(places.0.path(), "$CACHE");
    page.place(places.1.path(), "$KEYS");
    places
}

/// What a frozen file gives: `tests/fixtures/v1`.
fn frozen(page: &mut Page, name: &str) -> Error {
    let (folder, keys) = places(page);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1");
    fs::copy(fixtures.join(format!("{name}.sealed")), folder.path().join("tokens.sealed")).unwrap();
    fs::write(keys.path().join("com.contoso.todo.tokens.key"), KEY_ITEM).unwrap();
    set_mode(&keys.path().join("com.contoso.todo.tokens.key"), 0o600);
    let cache = PersistedCache::<Json<BTreeMap<String, String>>>::builder("com.contoso.todo").name("tokens");
    let cache = cache.folder(folder.path()).fallback(Passphrase::new("wrong"));
    let cache = cache.protector(CallerKey::new(DataKey::from_bytes(&std::array::from_fn(|byte| byte as u8))));
    cache.fallback(KeyFile::in_folder(keys.path())).open().unwrap().read(|_| ()).unwrap_err()
}

/// Not a test: the program that uses a cache on a desktop.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    desktop_cache::serve_a_cache();
}

/// The pages are in the repository, so that this holds also where a test that writes one is left out.
#[test]
fn every_kind_is_on_a_page() {
    let pages = place::names(&snapshot::folder()).into_iter().filter(|name| name.ends_with(".txt"));
    let text: String = pages.map(|name| fs::read_to_string(snapshot::folder().join(name)).unwrap()).collect();
    let missing = EVERY_KIND.iter().filter(|kind| !text.contains(&format!("\n  {kind:?}: ")));
    assert_eq!(missing.collect::<Vec<_>>(), [&ErrorKind::Damaged; 0]);
    let kinds = include_str!("../src/error.rs").split_once("pub enum ErrorKind {").unwrap().1;
    let kinds = kinds.split_once("\n}").unwrap().0.lines().filter(|line| line.trim_end().ends_with(','));
    assert_eq!(kinds.count(), EVERY_KIND.len(), "a new kind needs a page");
}

#[test]
fn damaged() {
    let mut page = Page::of("damaged", ErrorKind::Damaged);
    for (when, name) in [
        ("it has no bytes", "zero_length"),
        ("it is another file", "plain_json"),
        ("it was cut short", "truncated_in_body"),
        ("it was cut short in its header", "truncated_in_salt"),
        ("it has a byte more", "extra_byte"),
        ("a bit of its header was altered", "salt_altered"),
        ("its contents were altered", "body_altered"),
        ("its header was made up", "careless_version_zero"),
        ("its header asks Argon2id for too much", "passphrase_memory_over_limit_forged"),
        ("its header leads out of the folder of the key", "protector_data_leads_outside_forged"),
    ] {
        let error = frozen(&mut page, name);
        page.add_with_path(when, &error);
    }
    page.compare();
}

#[test]
fn unsupported_version() {
    let mut page = Page::of("unsupported-version", ErrorKind::UnsupportedVersion);
    let error = frozen(&mut page, "future_version");
    page.add_with_path("a later version wrote it", &error);
    page.compare();
}

#[test]
fn invalid_contents() {
    let mut page = Page::of("invalid-contents", ErrorKind::InvalidContents);
    for (when, name) in
        [("it is no JSON", "contents_not_json"), ("it is of another type", "contents_of_another_type")]
    {
        let error = frozen(&mut page, name);
        page.add_with_path(when, &error);
    }
    let (folder, _keys) = places(&mut page);
    let cache: PersistedCache<Json<BTreeMap<(u32, u32), u32>>> = builder(folder.path()).open().unwrap();
    let error = cache.update(|map| map.insert((1, 2), 3)).unwrap_err();
    page.add("the program's type has no JSON form", &error);
    page.compare();
}

#[test]
fn wrong_key() {
    let mut page = Page::of("wrong-key", ErrorKind::WrongKey);
    let error = frozen(&mut page, "good_passphrase");
    page.add_with_path("another passphrase was given", &error);

    let (folder, keys) = places(&mut page);
    add(&open(folder.path())).unwrap();
    let cache: Cache = unprotected(folder.path()).protector(key(8)).open().unwrap();
    page.add_with_path("the program brings another key", &cache.read(|_| ()).unwrap_err());
    cache_with_key_file(folder.path(), keys.path());
    let fresh =
        || -> Cache { unprotected(folder.path()).protector(KeyFile::in_folder(keys.path())).open().unwrap() };
    fs::write(key_file(keys.path()), KEY_ITEM).unwrap();
    page.add_with_path("there is another key in the key file", &fresh().read(|_| ()).unwrap_err());
    fs::write(key_file(keys.path()), "something else").unwrap();
    page.add_with_path("there is no key in the key file", &fresh().read(|_| ()).unwrap_err());
    fs::remove_file(folder.path().join("tokens.sealed")).unwrap();
    page.add_with_path("and a new cache is to be made", &add(&fresh()).unwrap_err());
    page.compare();
}

/// A cache whose key is in a file: the one before is gone.
fn cache_with_key_file(folder: &Path, keys: &Path) {
    let _ = fs::remove_file(folder.join("tokens.sealed"));
    let cache: Cache = unprotected(folder).protector(KeyFile::in_folder(keys)).open().unwrap();
    add(&cache).unwrap();
}

fn key_file(keys: &Path) -> PathBuf {
    keys.join(&place::names(keys)[0])
}

#[test]
fn key_missing() {
    let mut page = Page::of("key-missing", ErrorKind::KeyMissing);
    let (folder, keys) = places(&mut page);
    cache_with_key_file(folder.path(), keys.path());
    fs::remove_file(key_file(keys.path())).unwrap();
    let cache: Cache = unprotected(folder.path()).protector(KeyFile::in_folder(keys.path())).open().unwrap();
    page.add_with_path("the key file is gone", &cache.read(|_| ()).unwrap_err());
    let credential = SystemdCredential::new("todo-key").in_folder(keys.path());
    fs::remove_file(folder.path().join("tokens.sealed")).unwrap();
    let cache: Cache = unprotected(folder.path()).protector(credential).open().unwrap();
    page.add_with_path("systemd has no such credential", &add(&cache).unwrap_err());
    page.compare();
}

#[test]
fn other_owner() {
    let mut page = Page::of("other-owner", ErrorKind::OtherOwner);
    let error = frozen(&mut page, "other_application");
    page.add_with_path("the file of another application was put there", &error);
    let (folder, _keys) = places(&mut page);
    let elsewhere = tempfile::tempdir().unwrap();
    // Only root can give a folder away; anybody else has one that is root's.
    let foreign = match chown(elsewhere.path(), Some(64_321), None) {
        Ok(()) => elsewhere.path(),
        Err(_) => Path::new("/"),
    };
    let error = builder::<Numbers>(foreign).open().unwrap_err();
    let text = error.to_string().replace(foreign.to_str().unwrap(), "$FOREIGN");
    page.add_text("the folder is another user's", "OtherOwner", &text);
    drop(folder);
    page.compare();
}

#[test]
fn rolled_back() {
    let mut page = Page::of("rolled-back", ErrorKind::RolledBack);
    let (folder, _keys) = places(&mut page);
    let (cache, file) = (open(folder.path()), folder.path().join("tokens.sealed"));
    add(&cache).unwrap();
    let old = fs::read(&file).unwrap();
    add(&cache).unwrap();
    fs::write(&file, &old).unwrap();
    page.add_with_path("an older file was put back", &cache.read(|_| ()).unwrap_err());
    cache.clear().unwrap();
    fs::write(&file, &old).unwrap();
    page.add_with_path("a cache that was cleared was put back", &cache.read(|_| ()).unwrap_err());
    page.compare();
}

#[test]
fn not_found() {
    let mut page = Page::of("not-found", ErrorKind::NotFound);
    let (folder, _keys) = places(&mut page);
    page.add_with_path(
        "a key is to be changed, and there is no cache",
        &open(folder.path()).rekey().unwrap_err(),
    );
    page.compare();
}

#[test]
fn access_denied() {
    let mut page = Page::of("access-denied", ErrorKind::AccessDenied);
    let (folder, keys) = places(&mut page);
    cache_with_key_file(folder.path(), keys.path());
    let fresh = || unprotected::<Numbers>(folder.path()).protector(KeyFile::in_folder(keys.path())).open();
    set_mode(&key_file(keys.path()), 0o644);
    page.add_with_path("others may read the key file", &fresh().unwrap().read(|_| ()).unwrap_err());
    set_mode(keys.path(), 0o777);
    page.add_with_path("others may write the folder of the key", &fresh().unwrap().read(|_| ()).unwrap_err());
    set_mode(folder.path(), 0o770);
    page.add_with_path("others may write the folder of the cache", &fresh().unwrap_err());
    page.compare();
}

#[test]
fn io() {
    let mut page = Page::of("io", ErrorKind::Io);
    let (folder, _keys) = places(&mut page);
    let file = folder.path().join("a-file");
    fs::write(&file, "").unwrap();
    page.add_with_path(
        "a file is where the folder should be",
        &builder::<Numbers>(&file).open().unwrap_err(),
    );
    let below = builder::<Numbers>(&file.join("below")).open().unwrap_err();
    page.add_with_path("a file is where a folder above should be", &below);
    let cache = open(folder.path());
    add(&cache).unwrap();
    fs::rename(folder.path().join("tokens.sealed"), folder.path().join("moved")).unwrap();
    fs::create_dir(folder.path().join("tokens.sealed")).unwrap();
    page.add_with_path("a folder is where the cache should be", &cache.read(|_| ()).unwrap_err());
    fs::remove_dir(folder.path().join("tokens.sealed")).unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    page.add_with_path("the folder was removed while the program runs", &add(&cache).unwrap_err());
    page.compare();
}

#[test]
fn configuration() {
    let mut page = Page::of("configuration", ErrorKind::Configuration);
    setup::mistakes(&mut page);
    let (folder, keys) = places(&mut page);
    let file = folder.path().join("tokens.sealed");
    let cache = open(folder.path());
    add(&cache).unwrap();
    let other: Cache = unprotected(folder.path()).protector(KeyFile::in_folder(keys.path())).open().unwrap();
    page.add_with_path("the cache has a protector that is not offered", &other.read(|_| ()).unwrap_err());
    page.add_with_path("and the program asks what protects it", &other.protection().unwrap_err());
    page.add_with_path("a key that is the program's is to be changed", &cache.rekey().unwrap_err());
    let moved = folder.path().join("moved");
    fs::rename(&file, &moved).unwrap();
    symlink(&moved, &file).unwrap();
    page.add_with_path("a link is where the cache should be", &cache.read(|_| ()).unwrap_err());
    let lock = folder.path().join("tokens.lock");
    fs::remove_file(&lock).unwrap();
    symlink(&moved, &lock).unwrap();
    page.add_with_path("a link is where the lock should be", &cache.clear().unwrap_err());
    let plain = PlainFile::open(folder.path().join("plain")).unwrap();
    let sealed = SealedFile::builder("com.example.proofs").name("other").folder(folder.path());
    let sealed = sealed.protector(key(7)).open().unwrap();
    let mut lock = plain.lock(&Deadline::after(Duration::from_secs(20))).unwrap();
    page.add("the lock of another cache is brought", &sealed.clear(&mut lock).unwrap_err());
    let memory = PersistedCache::<Numbers>::on(Memory::new()).unwrap();
    page.add("a cache in memory is to have another key", &memory.rekey().unwrap_err());
    page.compare();
}

const SHORT: Duration = Duration::from_millis(100);

/// Not a test: another process, which holds the lock.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn holder() {
    let Some(call) = Call::of("holder") else { return };
    let guard = open(Path::new(call.argument(0))).lock().unwrap();
    call.say("locked");
    call.hear();
    drop(guard);
}

#[test]
fn lock_timeout() {
    let mut page = Page::of("lock-timeout", ErrorKind::LockTimeout);
    let (folder, _keys) = places(&mut page);
    let cache: Cache = builder(folder.path()).lock_timeout(SHORT).open().unwrap();
    let guard = cache.lock().unwrap();
    page.add_with_path("this program has the lock", &add(&cache).unwrap_err());
    drop(guard);
    let mut holder = Child::start("holder", &[place::text(folder.path())]);
    holder.expect("locked");
    page.add_with_path("another program has the lock", &add(&cache).unwrap_err());
    holder.tell("go");
    holder.ends();
    let memory = PersistedCache::<Numbers>::on(Memory::new()).unwrap();
    let _guard = memory.lock().unwrap();
    let error = memory.lock_until(&Deadline::after(SHORT)).unwrap_err();
    page.add("this program has the lock of a cache in memory", &error);
    page.compare();
}

#[test]
fn cancelled() {
    let mut page = Page::of("cancelled", ErrorKind::Cancelled);
    let (folder, _keys) = places(&mut page);
    let cache = open(folder.path());
    let _guard = cache.lock().unwrap();
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let deadline = Deadline::after(Duration::from_secs(60)).with_cancellation(cancellation);
    page.add_with_path("the program gave up waiting", &cache.lock_until(&deadline).unwrap_err());
    page.compare();
}
