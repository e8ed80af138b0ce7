//! P1, durable or untouched: a save that failed leaves the cache before, one that returned survives a loss of power.

#![cfg(feature = "testing")]

#[path = "common/disk.rs"]
mod disk;
#[path = "common/faults.rs"]
mod faults;
#[path = "common/item.rs"]
mod item;
#[path = "common/place.rs"]
mod place;

use std::{fs, path::Path, sync::Arc};

use disk::{Disk, Image};
use faults::{Faults, How};
use item::Item;
use place::{Cache, names, unprotected};
use sealed_cache::{ErrorKind, OnUnreadable, Result, testing::FileObserver};
use tempfile::TempDir;

/// One thing that is done to a cache, and what is stored before and after it.
struct Scenario {
    name: &'static str,
    /// What is saved first.
    before: Option<Before>,
    act: fn(&Cache) -> Result<()>,
    old: Seen,
    new: Seen,
}

#[derive(Clone, Copy)]
enum Before {
    Cache,
    Damaged,
}

/// The stored cache, as a program sees it that starts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Numbers(&'static [u32]),
    Damaged,
}

const EMPTY: Seen = Seen::Numbers(&[]);
const ONE: Seen = Seen::Numbers(&[1]);
const TWO: Seen = Seen::Numbers(&[2]);
const DAMAGE: &[u8] = b"not a sealed cache";

const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "first save", before: None, act: save, old: EMPTY, new: TWO },
    Scenario { name: "later save", before: Some(Before::Cache), act: save, old: ONE, new: TWO },
    Scenario { name: "clear", before: Some(Before::Cache), act: Cache::clear, old: ONE, new: EMPTY },
    Scenario { name: "set aside", before: Some(Before::Damaged), act: save, old: Seen::Damaged, new: TWO },
    Scenario { name: "rekey", before: Some(Before::Cache), act: Cache::rekey, old: ONE, new: ONE },
    Scenario { name: "read", before: Some(Before::Cache), act: read, old: ONE, new: ONE },
];

fn save(cache: &Cache) -> Result<()> {
    cache.update(|numbers| **numbers = vec![2])
}

fn read(cache: &Cache) -> Result<()> {
    cache.read(|numbers| assert_eq!(**numbers, [1]))
}

/// A folder in which a scenario is about to happen.
struct Stage {
    folder: TempDir,
    item: Item,
}

impl Stage {
    fn new(scenario: &Scenario, faults: &Arc<Faults>) -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap(), item: Item::new(None, faults) };
        match scenario.before {
            Some(Before::Cache) => stage.open(Arc::default()).update(|numbers| numbers.push(1)).unwrap(),
            Some(Before::Damaged) => fs::write(stage.path().join("tokens.sealed"), DAMAGE).unwrap(),
            None => {}
        }
        stage
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn open(&self, observer: Arc<Faults>) -> Cache {
        open(self.path(), &self.item, OnUnreadable::StartEmpty, observer)
    }

    /// What a program sees that starts now. A damaged cache is there once, in its place or aside.
    fn seen(&self, scenario: &Scenario) -> Seen {
        seen(self.path(), &self.item, scenario)
    }
}

fn open(folder: &Path, item: &Item, policy: OnUnreadable, observer: Arc<dyn FileObserver>) -> Cache {
    let builder = unprotected(folder).protector(item.clone()).on_unreadable(policy);
    builder.file_observer(observer).open().unwrap()
}

fn seen(folder: &Path, item: &Item, scenario: &Scenario) -> Seen {
    let cache = open(folder, item, OnUnreadable::Fail, Arc::<Faults>::default());
    let seen = match cache.read(|numbers| numbers.to_vec()) {
        Err(error) if error.kind() == ErrorKind::Damaged => Seen::Damaged,
        numbers => match numbers.unwrap()[..] {
            [] => EMPTY,
            [1] => ONE,
            [2] => TWO,
            ref numbers => panic!("{numbers:?}"),
        },
    };
    assert_only_expected_files(folder, scenario);
    seen
}

