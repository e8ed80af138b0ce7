//! The tests: those that need nothing, and those that need a service or much time.

use std::path::Path;

use serde_json::Value;

use crate::command::Step;
use crate::progress::Progress;
use crate::{engines, house, peers, provision};

/// The name of the run with all features.
pub(crate) const ALL_FEATURES: &str = "all features";

/// What a plain `cargo test` does on a machine with nothing installed, then the same with all features.
pub(crate) fn suite(progress: &mut Progress) {
    progress.test("default features", &Step::cargo("test --workspace --no-fail-fast"));
    progress.test(ALL_FEATURES, &Step::cargo("test --workspace --all-features --no-fail-fast"));
}

/// Every ignored test but those of the engines. Two at a time: each starts services of its own.
pub(crate) fn keychain(progress: &mut Progress) {
    let missing = missing_programs();
    if !missing.is_empty() {
        return progress.fail(not_here(&missing));
    }
    if !peers::are_installed() {
        return progress.fail("the MSAL peers are not here. Install them: cargo xtask test peers");
    }
    match test_targets() {
        Ok(targets) => {
            let others = targets.iter().filter(|target| !engines::is_target(target)).map(String::as_str);
            run_ignored(progress, "--workspace --lib --bins --examples", &others.collect::<Vec<_>>());
        }
        Err(error) => progress.fail(error),
    }
}

/// The ignored tests of these targets in `tests/`, and of what the line names beside them.
pub(crate) fn run_ignored(progress: &mut Progress, line: &str, targets: &[&str]) {
    let tests: String = targets.iter().map(|target| format!(" --test {target}")).collect();
    let line = format!("test --all-features {line}{tests} --no-fail-fast -- --ignored --test-threads=2");
    progress.test("ignored tests", &Step::cargo(&line));
    if progress.suites.iter().all(|suite| suite.counts().run() == 0) {
        progress.fail("no ignored test was run: this stage proved nothing");
    }
}

/// The names of what is in `tests/`, of all our packages.
pub(crate) fn test_targets() -> Result<Vec<String>, String> {
    let text = Step::cargo("metadata --format-version 1 --no-deps --locked").output()?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let targets = house::packages(&metadata).into_iter().filter_map(|package| package["targets"].as_array());
    let tests = targets.flatten().filter(|target| target["kind"][0] == "test");
    Ok(tests.filter_map(|target| target["name"].as_str().map(str::to_owned)).collect())
}

pub(crate) fn not_here(missing: &[&str]) -> String {
    format!("not here: {}. Install it: {}", missing.join(", "), provision::by_hand())
}

/// What the ignored tests use. A test must not find out by itself and pass without it.
fn missing_programs() -> Vec<&'static str> {
    let programs =
        ["gnome-keyring-daemon", "dbus-daemon", "dbus-run-session", "secret-tool", "keyctl", "python3"];
    let mut missing: Vec<_> = programs.into_iter().filter(|name| !on_path(name)).collect();
    if !missing.contains(&"python3") {
        let absent =
            |module: &str| Step::new("python3", &["-c", &format!("import {module}")]).output().is_err();
        missing.extend(absent("cryptography").then_some("the Python module `cryptography`"));
        missing.extend(absent("jsonschema").then_some("the Python module `jsonschema`"));
    }
    missing
}

pub(crate) fn on_path(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| Path::new(&folder).join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_missed() {
        assert!(!on_path("no-such-program-here"));
    }
}
