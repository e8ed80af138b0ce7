//! P6, secrets stay secret: a whole run of good and bad paths, and everything that is said on the way: log lines, the
//! texts of errors and of their sources, the `Debug` text of every type that a program gets hold of.

#[cfg(feature = "tracing")]
#[path = "common/log.rs"]
mod log;
#[path = "common/place.rs"]
mod place;

use std::{
    error::Error as StdError,
    fmt::{Debug, Display},
    fs,
    path::Path,
    time::Duration,
};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use place::{names, unprotected};
use sealed_cache::{
    Builder, CacheId, CallerKey, DataKey, Deadline, ErrorKind, Json, KeyFile, OnUnreadable, Passphrase,
    PersistedCache, Prompt, Result, SecretBytes, SerializableCache,
    persistence::{Memory, SealedFile, dangerous::PlainFile},
    protect::{KeyRequest, NewKey, Protector},
};
use tempfile::TempDir;

type Secrets = Json<Vec<String>>;
type Cache = PersistedCache<Secrets>;

const TOKEN: &str = "canary-token-8c1f";
const KEY: &[u8; 32] = b"canary-key-0123456789abcdef-9d2e";
const PASSPHRASE: &str = "canary-passphrase-3b7a";
/// In the place of a key, where it is none.
const NO_KEY: &str = "canary-of-another-program-5e60";

/// Everything that was said.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn debug(&mut self, value: &impl Debug) {
        self.0.push(format!("{value:?} {value:#?}"));
    }

    fn both(&mut self, value: &(impl Debug + Display)) {
        self.debug(value);
        self.0.push(value.to_string());
    }

    fn error<T>(&mut self, outcome: Result<T>, kind: ErrorKind) {
        let Err(error) = outcome else { panic!("not {kind:?}") };
        assert_eq!(error.kind(), kind, "{error}");
        self.both(&error);
        self.0.push(format!("{} {} {:?}", error.what(), error.remedy(), error.path()));
        let mut source = error.source();
        while let Some(error) = source {
            self.0.push(format!("{error} {error:?} {error:#?}"));
            source = error.source();
        }
    }

    fn assert_silent_about(&self, secret: &[u8]) {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let forms = [
            String::from_utf8(secret.to_vec()).unwrap(),
            format!("{secret:?}").trim_matches(['[', ']']).to_owned(),
            hex.to_uppercase(),
            hex,
            Base64UrlUnpadded::encode_string(secret),
            Base64::encode_string(secret),
        ];
        for (said, form) in self.0.iter().flat_map(|said| forms.iter().map(move |form| (said, form))) {
            assert!(!said.contains(form), "{form} is in {said}");
        }
    }
}

fn with(folder: &Path, protector: impl Protector) -> Builder<Secrets> {
    unprotected(folder).protector(protector).lock_timeout(Duration::from_millis(10))
}

fn caller_key(bytes: &[u8; 32]) -> CallerKey {
    CallerKey::new(DataKey::from_bytes(bytes))
}

fn save(cache: &Cache) {
    cache.update(|tokens| tokens.push(TOKEN.to_owned())).unwrap();
}

fn folder_with_cache() -> (TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = with(folder.path(), caller_key(KEY)).open().unwrap();
    save(&cache);
    (folder, cache)
}

fn good_paths(said: &mut Said) {
    let (folder, cache) = folder_with_cache();
    let builder = with(folder.path(), caller_key(KEY)).fallback(Passphrase::new(PASSPHRASE));
    said.debug(&builder);
    said.debug(&cache);
    said.both(&cache.protection().unwrap());
    said.both(&cache.diagnose());
    cache.read(|tokens| said.debug(tokens)).unwrap();

    let mut guard = cache.lock().unwrap();
    guard.push(TOKEN.to_owned());
    said.debug(&guard);
    said.debug(&*guard);
    guard.save().unwrap();
    said.error(cache.lock(), ErrorKind::LockTimeout);
    guard.commit().unwrap();

    let plugin = cache.plugin();
    let mut own = Secrets::default();
    let access = plugin.before_access(&mut own).unwrap();
    said.debug(&access);
    own.push(TOKEN.to_owned());
    said.debug(&own);
    access.after_access(&mut own).unwrap();
    said.debug(&plugin);
    said.debug(&own.serialize().unwrap());

    cache.verify().unwrap();
    said.error(cache.rekey(), ErrorKind::Configuration);
    cache.rekey_to(caller_key(b"canary-key-0123456789abcdef-next")).unwrap();
    cache.clear().unwrap();
    said.error(cache.rekey(), ErrorKind::NotFound);
}