/// Once somebody has opened the cache again.
fn assert_only_expected_files(folder: &Path, scenario: &Scenario) {
    let mut damaged = 0;
    for name in names(folder) {
        damaged += usize::from(fs::read(folder.join(&name)).unwrap() == DAMAGE);
        let expected = ["tokens.sealed", "tokens.lock"].contains(&&*name) || name.contains(".unreadable-");
        assert!(expected, "{name} is left over");
    }
    assert_eq!(damaged == 1, matches!(scenario.before, Some(Before::Damaged)), "{damaged} damaged files");
}

/// Was everything done that makes the new state durable, but for the folder?
fn is_renamed_after_sync(steps: &[String]) -> bool {
    let position = |step: &str| steps.iter().position(|seen| *seen == step);
    let sync = position("sync tokens.sealed.tmp");
    sync.is_some() && sync < position("rename tokens.sealed.tmp")
}

/// Let the n-th operation fail: `false` if there are fewer.
fn fail_nth(scenario: &Scenario, number: usize, how: How) -> bool {
    let faults = Arc::new(Faults::default());
    let stage = Stage::new(scenario, &faults);
    let cache = stage.open(Arc::clone(&faults));
    faults.arm(number, how);
    let outcome = (scenario.act)(&cache);
    let steps = faults.disarm();
    let after = format!("{} after {how:?} of {steps:?}", scenario.name);
    match (&outcome, &steps) {
        (Ok(()), _) => assert_eq!(stage.seen(scenario), scenario.new, "{after}"),
        (Err(error), Some(steps)) => {
            assert_eq!(error.kind(), ErrorKind::Io, "{after}: {error}");
            assert!(error.to_string().contains("injected"), "{after}: {error}");
            match stage.seen(scenario) {
                seen if seen == scenario.old => {}
                // It was set aside, and nothing saved yet.
                EMPTY if scenario.old == Seen::Damaged => {}
                TWO => assert!(is_renamed_after_sync(steps), "{after}"),
                seen => assert_eq!(seen, scenario.new, "{after}"),
            }
        }
        (Err(error), None) => panic!("{}: failed without a fault: {error}", scenario.name),
    }
    (scenario.act)(&cache).unwrap_or_else(|error| panic!("{after}: the second attempt: {error}"));
    assert_eq!(stage.seen(scenario), scenario.new, "{after} and a second attempt");
    let keys = stage.item.text().map_or(0, |text| text.split(',').count());
    assert_eq!(keys, usize::from(scenario.new != EMPTY), "{after} and a second attempt: keys");
    steps.is_some()
}

fn fail_every_operation(how: How) {
    for scenario in &SCENARIOS {
        let operations = (1..).take_while(|number| fail_nth(scenario, *number, how)).count();
        assert!(operations >= 3, "{}: only {operations} operations were seen", scenario.name);
    }
}

#[test]
fn p1_any_operation_that_is_not_done() {
    fail_every_operation(How::NotDone);
}

#[test]
fn p1_any_operation_that_is_half_done() {
    fail_every_operation(How::HalfDone);
}

#[test]
fn p1_any_operation_that_is_done_and_reported_as_failed() {
    fail_every_operation(How::Done);
}

#[test]
fn p1_a_disk_that_fails_at_any_operation_and_stays_so() {
    fail_every_operation(How::FromThenOn);
}

/// A refresh token that was just rotated exists nowhere else: the guard keeps it until it is saved.
#[test]
fn p1_a_guard_whose_save_failed_can_save_again() {
    let fails = |number| {
        let faults = Arc::new(Faults::default());
        let stage = Stage::new(&SCENARIOS[1], &faults);
        let mut guard = stage.open(Arc::clone(&faults)).lock().unwrap();
        guard.push(2);
        faults.arm(number, How::NotDone);
        let outcome = guard.save();
        let steps = faults.disarm();
        assert_eq!(outcome.is_err(), steps.is_some(), "{steps:?}");
        guard.commit().unwrap();
        let fresh = stage.open(Arc::default());
        assert_eq!(fresh.read(|numbers| numbers.to_vec()).unwrap(), [1, 2], "{steps:?}");
        steps.is_some()
    };
    assert!((1..).take_while(|number| fails(*number)).count() >= 5);
}

