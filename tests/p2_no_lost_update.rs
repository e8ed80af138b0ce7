//! P2, no lost update: a change is always applied to what is stored now, under the lock, by whichever verb.

#[path = "common/chance.rs"]
mod chance;
#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{
    collections::BTreeSet,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use chance::Chance;
use child::{Call, Child, PATIENCE};
use place::{Cache, Numbers, builder, names, stored, text};
use sealed_cache::{CachePlugin, Result};

/// Much longer than it takes until it is one's turn; and no more than this may anybody wait.
const LOCK_TIMEOUT: Duration = Duration::from_secs(40);

fn open(folder: &Path) -> Cache {
    builder(folder).lock_timeout(LOCK_TIMEOUT).open().unwrap()
}

/// One change, by one of the three verbs in turn.
struct Changes {
    cache: Cache,
    plugin: CachePlugin<Numbers>,
    /// As a library owns it.
    owned: Numbers,
}

impl Changes {
    fn new(folder: &Path) -> Self {
        let cache = open(folder);
        Self { plugin: cache.plugin(), cache, owned: Numbers::default() }
    }

    fn make(&mut self, number: u32) -> Result<()> {
        match number % 3 {
            0 => self.cache.update(|numbers| numbers.push(number)),
            1 => {
                let mut guard = self.cache.lock()?;
                guard.push(number);
                guard.commit()
            }
            _ => {
                let access = self.plugin.before_access(&mut self.owned)?;
                self.owned.push(number);
                access.after_access(&mut self.owned)
            }
        }
    }
}

/// The other process: makes changes from a first number on, and says each one that was saved and how long it took.
#[test]
fn makes_changes() {
    let Some(call) = Call::of("makes_changes") else { return };
    let mut changes = Changes::new(Path::new(call.argument(0)));
    let (first, changes_to_make) = (call.number(1), call.number(2));
    call.say("ready");
    call.hear();
    for number in first..first + changes_to_make {
        let started = Instant::now();
        changes.make(number).unwrap();
        call.say(format_args!("{number} {}", started.elapsed().as_millis()));
    }
}

struct Worker {
    child: Child,
    first: u32,
}

impl Worker {
    fn start(folder: &Path, first: u32, changes: u32) -> Self {
        let arguments = [text(folder), &first.to_string(), &changes.to_string()];
        Self { child: Child::start("makes_changes", &arguments), first }
    }

    fn go(&mut self) {
        self.child.expect("ready");
        self.child.tell("go");
    }

    /// The changes that it said were saved. None took longer than the deadline.
    fn said(&self) -> BTreeSet<u32> {
        let said = self.child.rest();
        let change = |line: &String| {
            let (number, took) = line.split_once(' ').unwrap();
            assert!(Duration::from_millis(took.parse().unwrap()) < LOCK_TIMEOUT, "{line} ms");
            number.parse().unwrap()
        };
        said.iter().map(change).collect()
    }
}

fn assert_each_once(stored: &[u32]) -> BTreeSet<u32> {
    let each: BTreeSet<_> = stored.iter().copied().collect();
    assert_eq!(each.len(), stored.len(), "a change was made twice: {stored:?}");
    each
}

fn all_present(processes: u32, changes: u32) {
    let folder = tempfile::tempdir().unwrap();
    let mut workers: Vec<_> =
        (0..processes).map(|number| Worker::start(folder.path(), number * changes, changes)).collect();
    workers.iter_mut().for_each(Worker::go);
    for worker in &workers {
        assert_eq!(worker.said(), (worker.first..worker.first + changes).collect());
    }
    workers.into_iter().for_each(|worker| worker.child.ends());
    let stored = assert_each_once(&stored(folder.path()));
    assert_eq!(stored, (0..processes * changes).collect());
}

#[test]
fn p2_sixteen_processes_of_100_changes() {
    all_present(16, 100);
}

/// Kill one of the workers after the other, each in the middle of its work, while the rest goes on.
fn killed_at_random(survivors: u32, victims: u32, changes: u32) {
    const MANY: u32 = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance::new();
    let mut workers: Vec<_> =
        (0..survivors).map(|number| Worker::start(folder.path(), number * MANY, changes)).collect();
    workers.iter_mut().for_each(Worker::go);
    let mut saved = BTreeSet::new();
    for number in survivors..survivors + victims {
        let mut victim = Worker::start(folder.path(), number * MANY, MANY);
        victim.go();
        let first = victim.child.hear().expect("a first change");
        thread::sleep(chance.within(Duration::from_millis(40)));
        victim.child.kill();
        saved.extend(victim.said());
        saved.insert(first.split_once(' ').unwrap().0.parse().unwrap());
    }
    for worker in &workers {
        assert_eq!(worker.said(), (worker.first..worker.first + changes).collect());
        saved.extend(worker.first..worker.first + changes);
    }
    workers.into_iter().for_each(|worker| worker.child.ends());
    let stored = assert_each_once(&stored(folder.path()));
    let lost: Vec<_> = saved.difference(&stored).collect();
    assert!(lost.is_empty(), "{lost:?} were saved and are gone");
    // A victim may have been killed after its last save and before it could say so.
    assert!(stored.len() <= saved.len() + victims as usize);
    assert_eq!(names(folder.path()), ["tokens.lock", "tokens.sealed"]);
}

#[test]
fn p2_four_processes_while_others_are_killed() {
    killed_at_random(3, 6, 25);
}

#[test]
#[ignore = "long: cargo xtask test keychain"]
fn p2_sixteen_processes_while_others_are_killed() {
    killed_at_random(15, 60, 100);
}

/// Threads, clones and handles of one process are no different.
#[test]
fn p2_threads_and_handles_of_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let shared = open(folder.path());
    thread::scope(|scope| {
        for first in [0, 100, 200, 300] {
            let cache = if first < 200 { shared.clone() } else { open(folder.path()) };
            let plugin = cache.plugin();
            scope.spawn(move || {
                let mut changes = Changes { cache, plugin, owned: Numbers::default() };
                (first..first + 25).for_each(|number| changes.make(number).unwrap());
            });
        }
    });
    let expected = [0, 100, 200, 300].iter().flat_map(|first| *first..first + 25);
    assert_eq!(assert_each_once(&stored(folder.path())), expected.collect());
}

/// Who waits in vain is told so at its deadline, and not later.
#[test]
fn p2_nobody_waits_past_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let held = open(folder.path()).lock().unwrap();
    let started = Instant::now();
    let short = Duration::from_millis(100);
    let mut changes = Changes::new(folder.path());
    changes.cache = builder(folder.path()).lock_timeout(short).open().unwrap();
    changes.plugin = changes.cache.plugin();
    for number in 0..3 {
        let error = changes.make(number).unwrap_err();
        assert_eq!(error.kind(), sealed_cache::ErrorKind::LockTimeout);
    }
    assert!(started.elapsed() >= short * 3 && started.elapsed() < PATIENCE);
    drop(held);
    (0..3).for_each(|number| changes.make(number).unwrap());
    assert_eq!(stored(folder.path()), [0, 1, 2]);
}
