//! P5, every wait is bounded: a protector that does not come back costs its time-out and nothing else.

#[path = "common/invented_keychain.rs"]
mod invented_keychain;
#[path = "common/place.rs"]
mod place;

use std::{
    fs,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use invented_keychain::{InventedKeychain, Mood};
use place::{Cache, unprotected};
use sealed_cache::{Cancellation, Deadline, ErrorKind, Passphrase, Result};

/// How long a protector may take.
const SHORT: Duration = Duration::from_millis(150);
/// No call takes longer than this much more than it may, however busy the machine is.
const SLACK: Duration = Duration::from_secs(10);
/// How long `clear` tries to remove a key.
const FORGET_WITHIN: Duration = Duration::from_secs(5);

fn open(folder: &Path, keychain: &InventedKeychain) -> Cache {
    unprotected(folder).protector(keychain.clone()).keychain_timeout(SHORT).open().unwrap()
}

type Wait<'a> = Box<dyn Fn() -> Result<()> + 'a>;

/// What a call gave, and that it took at least so long and not much longer.
fn within<R>(least: Duration, most: Duration, call: impl FnOnce() -> R) -> R {
    let started = Instant::now();
    let result = call();
    let took = started.elapsed();
    assert!(took >= least && took < most + SLACK, "it took {took:?}");
    result
}

fn times_out<R: std::fmt::Debug>(verb: &str, call: impl FnOnce() -> Result<R>) {
    let error = within(SHORT, 2 * SHORT, call).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeychainTimeout, "{verb}: {error}");
    assert!(error.what().contains("`invented`"), "{verb} names whom it waited for: {error}");
    assert!(error.path().is_some() && !error.remedy().is_empty(), "{verb}: {error}");
}

fn add(cache: &Cache, number: u32) -> Result<()> {
    cache.update(|numbers| numbers.push(number))
}

#[test]
fn p5_a_protector_that_never_returns_is_a_timeout_for_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    add(&open(folder.path(), &keychain), 1).unwrap();
    let before = fs::read(folder.path().join("tokens.sealed")).unwrap();
    keychain.set(Mood::Hangs);
    let fresh = || open(folder.path(), &keychain);
    times_out("read", || fresh().read(|_| ()));
    times_out("update", || add(&fresh(), 2));
    times_out("lock", || fresh().lock().map(drop));
    times_out("try_lock", || fresh().try_lock().map(drop));
    times_out("rekey", || fresh().rekey());
    times_out("rekey_to", || fresh().rekey_to(Passphrase::new("correct horse")));
    // The header tells without it, and each of the protectors is asked once.
    fresh().protection().unwrap();
    let diagnosis = within(SHORT, SHORT, || fresh().diagnose());
    let problem = diagnosis.candidates[0].problem.as_ref().unwrap();
    assert!(problem.0 == ErrorKind::KeychainTimeout && diagnosis.protection.is_ok());
    assert_eq!(fs::read(folder.path().join("tokens.sealed")).unwrap(), before);
    keychain.set(Mood::Works);
    assert_eq!(fresh().read(|numbers| numbers.to_vec()).unwrap(), [1]);
}

#[test]
fn p5_a_protector_that_never_returns_is_a_timeout_where_there_is_no_cache() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    keychain.set(Mood::Hangs);
    let fresh = || open(folder.path(), &keychain);
    within(Duration::ZERO, Duration::ZERO, || fresh().read(|numbers| assert!(numbers.is_empty()))).unwrap();
    times_out("update", || add(&fresh(), 2));
    times_out("lock", || fresh().lock().map(drop));
    times_out("rekey", || fresh().rekey());
    times_out("protection", || fresh().protection());
    let diagnosis = within(SHORT, SHORT, || fresh().diagnose());
    assert!(diagnosis.protection.is_err());
    keychain.set(Mood::Works);
    assert_eq!(keychain.kept(), 0, "and none of the calls that were given up has stored a key since");
}

#[test]
fn p5_verify_gives_up_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    keychain.set(Mood::Hangs);
    let error = within(SHORT, 3 * SHORT, || open(folder.path(), &keychain).verify()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeychainTimeout);
    assert_eq!(place::names(folder.path()), [""; 0]);
}

#[test]
fn p5_clear_does_not_wait_for_a_keychain_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache = open(folder.path(), &keychain);
    add(&cache, 1).unwrap();
    keychain.set(Mood::Hangs);
    within(SHORT, SHORT, || cache.clear()).unwrap();
    assert!(!folder.path().join("tokens.sealed").exists());
    keychain.set(Mood::Works);
}

