//! Building for systems that this machine does not run.
//!
//! Where the toolchain at hand has the standard library of a system (`rustup target add`), it is used. Debian has none for
//! Windows or macOS, but a whole second toolchain with the sources of the standard library, which is then built as well:
//! about half a minute for each system, once. A check needs neither a linker nor an SDK.

use std::path::Path;

use crate::command::Step;
use crate::progress::Progress;
use crate::provision;

pub(crate) const WINDOWS: &str = "x86_64-pc-windows-gnu";
pub(crate) const MACOS: [&str; 2] = ["aarch64-apple-darwin", "x86_64-apple-darwin"];
pub(crate) const FREEBSD: &str = "x86_64-unknown-freebsd";

/// Where Debian puts its second toolchain.
const SECOND: &str = "/usr/bin/";
/// What it is made of.
const SECOND_PROGRAMS: [&str; 4] = ["cargo", "rustc", "rustdoc", "cargo-clippy"];

/// The other Unixes: they have no keychain of ours, and all that needs none.
pub(crate) fn freebsd(progress: &mut Progress) {
    lint(progress, &[FREEBSD]);
}

/// Everything type-checked and linted for these targets: libraries, programs, tests, examples and benchmarks.
pub(crate) fn lint(progress: &mut Progress, targets: &[&str]) {
    match Toolchain::for_targets(targets) {
        Ok(toolchain) => {
            let line = "--workspace --all-targets --all-features -- -D warnings";
            let step = toolchain.step("clippy", "std,panic_abort", targets).args(&words(line));
            progress.run(&if targets.contains(&WINDOWS) { step } else { without_c(step) });
        }
        Err(missing) => progress.fail(missing),
    }
}

/// Nothing here compiles C for these systems, and a check links nothing: so the C of a dependency is passed over.
fn without_c(step: Step) -> Step {
    step.env("TARGET_CC", "true").env("TARGET_AR", "true")
}

/// Who compiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that runs us.
    AtHand,
    /// Debian's second one, which builds the standard library itself.
    Second,
}

impl Toolchain {
    pub(crate) fn for_targets(targets: &[&str]) -> Result<Self, String> {
        if targets.iter().all(|target| at_hand(target)) {
            return Ok(Self::AtHand);
        }
        let missing = SECOND_PROGRAMS.iter().find(|name| !Path::new(SECOND).join(name).is_file());
        missing.map_or(Ok(Self::Second), |name| {
            Err(format!(
                "neither the standard library of {0} (`rustup target add {0}`) nor {SECOND}{name} is here. Install \
                 Debian's second toolchain: {1}",
                targets.join(" "),
                provision::by_hand()
            ))
        })
    }

    /// `cargo COMMAND` for these targets, with these crates of the standard library.
    pub(crate) fn step(self, command: &str, std: &str, targets: &[&str]) -> Step {
        let targets: Vec<_> = targets.iter().flat_map(|target| ["--target", target]).collect();
        match self {
            Self::AtHand => Step::cargo(command).args(&targets),
            Self::Second => {
                let program = |name: &str| format!("{SECOND}{name}");
                // A subcommand would be looked for beside rustup's cargo first.
                let clippy = if command == "clippy" { "cargo-clippy" } else { "cargo" };
                Step::new(&program(clippy), &[command, &format!("-Zbuild-std={std}")])
                    .args(&targets)
                    .env("CARGO", &program("cargo"))
                    .env("RUSTC", &program("rustc"))
                    .env("RUSTDOC", &program("rustdoc"))
                    .env("RUSTC_BOOTSTRAP", "1")
            }
        }
    }
}

/// Whether the toolchain that runs us has the standard library of this target.
pub(crate) fn at_hand(target: &str) -> bool {
    let Ok(root) = Step::new("rustc", &["--print", "sysroot"]).output() else { return false };
    Path::new(root.trim()).join("lib/rustlib").join(target).join("lib").is_dir()
}

pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_toolchain_builds_the_standard_library_with_its_own_compiler() {
        let step = Toolchain::Second.step("clippy", "std", &MACOS).to_string();
        let targets = "--target aarch64-apple-darwin --target x86_64-apple-darwin";
        assert!(step.contains("RUSTC=/usr/bin/rustc") && step.contains("RUSTC_BOOTSTRAP=1"), "{step}");
        assert!(step.ends_with(&format!("/usr/bin/cargo-clippy clippy -Zbuild-std=std {targets}")), "{step}");
    }

    #[test]
    fn the_toolchain_at_hand_needs_no_standard_library() {
        let step = Toolchain::AtHand.step("test", "std", &[WINDOWS]).to_string();
        assert_eq!(step, "cargo test --target x86_64-pc-windows-gnu");
    }

    #[test]
    fn a_target_that_nobody_has_is_not_at_hand() {
        assert!(!at_hand("no-such-target"));
    }
}
