//! Ctrl-C, in the middle of a migration: both caches are whole, whenever it comes.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sealed_cache::Deadline;

use crate::home::{Home, Ran, cache_of, wait_until};

const SEALED: &str = "sealed:com.contoso.todo/tokens";
const PLAIN: &str = "azure-cli+plain";

fn start(home: &Home, arguments: &[&str]) -> Child {
    home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap().success());
}

/// From then on, the signal does not end it at once.
fn has_a_handler(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0
}

#[track_caller]
fn ends_interrupted(child: Child) {
    let since = Instant::now();
    let ran = Ran::from(child.wait_with_output().unwrap()).is(130);
    assert!(since.elapsed() < Duration::from_secs(5), "it waited on");
    ran.says(&["interrupted; everything is whole"]);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn while_it_waits_for_the_target_nothing_has_happened() {
    let home = Home::with_sealed();
    home.plain().update(|cache| cache.import(&cache_of(&["frida"]))).unwrap();
    let target = home.plain();
    let (sealed, plain) = (fs::read(home.sealed_file()).unwrap(), fs::read(home.plain_file()).unwrap());
    let guard = target.lock().unwrap();
    let arguments =
        ["migrate", "--from", SEALED, "--to", PLAIN, "--yes", "--remove-source", "--timeout", "60"];
    let child = start(&home, &arguments);
    wait_until("it listens", || has_a_handler(&child));
    interrupt(&child);
    ends_interrupted(child);
    drop(guard);
    assert_eq!(fs::read(home.sealed_file()).unwrap(), sealed);
    assert_eq!(fs::read(home.plain_file()).unwrap(), plain);
    home.run(&["verify", SEALED]).is(0);
    home.run(&arguments).is(0);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn while_it_waits_for_the_source_both_are_whole() {
    let home = Home::with_sealed();
    let source = home.sealed();
    let guard = source.lock_until(&Deadline::after(Duration::from_secs(60))).unwrap();
    let sealed = fs::read(home.sealed_file()).unwrap();
    let arguments =
        ["migrate", "--from", SEALED, "--to", PLAIN, "--yes", "--remove-source", "--timeout", "60"];
    let child = start(&home, &arguments);
    wait_until("the target was written, and is free", || {
        home.plain_file().exists() && !home.path(".azure/msal_token_cache.json.lockfile").exists()
    });
    interrupt(&child);
    ends_interrupted(child);
    drop(guard);
    assert_eq!(fs::read(home.sealed_file()).unwrap(), sealed);
    assert_eq!(home.plain().read(|cache| cache.accounts().count()).unwrap(), 2);
    assert_eq!(home.files().iter().filter(|path| path.ends_with(".tmp")).count(), 0);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_watch_ends_by_it() {
    let home = Home::with_plain();
    let child = start(&home, &["watch", PLAIN]);
    wait_until("it listens", || has_a_handler(&child));
    interrupt(&child);
    ends_interrupted(child);
}

/// `kill -9` at any moment: the next run finds both whole and brings it to its end.
#[test]
#[ignore = "long: cargo xtask test keychain"]
fn a_migration_that_is_killed_at_any_moment_leaves_both_whole() {
    for milliseconds in 0..60 {
        let home = Home::with_sealed();
        let arguments = ["migrate", "--from", SEALED, "--to", PLAIN, "--yes", "--remove-source"];
        let mut child = start(&home, &arguments);
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        if home.sealed_file().exists() {
            assert_eq!(home.sealed().read(|cache| cache.accounts().count()).unwrap(), 2, "{milliseconds} ms");
            home.run(&arguments).is(0);
        }
        assert_eq!(home.plain().read(|cache| cache.accounts().count()).unwrap(), 2, "{milliseconds} ms");
        assert_eq!(home.files().iter().filter(|path| path.ends_with(".tmp")).count(), 0);
    }
}
