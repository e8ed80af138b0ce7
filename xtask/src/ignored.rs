//! Tests that plain `cargo test` leaves out: each says which stage runs it, and each is run.

use std::path::Path;

use crate::engines;
use crate::stages::Outcome;
use crate::suite::ALL_FEATURES;
use crate::summary::{Counts, Suite};

/// The stage that runs the ignored tests.
const STAGE: &str = "keychain";
/// The one that runs those of the engines.
const ENGINES: &str = "engines";
/// The one that runs those of macOS.
const ON_MACOS: &str = "macos";

/// What is wrong with the reason of an `#[ignore = "…"]` in this file, if anything.
pub(crate) fn objection(path: &Path, reason: Option<&str>) -> Option<String> {
    let stages: &[&str] = if engines::is_file(path) { &[ENGINES] } else { &[STAGE, ON_MACOS] };
    let forms = format!("\"needs WHAT: cargo xtask test {0}\" or \"long: cargo xtask test {0}\"", stages[0]);
    let Some(reason) = reason else {
        return Some(format!("`#[ignore]` without a reason: write {forms}"));
    };
    let names =
        |stage: &&str| reason.strip_suffix(stage).is_some_and(|start| start.ends_with(": cargo xtask test "));
    let starts_well = reason.starts_with("needs ") || reason.starts_with("long: ");
    let is_fine = starts_well && stages.iter().any(names);
    (!is_fine).then(|| format!("the reason \"{reason}\" is not {forms}"))
}

/// The same for `#[cfg_attr(…, ignore = "…")]`: a test that cannot run on this system, in any stage.
pub(crate) fn objection_if_conditional(reason: Option<&str>) -> Option<String> {
    let fine = reason.is_some_and(|reason| reason.starts_with("needs "));
    (!fine).then(|| "a conditional `ignore` gives a reason that starts with \"needs \"".to_owned())
}

/// Where both the suite and the ignored tests were run, what one left out is what the others ran.
pub(crate) fn left_out(outcomes: &[Outcome]) -> Option<String> {
    let named = |name: &str| outcomes.iter().find(|outcome| outcome.stage.name == name);
    let (suite, ignored, engines) = (named("suite")?, named(STAGE)?, named(ENGINES)?);
    let with_all = suite.suites.iter().filter(|suite| suite.of == ALL_FEATURES).map(Suite::counts);
    compare(with_all.sum::<Counts>().ignored, ignored.counts().run() + engines.counts().run())
}

fn compare(left_out: usize, run: usize) -> Option<String> {
    let message = || {
        format!("the suite left {left_out} tests to the stages `{STAGE}` and `{ENGINES}`, which ran {run}")
    };
    (left_out != run).then(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_the_need_and_the_stage() {
        let objection = |reason| objection(Path::new("tests/a.rs"), reason);
        for good in [
            "needs gnome-keyring: cargo xtask test keychain",
            "long: cargo xtask test keychain",
            "needs a keychain: cargo xtask test macos",
        ] {
            assert_eq!(objection(Some(good)), None, "{good}");
        }
        let bad = [
            None,
            Some("flaky"),
            Some("needs gnome-keyring"),
            Some("needs redis: cargo xtask test keychian"),
            Some("needs redis: cargo xtask test engines"),
            Some("slow: cargo xtask test keychain"),
        ];
        assert!(bad.iter().all(|reason| objection(*reason).is_some()));
    }

    #[test]
    fn a_test_of_an_engine_names_their_stage() {
        let objection = |reason| objection(Path::new("tests/partition_engines/a.rs"), Some(reason));
        assert_eq!(objection("needs redis-server: cargo xtask test engines"), None);
        assert_eq!(objection("long: cargo xtask test engines"), None);
        assert!(objection("needs redis-server: cargo xtask test keychain").unwrap().contains("test engines"));
    }

    #[test]
    fn where_a_test_cannot_run_it_says_what_it_needs() {
        assert_eq!(objection_if_conditional(Some("needs Unix sockets")), None);
        assert!([None, Some("flaky")].iter().all(|reason| objection_if_conditional(*reason).is_some()));
    }

    #[test]
    fn a_test_that_no_stage_ran_is_found() {
        assert_eq!(compare(7, 7), None);
        assert!(compare(7, 6).unwrap().contains("left 7 tests"));
    }
}
