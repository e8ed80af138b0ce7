//! Formatting, lints and documentation: what can be said about the code without running it.

use crate::command::Step;
use crate::progress::Progress;

pub(crate) fn format(progress: &mut Progress) {
    progress.run(&Step::cargo("fmt --all --check"));
}

pub(crate) fn lint(progress: &mut Progress) {
    for features in ["--all-features", "", "--no-default-features"] {
        let line = format!("clippy --workspace --all-targets {features} -- -D warnings");
        progress.run(&Step::cargo(&line));
    }
}

pub(crate) fn docs(progress: &mut Progress) {
    let step = Step::cargo("doc --workspace --no-deps --all-features");
    progress.run(&step.env("RUSTDOCFLAGS", "-D warnings"));
}
