//! P10, nothing left behind: no temporary file, test item or lock outlives the process that made it, or the next one
//! cleans it up.

#[path = "common/chance.rs"]
mod chance;
#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{fs, path::Path, thread, time::Duration};

use chance::Chance;
use child::{Call, Child};
use place::{Cache, names, text, unprotected};
use sealed_cache::{
    CallerKey, DataKey, ErrorKind, KeyFile, OnUnreadable,
    persistence::{Persistence, dangerous::PlainFile},
};
use tempfile::TempDir;

/// A folder for the cache, and one for its key.
struct Stage(TempDir);

const CACHE: [&str; 2] = ["tokens.lock", "tokens.sealed"];

impl Stage {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn open(&self) -> Cache {
        open(self.path())
    }

    fn cache(&self) -> Vec<String> {
        names(&self.path().join("cache"))
    }

    fn keys(&self) -> Vec<String> {
        let keys = self.path().join("keys");
        if keys.exists() { names(&keys) } else { Vec::new() }
    }

    fn assert_one_key(&self) {
        let keys = self.keys();
        assert!(matches!(&keys[..], [key] if key.ends_with(".key")), "{keys:?}");
    }

    fn assert_cleared(&self) {
        assert_eq!((self.cache(), self.keys()), (vec!["tokens.lock".to_owned()], Vec::new()));
    }
}

fn open(folder: &Path) -> Cache {
    let keys = KeyFile::in_folder(folder.join("keys"));
    unprotected(&folder.join("cache")).protector(keys).on_unreadable(OnUnreadable::StartEmpty).open().unwrap()
}

#[test]
fn p10_opening_and_looking_leave_nothing() {
    let stage = Stage::new();
    let cache = stage.open();
    cache.read(|numbers| assert!(numbers.is_empty())).unwrap();
    cache.protection().unwrap();
    let _ = cache.diagnose();
    assert!(stage.cache().is_empty() && stage.keys().is_empty());
}

#[test]
fn p10_changes_leave_the_cache_its_lock_and_its_key() {
    let stage = Stage::new();
    let cache = stage.open();
    cache.update(|_| ()).unwrap();
    assert_eq!(stage.cache(), ["tokens.lock"]);
    for number in 0..5 {
        cache.update(|numbers| numbers.push(number)).unwrap();
    }
    cache.lock().unwrap().push(9);
    let mut guard = cache.lock().unwrap();
    guard.push(9);
    guard.commit().unwrap();
    cache.rekey().unwrap();
    let failed = cache.try_update(|numbers| {
        numbers.push(9);
        Err::<(), _>(sealed_cache::Error::new(ErrorKind::NotFound, "on second thoughts"))
    });
    failed.unwrap_err();
    assert_eq!(stage.cache(), CACHE);
    stage.assert_one_key();
}

#[test]
fn p10_a_verification_leaves_nothing_not_even_a_lock_file() {
    let stage = Stage::new();
    let cache = stage.open();
    cache.verify().unwrap();
    assert!(stage.cache().is_empty() && stage.keys().is_empty(), "{:?} {:?}", stage.cache(), stage.keys());
    cache.update(|numbers| numbers.push(1)).unwrap();
    let before = (stage.cache(), stage.keys());
    cache.verify().unwrap();
    assert_eq!((stage.cache(), stage.keys()), before);

    let plain = PlainFile::open(stage.path().join("cache/plain.json")).unwrap();
    plain.verify(&sealed_cache::Deadline::after(Duration::from_secs(20))).unwrap();
    assert_eq!((stage.cache(), stage.keys()), before);
}

#[test]
fn p10_verifications_at_the_same_time_do_not_disturb_each_other() {
    let stage = Stage::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| stage.open().verify().unwrap()));
        }
    });
    assert!(stage.cache().is_empty() && stage.keys().is_empty(), "{:?} {:?}", stage.cache(), stage.keys());
}

#[test]
fn p10_a_cleared_cache_leaves_its_lock_file_only() {
    let stage = Stage::new();
    let cache = stage.open();
    cache.update(|numbers| numbers.push(1)).unwrap();
    cache.clear().unwrap();
    stage.assert_cleared();
    // Again, and without anything there.
    cache.clear().unwrap();
    stage.open().clear().unwrap();
    stage.assert_cleared();
    cache.update(|numbers| numbers.push(1)).unwrap();
    stage.assert_one_key();
}

