//! P6, secrets stay secret: not in freed memory, not in a log, an error or a `Debug` text.

#[path = "common/child.rs"]
mod child;
#[path = "common/memory.rs"]
mod memory;
#[path = "common/place.rs"]
mod place;

use std::{fs, path::Path, process};

use base64ct::{Base64UrlUnpadded, Encoding};
use child::{Call, Child};
use memory::Needle;
use place::{builder, names, text, unprotected};
use sealed_cache::{Builder, Json, KeyFile, Passphrase, PersistedCache};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Tokens that wipe themselves.
#[derive(Default, Serialize, Deserialize)]
struct Tokens {
    comment: String,
    refresh_token: Zeroizing<String>,
    #[serde(default)]
    scopes: Vec<Zeroizing<String>>,
}

type Secrets = Json<Tokens>;

/// A secret that nobody else has in memory.
fn canary(what: &str) -> String {
    format!(
        "canary-{what}-{:08x}-of-a-refresh-token-0123456789abcdef",
        process::id().wrapping_mul(2_654_435_761)
    )
}

/// Everything that a program does with its tokens; while the handle is open, the secret must be found.
fn use_tokens(open: impl Fn() -> PersistedCache<Secrets>, needle: &Needle) {
    let cache = open();
    cache
        .update(|tokens| {
            tokens.comment = "a line of text, with a \"quotation\" in it\n".repeat(3);
            tokens.refresh_token = needle.reveal();
        })
        .unwrap();
    // Another handle: loaded from the disk, changed, saved, looked at.
    let other = open();
    let mut guard = other.lock().unwrap();
    assert!(*guard.refresh_token == *needle.reveal());
    for _ in 0..40 {
        guard.scopes.push(needle.reveal());
    }
    guard.commit().unwrap();
    assert!(!needle.places().is_empty(), "the secret is not even found while it is in use");
    assert_eq!(open().read(|tokens| tokens.scopes.len()).unwrap(), 40);
    assert_eq!(cache.read(|tokens| tokens.scopes.len()).unwrap(), 40);
    // Given up half-way, and thrown away.
    let mut guard = cache.lock().unwrap();
    guard.refresh_token = needle.reveal();
    drop(guard);
    cache.clear().unwrap();
}

fn assert_gone(needle: &Needle) {
    let places = needle.places();
    assert!(places.is_empty(), "the secret is still at {places:#?}");
}

/// The other process: nothing of the test has happened in its memory.
#[test]
fn keeps_tokens_and_drops_them() {
    let Some(call) = Call::of("keeps_tokens_and_drops_them") else { return };
    let needle = Needle::from_text(call.argument(1));
    use_tokens(|| builder(Path::new(call.argument(0))).open().unwrap(), &needle);
    assert_gone(&needle);
}

fn leaves_no_token(canary: &str) {
    let folder = tempfile::tempdir().unwrap();
    let needle = Needle::new(canary.as_bytes()).to_text();
    Child::start("keeps_tokens_and_drops_them", &[text(folder.path()), &needle]).ends();
}

#[test]
#[ignore = "needs /proc/self/mem: cargo xtask test keychain"]
fn p6_no_token_stays_in_memory() {
    leaves_no_token(&canary("plain"));
}

/// What JSON has to escape is decoded into a buffer of the parser.
#[test]
#[ignore = "needs /proc/self/mem: cargo xtask test keychain"]
fn p6_no_token_with_characters_to_escape_stays_in_memory() {
    leaves_no_token(&format!("{}\"\\\n{}", canary("before"), canary("behind")));
}

/// The other process: the data key is found while a handle is open, and not afterwards.
#[test]
fn fetches_a_key_and_drops_it() {
    let Some(call) = Call::of("fetches_a_key_and_drops_it") else { return };
    let open = || with_key_file(Path::new(call.argument(0))).open().unwrap();
    let cache = open();
    cache.update(|tokens| tokens.comment.push_str("first")).unwrap();
    call.say("made");
    let needles: Vec<_> = call.hear().split(' ').map(Needle::from_text).collect();
    let other = open();
    other.update(|tokens| tokens.comment.push_str("second")).unwrap();
    assert!(!needles[0].places().is_empty(), "the key is not even found while it is in use");
    drop((cache, other));
    needles.iter().for_each(assert_gone);
}

fn with_key_file(folder: &Path) -> Builder<Secrets> {
    unprotected(&folder.join("cache")).protector(KeyFile::in_folder(folder.join("keys")))
}

#[test]
#[ignore = "needs /proc/self/mem: cargo xtask test keychain"]
fn p6_no_data_key_stays_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Child::start("fetches_a_key_and_drops_it", &[text(folder.path())]);
    child.expect("made");
    // Both forms: the bytes, and the text in the file.
    let keys = folder.path().join("keys");
    let item = fs::read_to_string(keys.join(&names(&keys)[0])).unwrap();
    let encoded = item.trim_end().rsplit(':').next().unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(encoded).unwrap();
    let needles = [&bytes, encoded.as_bytes()].map(|secret| Needle::new(secret).to_text());
    child.tell(&needles.join(" "));
    child.ends();
}

/// The other process: the passphrase is found while a handle is open, and not afterwards.
#[test]
fn has_a_passphrase_and_drops_it() {
    let Some(call) = Call::of("has_a_passphrase_and_drops_it") else { return };
    let needle = Needle::from_text(call.argument(1));
    let open = || {
        let mut passphrase = needle.reveal();
        let protector = Passphrase::new(std::mem::take(&mut *passphrase));
        unprotected::<Secrets>(Path::new(call.argument(0))).protector(protector).open().unwrap()
    };
    let (cache, other) = (open(), open());
    cache.update(|tokens| tokens.comment.push_str("first")).unwrap();
    other.update(|tokens| tokens.comment.push_str("second")).unwrap();
    assert!(!needle.places().is_empty(), "the passphrase is not even found while it is in use");
    drop((cache, other));
    assert_gone(&needle);
}

#[test]
#[ignore = "needs /proc/self/mem: cargo xtask test keychain"]
fn p6_no_passphrase_stays_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let needle = Needle::new(canary("passphrase").as_bytes()).to_text();
    Child::start("has_a_passphrase_and_drops_it", &[text(folder.path()), &needle]).ends();
}
