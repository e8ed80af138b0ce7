//! `watch`: each change, by whom, and who was added or removed.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Stdio},
};

use sealed_cache::token_cache::{AccountId, TokenCache};
use serde_json::Value;

use crate::{
    home::{Cache, Home, cache_of},
    schema,
};

struct Watched {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watched {
    /// From here on changes are told.
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(&[&["watch"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.next().unwrap().unwrap().contains("watching"));
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("it goes on").unwrap()
    }

    fn json(&mut self) -> Value {
        let value = serde_json::from_str(&self.line()).unwrap();
        schema::check(&value);
        value
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn add(cache: &Cache, name: &str) {
    cache.update(|cache| cache.import(&cache_of(&[name]))).unwrap();
}

fn sign_out(cache: &Cache) {
    let first =
        |cache: &TokenCache| cache.accounts().next().map(|account| AccountId::from(&account).into_owned());
    cache.update(|cache| first(cache).map(|account| cache.remove_account(account))).unwrap();
}

#[test]
fn a_change_is_told_with_who_was_added_and_removed() {
    let (sealed, plain) = (Home::with_sealed(), Home::with_plain());
    for (home, cache, name) in [
        (&sealed, sealed.sealed(), "sealed:com.contoso.todo/tokens"),
        (&plain, plain.plain(), "azure-cli+plain"),
    ] {
        let mut watched = Watched::start(home, &[name, "--json", "--count", "3"]);
        add(&cache, "frida");
        let change = watched.json();
        assert_eq!(change["added_accounts"], serde_json::json!(["f..@contoso.example"]));
        assert_eq!(change["brings"]["refresh_tokens"]["added"], 1);
        sign_out(&cache);
        let change = watched.json();
        assert_eq!(change["removed_accounts"], serde_json::json!(["d..@contoso.example"]));
        assert_eq!(change["removed_entries"], 4);
        cache.clear().unwrap();
        assert_eq!(watched.json()["is_cleared"], true);
        assert!(watched.child.wait().unwrap().success(), "three were asked for");
    }
}

#[test]
fn who_had_the_lock_of_a_sealed_cache_is_named() {
    let home = Home::with_sealed();
    let cache = home.sealed();
    let mut watched = Watched::start(&home, &["sealed:com.contoso.todo/tokens", "--unmask"]);
    add(&cache, "frida");
    let line = watched.line();
    assert!(
        line.contains("changed by cli-") && line.contains(&format!("(pid {})", std::process::id())),
        "{line}"
    );
    assert_eq!(watched.line(), "  + frida@contoso.example");
    assert!(watched.line().contains("1 account added"));
}

/// The lock file is there only while it is held, so that a fast writer may be missed.
#[test]
fn who_had_the_lock_of_a_shared_cache_is_named() {
    let home = Home::with_plain();
    let cache = home.plain();
    let mut watched = Watched::start(&home, &["azure-cli+plain", "--json"]);
    let is_named = (0..100).any(|number| {
        add(&cache, &format!("person-{number}"));
        let by = watched.json()["by"].clone();
        by.as_str().is_some_and(|by| by.contains(&std::process::id().to_string()))
    });
    assert!(is_named, "never in a hundred changes");
}

#[test]
fn a_cache_that_becomes_unreadable_is_told() {
    let home = Home::with_plain();
    let mut watched = Watched::start(&home, &["azure-cli+plain", "--json", "--count", "1", "--timeout", "1"]);
    // In one step: else it may be seen empty.
    std::fs::write(home.path("new"), "[]").unwrap();
    std::fs::rename(home.path("new"), home.plain_file()).unwrap();
    assert!(watched.json()["problem"].as_str().unwrap().contains("not a JSON object"));
}
