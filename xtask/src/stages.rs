//! The stages of `cargo xtask test`, in the order in which they run.

use std::time::{Duration, Instant};

use crate::progress::Progress;
use crate::summary::{Counts, Suite};
use crate::{
    crossed, disk, engines, examples, fuzz, house, macos, msrv, peers, provision, quality, suite, windows,
    workflows,
};

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) systems: Systems,
    pub(crate) run: fn(&mut Progress),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Systems {
    All,
    Linux,
    LinuxAndMac,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stage: &'static Stage,
    pub(crate) took: Duration,
    pub(crate) suites: Vec<Suite>,
    pub(crate) failures: Vec<String>,
    /// Bytes left on the disk at its end.
    pub(crate) free: Option<u64>,
}

impl Outcome {
    pub(crate) fn counts(&self) -> Counts {
        self.suites.iter().map(Suite::counts).sum()
    }
}

const fn stage(name: &'static str, systems: Systems, run: fn(&mut Progress), what: &'static str) -> Stage {
    Stage { name, what, systems, run }
}

use Systems::{All, Linux, LinuxAndMac};

pub(crate) const STAGES: &[Stage] = &[
    stage("provision", Linux, provision::stage, "install the Debian packages that the tests need"),
    stage("format", All, quality::format, "every file is formatted as rustfmt.toml says"),
    stage("house", Linux, house::stage, "the rules of the house that a machine can check"),
    stage("workflows", Linux, workflows::stage, "actionlint has nothing to say about .github/workflows"),
    stage(
        "lint",
        All,
        quality::lint,
        "clippy has nothing to say, with no, default and all features, and each engine alone",
    ),
    stage("docs", All, quality::docs, "the documentation builds without a warning"),
    stage("msrv", Linux, msrv::stage, "code and dependencies keep to the Rust version in Cargo.toml"),
    stage("suite", All, suite::suite, "cargo test, with default and with all features"),
    stage("peers", Linux, peers::stage, "install the real peers: MSAL of Python and Node, with extensions"),
    stage("keychain", Linux, suite::keychain, "the ignored tests: real keychains, peers, long proofs"),
    stage("engines", Linux, engines::stage, "the ignored tests of the server half: real engines"),
    stage("examples", Linux, examples::stage, "the examples build, and work with a real keychain"),
    stage("fuzz", Linux, fuzz::stage, "a minute of fuzzing for each program in fuzz/"),
    stage("windows", Linux, windows::stage, "lint for Windows, and run the suite under Wine"),
    stage("macos", LinuxAndMac, macos::stage, "lint for macOS; on a Mac, test on a keychain of its own"),
    stage("freebsd", Linux, crossed::freebsd, "lint for FreeBSD, a Unix without a keychain of ours"),
];

pub(crate) fn help() -> String {
    let line = |stage: &Stage| {
        let only = match stage.systems {
            All => "",
            Linux => " (Linux)",
            LinuxAndMac => " (Linux, macOS)",
        };
        format!("  {:<11} {}{only}\n", stage.name, stage.what)
    };
    let stages: String = STAGES.iter().map(line).collect();
    format!(
        "cargo xtask test            run every stage that belongs to this system\n\
         cargo xtask test STAGE...   run these stages:\n{stages}\
         cargo xtask bench [ARG...]  run the benchmarks; not part of the test\n\
         cargo xtask help            print this\n"
    )
}

/// The stages named, or without names all that belong here.
pub(crate) fn choose(names: &[&str]) -> Result<Vec<&'static Stage>, String> {
    if names.is_empty() {
        return Ok(STAGES.iter().filter(|stage| belongs_here(stage)).collect());
    }
    names.iter().map(|name| find(name)).collect()
}

fn find(name: &str) -> Result<&'static Stage, String> {
    let stage = STAGES.iter().find(|stage| stage.name == name).ok_or_else(|| {
        let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        format!("no stage `{name}`: there are {}", known.join(", "))
    })?;
    if belongs_here(stage) { Ok(stage) } else { Err(format!("stage `{name}` does not run on this system")) }
}

fn belongs_here(stage: &Stage) -> bool {
    match std::env::consts::OS {
        "linux" => true,
        "macos" => stage.systems != Linux,
        _ => stage.systems == All,
    }
}

pub(crate) fn run(stage: &'static Stage) -> Outcome {
    println!("\n== {}: {}", stage.name, stage.what);
    let started = Instant::now();
    let mut progress = Progress::default();
    (stage.run)(&mut progress);
    let Progress { suites, failures } = progress;
    Outcome { stage, took: started.elapsed(), suites, failures, free: disk::free() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_stage_is_an_error_that_lists_them() {
        let error = choose(&["format", "keychian"]).unwrap_err();
        assert!(error.contains("`keychian`") && error.contains("keychain, engines"), "{error}");
    }

    #[test]
    fn without_names_every_stage_of_this_system_runs() {
        let chosen = choose(&[]).unwrap();
        assert!(
            ["format", "lint", "docs", "suite"].iter().all(|name| chosen.iter().any(|s| s.name == *name))
        );
    }

    #[test]
    fn help_has_a_line_for_each_stage() {
        let help = help();
        assert!(STAGES.iter().all(|stage| help.contains(&format!("  {:<11} {}", stage.name, stage.what))));
    }
}