#[test]
fn p10_another_protector_takes_over_and_the_key_before_is_gone() {
    let stage = Stage::new();
    let cache = stage.open();
    cache.update(|numbers| numbers.push(1)).unwrap();
    cache.rekey_to(CallerKey::new(DataKey::generate().unwrap())).unwrap();
    assert_eq!((stage.cache().as_slice(), stage.keys().len()), (&CACHE.map(str::to_owned)[..], 0));
}

#[test]
fn p10_what_was_set_aside_is_one_file() {
    let stage = Stage::new();
    stage.open().update(|numbers| numbers.push(1)).unwrap();
    fs::write(stage.path().join("cache/tokens.sealed"), "not a sealed cache").unwrap();
    stage.open().update(|numbers| numbers.push(1)).unwrap();
    let names = stage.cache();
    assert_eq!((&*names[0], &*names[1], names.len()), (CACHE[0], CACHE[1], 3));
    assert!(names[2].starts_with("tokens.sealed.unreadable-"), "{names:?}");
    stage.assert_one_key();
}

/// The other process: does one thing again and again.
#[test]
fn does_it_again_and_again() {
    let Some(call) = Call::of("does_it_again_and_again") else { return };
    let folder = Path::new(call.argument(0));
    loop {
        let cache = open(folder);
        match call.argument(1) {
            "verify" => cache.verify(),
            "rekey" => cache.rekey(),
            "clear" => cache.update(|numbers| numbers.push(1)).and_then(|()| cache.clear()),
            _ => cache.update(|numbers| numbers.push(1)),
        }
        .unwrap();
        call.say("done");
    }
}

/// Kill a process in the middle of this, some times; after each, the next process finds all that it needs.
fn kill_during(stage: &Stage, what: &str, mut after: impl FnMut(&Cache)) {
    let mut chance = Chance::new();
    for _ in 0..8 {
        let mut child = Child::start("does_it_again_and_again", &[text(stage.path()), what]);
        child.hear().unwrap();
        thread::sleep(chance.within(Duration::from_millis(15)));
        child.kill();
        after(&stage.open());
    }
}

#[test]
fn p10_killed_while_saving() {
    let stage = Stage::new();
    kill_during(&stage, "update", |cache| {
        cache.read(|numbers| assert!(!numbers.is_empty())).unwrap();
        assert_eq!(stage.cache(), CACHE);
    });
    stage.assert_one_key();
}

#[test]
fn p10_killed_while_verifying() {
    let stage = Stage::new();
    kill_during(&stage, "verify", |cache| {
        // The next verification takes away what the last one left.
        cache.verify().unwrap();
        assert!(
            stage.cache().is_empty() && stage.keys().is_empty(),
            "{:?} {:?}",
            stage.cache(),
            stage.keys()
        );
    });
}

#[test]
fn p10_killed_while_changing_the_key() {
    let stage = Stage::new();
    stage.open().update(|numbers| numbers.push(1)).unwrap();
    kill_during(&stage, "rekey", |cache| {
        assert_eq!(cache.read(|numbers| numbers.to_vec()).unwrap(), [1]);
        cache.rekey().unwrap();
        assert_eq!(stage.cache(), CACHE);
        stage.assert_one_key();
    });
    // A text of two keys would be one that was left.
    let key = fs::read_to_string(stage.path().join("keys").join(&stage.keys()[0])).unwrap();
    assert!(!key.contains(','));
    stage.open().clear().unwrap();
    stage.assert_cleared();
}

#[test]
fn p10_killed_while_clearing() {
    let stage = Stage::new();
    kill_during(&stage, "clear", |cache| {
        cache.clear().unwrap();
        stage.assert_cleared();
    });
}

/// A key that was being written when the process was killed is a secret, too.
#[test]
fn p10_a_cleared_cache_leaves_no_half_written_key() {
    let stage = Stage::new();
    let cache = stage.open();
    cache.update(|numbers| numbers.push(1)).unwrap();
    let key = stage.path().join("keys").join(&stage.keys()[0]);
    fs::copy(&key, key.with_extension("key.tmp")).unwrap();
    cache.clear().unwrap();
    stage.assert_cleared();
}