/// However long a call may take otherwise: others wait for the lock meanwhile.
#[test]
#[ignore = "long: cargo xtask test keychain"]
fn p5_clear_does_not_wait_for_as_long_as_a_person_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let builder = unprotected::<place::Numbers>(folder.path()).protector(keychain.clone());
    let cache: Cache = builder.fallback(InventedKeychain::new("other")).open().unwrap();
    add(&cache, 1).unwrap();
    keychain.set(Mood::Hangs);
    within(FORGET_WITHIN, FORGET_WITHIN, || cache.clear()).unwrap();
    keychain.set(Mood::Works);
}

/// The key is fetched before the lock is taken: a person who does not answer holds up nobody else.
#[test]
fn p5_who_waits_for_a_keychain_holds_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let warm = open(folder.path(), &keychain);
    add(&warm, 1).unwrap();
    keychain.set(Mood::Hangs);
    let waiting = unprotected(folder.path()).protector(keychain.clone()).open().unwrap();
    keychain.state().calls.clear();
    thread::scope(|scope| {
        let waits = scope.spawn(|| add(&waiting, 3));
        while keychain.state().calls.is_empty() {
            thread::yield_now();
        }
        add(&warm, 2).unwrap();
        assert!(!waits.is_finished());
        keychain.set(Mood::Works);
        waits.join().unwrap().unwrap();
    });
    assert_eq!(warm.read(|numbers| numbers.to_vec()).unwrap(), [1, 2, 3]);
}

/// A call that comes back after its deadline has no effect on what others did meanwhile.
#[test]
fn p5_a_call_that_was_given_up_stores_no_key_later() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let slow = open(folder.path(), &keychain);
    keychain.set(Mood::HangsWhenRead);
    // It is about to find that there is no key, and to make one.
    times_out("update", || add(&slow, 1));
    // Another program makes the cache in the meantime, by a way to the keychain that does not hang.
    let other = InventedKeychain::new("invented");
    add(&open(folder.path(), &other), 2).unwrap();
    let items = other.state().items.clone();
    keychain.state().items.clone_from(&items);
    keychain.set(Mood::Works);
    // The call that was given up has had its time when another one has come through on the same thread.
    assert_eq!(slow.read(|numbers| numbers.to_vec()).unwrap(), [2]);
    assert_eq!(keychain.state().items, items);
}

/// Behind a call that hangs wait others; when it comes back, nobody is asked on behalf of those who have gone.
#[test]
fn p5_a_call_that_nobody_waits_for_any_more_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache = open(folder.path(), &keychain);
    keychain.set(Mood::Hangs);
    for _ in 0..3 {
        times_out("protection", || cache.protection());
    }
    keychain.set(Mood::Works);
    cache.protection().unwrap();
    assert_eq!(keychain.was_asked("probe"), 2, "the one that hung, and the last one");
}

#[test]
fn p5_a_closure_that_never_returns_is_a_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let ask = move || {
        let _ = released.lock().unwrap().recv();
        Ok(String::new().into())
    };
    let builder = unprotected(folder.path()).protector(Passphrase::from_fn(ask)).keychain_timeout(SHORT);
    let cache: Cache = builder.open().unwrap();
    let error = within(SHORT, SHORT, || add(&cache, 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeychainTimeout);
    assert!(error.what().contains("`passphrase`"), "{error}");
    drop(release);
}

#[test]
fn p5_the_wait_for_a_lock_ends_at_its_deadline_and_names_the_holder() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = InventedKeychain::new("invented");
    let cache = unprotected(folder.path()).protector(keychain.clone()).lock_timeout(SHORT).open().unwrap();
    let cache: Cache = cache;
    add(&cache, 1).unwrap();
    let _held = cache.lock().unwrap();
    let waits: [(&str, Wait<'_>); 4] = [
        ("update", Box::new(|| add(&cache, 2))),
        ("lock", Box::new(|| cache.lock().map(drop))),
        ("clear", Box::new(|| cache.clear())),
        ("rekey", Box::new(|| cache.rekey())),
    ];
    for (verb, wait) in waits {
        let error = within(SHORT, SHORT, wait).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LockTimeout, "{verb}: {error}");
        assert!(error.what().contains(&format!("pid {}", std::process::id())), "{verb}: {error}");
        assert!(error.path().is_some_and(|path| path.ends_with("tokens.lock")), "{verb}: {error}");
    }
    assert!(within(Duration::ZERO, Duration::ZERO, || cache.try_lock()).unwrap().is_none());
}

#[test]
fn p5_a_wait_can_be_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path(), &InventedKeychain::new("invented"));
    add(&cache, 1).unwrap();
    let _held = cache.lock().unwrap();
    let cancellation = Cancellation::new();
    let deadline = Deadline::after(Duration::from_secs(3600)).with_cancellation(cancellation.clone());
    thread::scope(|scope| {
        let waits = scope.spawn(|| cache.lock_until(&deadline).map(drop));
        cancellation.cancel();
        let error = within(Duration::ZERO, Duration::ZERO, || waits.join()).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    });
}