fn bad_files(said: &mut Said) {
    let (folder, cache) = folder_with_cache();
    let file = folder.path().join("tokens.sealed");
    let good = fs::read(&file).unwrap();
    let fresh = || with(folder.path(), caller_key(KEY)).open().unwrap();
    let other = with(folder.path(), caller_key(b"canary-key-of-somebody-else-7777"));
    said.error(other.open().unwrap().read(|_| ()), ErrorKind::WrongKey);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&file, bad).unwrap();
        let Err(error) = fresh().read(|_| ()) else { panic!("byte {at} does not count") };
        said.error(Err::<(), _>(error), ErrorKind::Damaged);
    }
    fs::write(&file, &good[..good.len() - 3]).unwrap();
    said.error(fresh().update(|_| ()), ErrorKind::Damaged);
    let forgiving =
        with(folder.path(), caller_key(KEY)).on_unreadable(OnUnreadable::StartEmpty).open().unwrap();
    forgiving.read(|_| ()).unwrap();
    forgiving.recoveries().iter().for_each(|recovery| said.both(recovery));
    assert_eq!(forgiving.recoveries().len(), 1);

    // A cache of another type: the parser wants to quote what it found.
    fs::write(&file, &good).unwrap();
    let numbers: PersistedCache<Json<Vec<u32>>> =
        unprotected(folder.path()).protector(caller_key(KEY)).open().unwrap();
    said.error(numbers.read(|_| ()), ErrorKind::InvalidContents);
    drop(cache);
}

fn key_keepers(said: &mut Said) {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = || with(folder.path(), KeyFile::in_folder(keys.path())).open().unwrap();
    save(&open());
    open().rekey().unwrap();
    said.both(&open().diagnose());
    let key = keys.path().join(&names(keys.path())[0]);
    let text = fs::read_to_string(&key).unwrap();
    said.assert_silent_about(text.trim().rsplit(':').next().unwrap().as_bytes());
    fs::write(&key, NO_KEY).unwrap();
    said.error(open().read(|_| ()), ErrorKind::WrongKey);
    said.both(&open().diagnose());
    fs::remove_file(&key).unwrap();
    said.error(open().read(|_| ()), ErrorKind::KeyMissing);

    let folder = tempfile::tempdir().unwrap();
    save(&with(folder.path(), Passphrase::new(PASSPHRASE)).open().unwrap());
    let wrong = with(folder.path(), Passphrase::new("canary-passphrase-of-another")).open().unwrap();
    said.error(wrong.read(|_| ()), ErrorKind::WrongKey);
    said.debug(&wrong);
}

fn other_types(said: &mut Said) {
    said.debug(&SecretBytes::from(TOKEN.as_bytes()));
    said.debug(&DataKey::from_bytes(KEY));
    said.debug(&NewKey { key: DataKey::from_bytes(KEY), data: Vec::new() });
    said.debug(&caller_key(KEY));
    said.debug(&CallerKey::from_fn(|_| Ok(DataKey::from_bytes(KEY))));
    said.debug(&Passphrase::new(PASSPHRASE));
    said.debug(&Secrets::new(vec![TOKEN.to_owned()]));
    let id = CacheId::new("com.example.proofs", "tokens").unwrap();
    let request = KeyRequest::new(id, "tokens", "/", Deadline::after(Duration::from_secs(1)), Prompt::Never);
    said.debug(&request);

    let folder = tempfile::tempdir().unwrap();
    let sealed = SealedFile::builder("com.example.proofs").folder(folder.path()).protector(caller_key(KEY));
    said.debug(&sealed);
    said.debug(&sealed.open().unwrap());
    let memory = Memory::new();
    save(&Cache::on(memory.clone()).unwrap());
    said.debug(&memory);
    let plain = folder.path().join("plain");
    save(&Cache::on(PlainFile::open(&plain).unwrap()).unwrap());
    said.debug(&PlainFile::open(&plain).unwrap());
    assert!(fs::read_to_string(&plain).unwrap().contains(TOKEN));
}

#[test]
fn p6_nothing_that_is_said_holds_a_secret() {
    #[cfg(feature = "tracing")]
    log::listen();
    let mut said = Said::default();
    good_paths(&mut said);
    bad_files(&mut said);
    key_keepers(&mut said);
    other_types(&mut said);
    #[cfg(feature = "tracing")]
    {
        let lines = log::lines();
        for word in ["saving a cache", "loaded a cache", "set a cache aside"] {
            assert!(lines.iter().any(|line| line.contains(word)), "{word:?} was not logged: {lines:#?}");
        }
        said.0.extend(lines);
    }
    let secrets = [TOKEN.as_bytes(), KEY, PASSPHRASE.as_bytes(), NO_KEY.as_bytes(), b"canary"];
    secrets.iter().for_each(|secret| said.assert_silent_about(secret));
}