/// Opening may clean up after a killed process; whatever fails then, the cache is as it was.
#[test]
fn p1_an_open_that_fails_harms_nothing() {
    let fails = |number| {
        let faults = Arc::new(Faults::default());
        let scenario = &SCENARIOS[1];
        let stage = Stage::new(scenario, &faults);
        fs::write(stage.path().join("tokens.sealed.tmp"), "half a cache").unwrap();
        faults.arm(number, How::NotDone);
        let builder = unprotected::<place::Numbers>(stage.path()).protector(stage.item.clone());
        let opened = builder.file_observer(Arc::clone(&faults) as _).open();
        let steps = faults.disarm();
        if let Err(error) = opened {
            assert!(steps.is_some() && error.kind() == ErrorKind::Io, "{error}");
        }
        assert_eq!(stage.seen(scenario), ONE);
        steps.is_some()
    };
    assert!((1..).take_while(|number| fails(*number)).count() >= 2);
}

/// After a loss of power: whole, without left-overs, and ready for the next save.
fn assert_whole(image: &Image, scenario: &Scenario, allowed: &[Seen]) {
    let folder = tempfile::tempdir().unwrap();
    let item = image.restore(folder.path());
    let lengths: Vec<_> = image.files.iter().map(|(name, bytes)| (name, bytes.len())).collect();
    let seen = seen(folder.path(), &item, scenario);
    assert!(allowed.contains(&seen), "{}: {seen:?} of {lengths:?}", scenario.name);
    let cache = open(folder.path(), &item, OnUnreadable::StartEmpty, Arc::<Faults>::default());
    save(&cache).unwrap_or_else(|error| panic!("{}: {error} after {lengths:?}", scenario.name));
}

#[test]
fn p1_a_loss_of_power_at_any_moment() {
    for scenario in &SCENARIOS {
        let faults = Arc::default();
        let stage = Stage::new(scenario, &faults);
        let disk = Arc::new(Disk::of(stage.path(), &stage.item));
        let cache = open(stage.path(), &stage.item, OnUnreadable::StartEmpty, Arc::clone(&disk) as _);
        (scenario.act)(&cache).unwrap();
        let images = disk.images_until_now();
        for image in &images {
            // Set aside, and nothing saved yet: empty.
            let between = if scenario.old == Seen::Damaged { EMPTY } else { scenario.old };
            assert_whole(image, scenario, &[scenario.old, between, scenario.new]);
        }
        // It returned `Ok`: whatever the disk does now, the new state is there.
        disk.images_now().iter().for_each(|image| assert_whole(image, scenario, &[scenario.new]));
        assert!(images.len() >= 8 || scenario.name == "clear" || scenario.name == "read", "{}", images.len());
    }
}

/// A killed process left its temporary file, and then the power went during the next save.
#[test]
fn p1_a_loss_of_power_after_a_kill() {
    let scenario = &SCENARIOS[1];
    let stage = Stage::new(scenario, &Arc::default());
    let cache = stage.open(Arc::default());
    fs::write(stage.path().join("tokens.sealed.tmp"), "half a cache").unwrap();
    drop(cache);
    let disk = Arc::new(Disk::of(stage.path(), &stage.item));
    save(&open(stage.path(), &stage.item, OnUnreadable::Fail, Arc::clone(&disk) as _)).unwrap();
    for image in disk.images_until_now() {
        assert_whole(&image, scenario, &[ONE, TWO]);
    }
    disk.images_now().iter().for_each(|image| assert_whole(image, scenario, &[TWO]));
}
