//! The sealed format, through the public API: every frozen file of `tests/fixtures/v1` opens, or gives exactly the error
//! that it stands for and stays as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use sealed_cache::{
    CallerKey, DataKey, Error, ErrorKind, Json, KeyFile, OnUnreadable, Passphrase, PersistedCache,
    RecoveryReason, persistence::Persistence, persistence::SealedFile,
};
use tempfile::TempDir;

type Cache = PersistedCache<Json<BTreeMap<String, String>>>;

/// As the head of `expected.txt` says.
const PASSPHRASE: &str = "correct horse battery staple";
const KEY_ITEM: &str = "sealed-cache-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn data_key() -> DataKey {
    DataKey::from_bytes(&std::array::from_fn(|index| index as u8))
}

/// What becomes of a fixture: its contents, or an error.
#[derive(Debug, PartialEq)]
enum Outcome {
    Contents(String),
    Kind(String),
}

struct Fixture {
    name: String,
    bytes: Vec<u8>,
    outcome: Outcome,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1")
}

fn fixture(line: &str) -> Fixture {
    let (name, outcome) = line.split_once(' ').expect("a line has a name and an outcome");
    let outcome = match outcome.strip_prefix("Contents ") {
        Some(contents) => Outcome::Contents(contents.to_owned()),
        None => Outcome::Kind(outcome.to_owned()),
    };
    let bytes = fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    Fixture { name: name.to_owned(), bytes, outcome }
}

fn fixtures() -> Vec<Fixture> {
    let table = fs::read_to_string(folder().join("expected.txt")).unwrap();
    table.lines().filter(|line| !line.starts_with('#')).map(fixture).collect()
}

fn frozen(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn wrong() -> impl Iterator<Item = (Fixture, String)> {
    fixtures().into_iter().filter_map(|fixture| match &fixture.outcome {
        Outcome::Kind(kind) => {
            let kind = kind.clone();
            Some((fixture, kind))
        }
        Outcome::Contents(_) => None,
    })
}

/// A folder for the cache and one for the key file, with the key item that the fixtures name.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.cache_folder()).unwrap();
        place.put_key_item(KEY_ITEM);
        place
    }

    fn with(bytes: &[u8]) -> Self {
        let place = Self::new();
        place.put(bytes);
        place
    }

    fn cache_folder(&self) -> PathBuf {
        self.0.path().join("caches")
    }

    fn file(&self) -> PathBuf {
        self.cache_folder().join("tokens.sealed")
    }

    fn put(&self, bytes: &[u8]) {
        fs::write(self.file(), bytes).unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.file()).unwrap()
    }

    fn put_key_item(&self, text: &str) {
        let folder = self.0.path().join("keys");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("com.contoso.todo.tokens.key"), text).unwrap();
        close_to_others(&folder.join("com.contoso.todo.tokens.key"));
    }

    fn open(&self, policy: OnUnreadable) -> Cache {
        Cache::builder("com.contoso.todo")
            .name("tokens")
            .folder(self.cache_folder())
            .protector(CallerKey::new(data_key()))
            .fallback(Passphrase::new(PASSPHRASE))
            .fallback(KeyFile::in_folder(self.0.path().join("keys")))
            .on_unreadable(policy)
            .open()
            .unwrap()
    }

    /// What lies in the folder of the cache, beside the lock.
    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.cache_folder()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "tokens.lock").collect()
    }
}

#[cfg(unix)]
fn close_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn close_to_others(_path: &Path) {}

fn kind_of(error: &Error) -> String {
    format!("{:?}", error.kind())
}

fn read(cache: &Cache) -> Result<String, Error> {
    cache.read(|cache| serde_json::to_string(&**cache).unwrap())
}

fn add(cache: &Cache) -> Result<(), Error> {
    cache.update(|cache| cache.insert("bob".into(), "new".into())).map(drop)
}

#[test]
fn every_fixture_is_listed_and_every_listed_one_is_there() {
    let listed: BTreeSet<_> = fixtures().into_iter().map(|fixture| fixture.name).collect();
    let files = fs::read_dir(folder()).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let files: BTreeSet<_> = files.into_iter().filter(|name| name != "expected.txt").collect();
    assert_eq!(files, listed);
    assert!(listed.len() > 100, "the fixtures have become few: {}", listed.len());
}

