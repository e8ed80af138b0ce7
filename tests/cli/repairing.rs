//! `clear` and `unlock-stale`: what is in the way goes, and nothing else.

use std::{
    fs::{self, File},
    process::Command,
    time::{Duration, SystemTime},
};

use crate::{
    home::{Home, cache_of},
    page::Page,
};

const SEALED: &str = "sealed:com.contoso.todo/tokens";
const PLAIN: &str = "azure-cli+plain";

#[test]
fn clear_removes_a_cache_and_its_key() {
    let home = Home::with_sealed();
    home.plain().update(|cache| cache.import(&cache_of(&["frida"]))).unwrap();
    let mut page = Page::new("clear");
    page.run(&home, &["clear", SEALED]);
    assert!(home.sealed_file().exists());
    for arguments in [
        &["clear", SEALED, "--yes"][..],
        &["clear", SEALED, "--yes"],
        &["clear", PLAIN, "--yes"],
        &["clear", "azure-cli", "--yes"],
    ] {
        page.run(&home, arguments);
    }
    page.compare();
    assert_eq!(home.files(), ["data/com.contoso.todo/tokens.lock"]);
}

#[test]
fn clear_needs_no_key() {
    let home = Home::with_sealed();
    fs::remove_dir_all(home.path("state")).unwrap();
    home.run(&["show", SEALED]).is(65);
    home.json(&["clear", SEALED, "--yes"]);
    assert!(!home.sealed_file().exists());
    // Nor a header that can be read, where the cache is named.
    fs::write(home.sealed_file(), b"no cache").unwrap();
    let path = home.sealed_file();
    home.run(&["clear", path.to_str().unwrap(), "--yes"])
        .is(64)
        .says(&["it does not even say which cache it is"]);
    home.run(&["clear", SEALED, "--yes"]).is(0);
    assert!(!home.sealed_file().exists());
}

/// A process that has ended, and whose id nobody has.
fn ended() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

fn leave(home: &Home, text: &str, age: Duration) {
    let path = home.path(".azure/msal_token_cache.json.lockfile");
    fs::write(&path, text).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

#[test]
fn unlock_stale_takes_away_what_was_left_behind_and_nothing_else() {
    let home = Home::with_plain();
    let lock = home.path(".azure/msal_token_cache.json.lockfile");
    let minute = Duration::from_secs(61);
    let mut page = Page::new("unlock-stale");
    page.run(&home, &["unlock-stale", PLAIN]);
    leave(&home, &format!("{} /usr/bin/az", ended()), minute);
    page.run(&home, &["unlock-stale", PLAIN, "--dry-run"]);
    assert!(lock.exists());
    page.run(&home, &["unlock-stale", PLAIN]);
    assert!(!lock.exists());
    // One that runs.
    leave(&home, &format!("{} /usr/bin/az", std::process::id()), Duration::ZERO);
    page.run(&home, &["unlock-stale", PLAIN]);
    assert!(lock.exists());
    // One that says nothing, and may just be writing.
    leave(&home, "", Duration::ZERO);
    page.run(&home, &["unlock-stale", PLAIN]);
    assert!(lock.exists());
    page.run(&home, &["unlock-stale", SEALED]);
    page.compare();
}

#[test]
fn a_lock_that_is_too_young_is_waited_for() {
    let home = Home::with_plain();
    leave(&home, &format!("{} az", ended()), Duration::from_secs(4));
    let report = home.json(&["unlock-stale", PLAIN]);
    assert_eq!((&report["removed"], &report["locks"][0]["state"]), (&true.into(), &"left-behind".into()));
    assert!(!home.path(".azure/msal_token_cache.json.lockfile").exists());
}

#[test]
fn the_lock_of_a_sealed_cache_is_never_removed() {
    let home = Home::with_sealed();
    let lock = home.sealed_file().with_extension("lock");
    home.run(&["unlock-stale", SEALED]).is(0).says(&["nobody has it"]);
    let cache = home.sealed();
    let guard = cache.lock().unwrap();
    let held = home.json(&["unlock-stale", SEALED]);
    assert_eq!(held["locks"][0]["process"], std::process::id());
    home.run(&["unlock-stale", SEALED]).is(75).says(&["held by cli-", "it runs; wait for it, or end it"]);
    drop(guard);
    home.run(&["unlock-stale", SEALED]).is(0);
    assert!(lock.exists());
}

#[test]
fn who_holds_the_lock_is_named_where_it_is_waited_for() {
    let home = Home::with_sealed();
    let cache = home.sealed();
    let _guard = cache.lock().unwrap();
    let ran = home.run_with(&["import", SEALED, "--timeout", "1"], &crate::home::json_of(&["frida"]));
    ran.is(75).says(&["waited", "last taken by cli-"]);
}
