//! Formatting, lints and documentation: what can be said about the code without running it.

use crate::command::Step;
use crate::progress::Progress;

pub(crate) fn format(progress: &mut Progress) {
    progress.run(&Step::cargo("fmt --all --check"));
}

/// Features that most programs switch on alone: each has to compile without what another one brings.
const ALONE: [&str; 5] = ["redis", "postgres", "mysql", "sqlite", "sessions"];

pub(crate) fn lint(progress: &mut Progress) {
    for features in ["--all-features", "", "--no-default-features"] {
        let line = format!("clippy --workspace --all-targets {features} -- -D warnings");
        progress.run(&Step::cargo(&line));
    }
    for feature in ALONE {
        progress.run(&Step::cargo(&format!("clippy --features {feature} -- -D warnings")));
    }
}

pub(crate) fn docs(progress: &mut Progress) {
    let step = Step::cargo("doc --workspace --no-deps --all-features");
    progress.run(&step.env("RUSTDOCFLAGS", "-D warnings"));
}