#[test]
fn files_of_version_1_open_for_ever() {
    let mut opened = 0;
    for fixture in fixtures() {
        let Outcome::Contents(contents) = fixture.outcome else { continue };
        let place = Place::with(&fixture.bytes);
        let cache = place.open(OnUnreadable::Fail);
        assert_eq!(read(&cache).unwrap(), contents, "{}", fixture.name);
        assert_eq!(place.bytes(), fixture.bytes, "{}: reading changes nothing", fixture.name);
        add(&cache).unwrap();
        let again = read(&place.open(OnUnreadable::Fail)).unwrap();
        assert!(again.contains(r#""bob":"new""#), "{}: {again}", fixture.name);
        opened += 1;
    }
    assert!(opened >= 8, "only {opened}");
}

#[test]
fn p4_every_fixture_gives_its_own_kind_and_is_untouched() {
    for (fixture, kind) in wrong() {
        let (place, name) = (Place::with(&fixture.bytes), &fixture.name);
        let cache = place.open(OnUnreadable::Fail);
        let error = read(&cache).expect_err(name);
        assert_eq!(kind_of(&error), kind, "read of {name}: {error}");
        let error = add(&cache).expect_err(name);
        assert_eq!(kind_of(&error), kind, "update of {name}: {error}");
        let error = add(&place.open(OnUnreadable::Fail)).expect_err(name);
        assert_eq!(kind_of(&error), kind, "update of {name} by a new handle: {error}");
        assert_eq!(place.bytes(), fixture.bytes, "{name} was changed");
        assert_eq!(place.names(), BTreeSet::from(["tokens.sealed".to_owned()]), "{name} left something");
    }
}

#[test]
fn p4_every_error_names_the_file_and_a_remedy() {
    for (fixture, _) in wrong() {
        let place = Place::with(&fixture.bytes);
        let error = read(&place.open(OnUnreadable::Fail)).unwrap_err();
        let path = error.path().unwrap_or_else(|| panic!("{}: no path in: {error}", fixture.name));
        assert_eq!(path, place.file().canonicalize().unwrap(), "{}: {error}", fixture.name);
        assert!(!error.remedy().is_empty(), "{}: {error}", fixture.name);
        assert!(!error.to_string().contains(char::is_control), "{}: {error:?}", fixture.name);
    }
}

#[test]
fn clear_removes_what_cannot_be_read() {
    for fixture in fixtures() {
        let (place, name) = (Place::with(&fixture.bytes), &fixture.name);
        let cache = place.open(OnUnreadable::Fail);
        cache.clear().unwrap_or_else(|error| panic!("{name} cannot be cleared: {error}"));
        assert!(place.names().is_empty(), "{name}: {:?}", place.names());
        assert_eq!(read(&cache).unwrap(), "{}", "{name}");
    }
}

#[test]
fn p4_start_empty_keeps_what_cannot_be_read_byte_for_byte() {
    for (fixture, kind) in wrong() {
        let (place, name) = (Place::with(&fixture.bytes), &fixture.name);
        let cache = place.open(OnUnreadable::StartEmpty);
        match add(&cache) {
            Ok(()) => assert_kept(&place, &cache, &fixture, &kind),
            Err(error) => {
                assert!(!error.kind().is_unreadable(), "{name}: {error}");
                assert_eq!(kind_of(&error), kind, "{name}: {error}");
                assert_eq!(place.bytes(), fixture.bytes, "{name} was changed");
                assert!(cache.recoveries().is_empty() && place.names().len() == 1, "{name}");
            }
        }
    }
}

fn assert_kept(place: &Place, cache: &Cache, fixture: &Fixture, kind: &str) {
    let name = &fixture.name;
    assert_eq!(read(cache).unwrap(), r#"{"bob":"new"}"#, "{name}");
    let recoveries = cache.recoveries();
    let [recovery] = recoveries.as_slice() else { panic!("{name}: {recoveries:?}") };
    let RecoveryReason::Unreadable(reported, _) = &recovery.reason else { panic!("{name}: {recovery}") };
    assert_eq!(format!("{reported:?}"), kind, "{name}");
    assert!(reported.is_unreadable(), "{name}");
    assert_eq!(fs::read(&recovery.kept).unwrap(), fixture.bytes, "{name} was changed");
    let kept = recovery.kept.file_name().unwrap().to_str().unwrap();
    assert!(is_time(kept.strip_prefix("tokens.sealed.unreadable-").unwrap()), "{kept}");
    assert_eq!(place.names(), BTreeSet::from(["tokens.sealed".to_owned(), kept.to_owned()]), "{name}");
}

/// `20261124T061500Z-123456789`.
fn is_time(text: &str) -> bool {
    let pattern = "00000000T000000Z-000000000";
    text.len() == pattern.len()
        && text.chars().zip(pattern.chars()).all(|(here, there)| match there {
            '0' => here.is_ascii_digit(),
            other => here == other,
        })
}

#[test]
fn every_kind_that_a_file_can_give_is_among_the_fixtures() {
    let kinds: BTreeSet<_> = wrong().map(|(_, kind)| kind).collect();
    let expected = [
        "Configuration",
        "Damaged",
        "InvalidContents",
        "KeyMissing",
        "OtherOwner",
        "UnsupportedVersion",
        "WrongKey",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());
}

#[test]
fn an_older_generation_put_back_is_refused() {
    let place = Place::with(&frozen("good_key_item.sealed"));
    let (cache, other) = (place.open(OnUnreadable::Fail), place.open(OnUnreadable::StartEmpty));
    for cache in [&cache, &other] {
        read(cache).unwrap();
    }
    place.put(&frozen("older_generation.sealed"));
    for cache in [&cache, &other] {
        assert_eq!(read(cache).unwrap_err().kind(), ErrorKind::RolledBack);
        assert_eq!(add(cache).unwrap_err().kind(), ErrorKind::RolledBack);
        assert!(cache.recoveries().is_empty());
    }
    assert_eq!(place.bytes(), frozen("older_generation.sealed"));
    // Who has not seen the newer one cannot know.
    read(&place.open(OnUnreadable::Fail)).unwrap();
}

#[test]
fn what_a_handle_saved_itself_counts_as_seen() {
    let place = Place::with(&frozen("older_generation.sealed"));
    let cache = place.open(OnUnreadable::Fail);
    add(&cache).unwrap(); // generation 7
    add(&cache).unwrap(); // generation 8
    place.put(&frozen("good_key_item.sealed")); // generation 7 of the same cache
    assert_eq!(read(&cache).unwrap_err().kind(), ErrorKind::RolledBack);
    assert_eq!(add(&cache).unwrap_err().kind(), ErrorKind::RolledBack);
    assert_eq!(place.bytes(), frozen("good_key_item.sealed"));
}

#[test]
fn a_cleared_cache_put_back_is_refused() {
    let place = Place::with(&frozen("good_small.sealed"));
    let cache = place.open(OnUnreadable::Fail);
    read(&cache).unwrap();
    cache.clear().unwrap();
    place.put(&frozen("good_small.sealed"));
    assert_eq!(read(&cache).unwrap_err().kind(), ErrorKind::RolledBack);
    assert_eq!(add(&cache).unwrap_err().kind(), ErrorKind::RolledBack);
    assert_eq!(place.bytes(), frozen("good_small.sealed"));
}

#[test]
fn saves_end_before_a_generation_that_could_not_be_read() {
    let place = Place::with(&frozen("good_last_generation_but_one.sealed"));
    let cache = place.open(OnUnreadable::Fail);
    add(&cache).unwrap();
    let last = place.bytes();
    assert_eq!(add(&cache).unwrap_err().kind(), ErrorKind::Damaged);
    assert_eq!(place.bytes(), last);
    read(&place.open(OnUnreadable::Fail)).unwrap();
}

#[test]
fn the_texts_of_a_key_item_that_open_the_cache() {
    let other = "sealed-cache-key-1:VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU";
    let ours = KEY_ITEM.split_once(':').unwrap().1;
    let opens = |text: &str| {
        let place = Place::with(&frozen("good_key_item.sealed"));
        place.put_key_item(text);
        read(&place.open(OnUnreadable::Fail)).map(drop).map_err(|error| error.kind())
    };
    for text in
        [KEY_ITEM, &format!("{KEY_ITEM}\n"), &format!("{other},{ours}"), &format!("{KEY_ITEM},{ours}")]
    {
        assert_eq!(opens(text), Ok(()), "{text}");
    }
    let no_keys = ["", "sealed-cache-key-1:", "sealed-cache-key-2:AAAA", ours, &KEY_ITEM[1..]];
    for text in no_keys.into_iter().chain([other, &format!("{KEY_ITEM}="), &format!("{KEY_ITEM},")]) {
        assert_eq!(opens(text), Err(ErrorKind::WrongKey), "{text}");
    }
    let unused_bits = KEY_ITEM.replace("Hh8", "Hh9");
    assert_eq!(opens(&unused_bits), Err(ErrorKind::WrongKey));
    assert_eq!(opens(&format!("{KEY_ITEM},{ours},{ours}")), Err(ErrorKind::WrongKey));
}

/// The worked example of the specification is a frozen file, and the numbers in it are its.
#[test]
fn the_worked_example_of_the_specification_is_a_fixture() {
    let specification = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md");
    let text = fs::read_to_string(specification).unwrap();
    let (_, example) = text.split_once("## Worked example").expect("there is a worked example");
    let (_, dump) = example.split_once("```hex\n").expect("with a hex dump");
    let (dump, _) = dump.split_once("```").unwrap();
    let digits = dump.lines().flat_map(|line| line.split("  ").next().unwrap().split(' '));
    let bytes: Vec<_> =
        digits.filter(|hex| !hex.is_empty()).map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect();
    assert_eq!(bytes, frozen("good_key_item.sealed"));
}

#[test]
fn an_application_sees_its_own_file_only() {
    let place = Place::with(&frozen("good_small.sealed"));
    let open = |application: &str, name: &str| {
        let file = SealedFile::builder(application).name(name).folder(place.cache_folder());
        file.protector(CallerKey::new(data_key())).open().unwrap()
    };
    assert!(open("com.contoso.todo", "tokens").load().is_ok());
    let error = open("com.contoso.mail", "tokens").load().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OtherOwner);
    fs::copy(place.file(), place.cache_folder().join("other.sealed")).unwrap();
    let error = open("com.contoso.todo", "other").load().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OtherOwner);
}
