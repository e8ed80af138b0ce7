//! Tests that plain `cargo test` leaves out: each says which stage runs it, and each is run.

use crate::stages::Outcome;
use crate::suite::ALL_FEATURES;
use crate::summary::{Counts, Suite};

/// The stage that runs the ignored tests.
pub(crate) const STAGE: &str = "keychain";
/// The one that runs those of macOS.
const ON_MACOS: &str = "macos";

/// What is wrong with the reason of an `#[ignore = "…"]`, if anything.
pub(crate) fn objection(reason: Option<&str>) -> Option<String> {
    let Some(reason) = reason else {
        return Some(format!("`#[ignore]` without a reason: write {}", forms()));
    };
    let names =
        |stage: &str| reason.strip_suffix(stage).is_some_and(|start| start.ends_with(": cargo xtask test "));
    let ends_well = names(STAGE) || names(ON_MACOS);
    let starts_well = reason.starts_with("needs ") || reason.starts_with("long: ");
    (!(starts_well && ends_well)).then(|| format!("the reason \"{reason}\" is not {}", forms()))
}

/// The same for `#[cfg_attr(…, ignore = "…")]`: a test that cannot run on this system, in any stage.
pub(crate) fn objection_if_conditional(reason: Option<&str>) -> Option<String> {
    let fine = reason.is_some_and(|reason| reason.starts_with("needs "));
    (!fine).then(|| "a conditional `ignore` gives a reason that starts with \"needs \"".to_owned())
}

fn forms() -> String {
    format!("\"needs WHAT: cargo xtask test {STAGE}\" or \"long: cargo xtask test {STAGE}\"")
}

/// Where both the suite and the ignored tests were run, what one left out is what the other ran.
pub(crate) fn left_out(outcomes: &[Outcome]) -> Option<String> {
    let named = |name: &str| outcomes.iter().find(|outcome| outcome.stage.name == name);
    let (suite, ignored) = (named("suite")?, named(STAGE)?);
    let with_all = suite.suites.iter().filter(|suite| suite.of == ALL_FEATURES).map(Suite::counts);
    compare(with_all.sum::<Counts>().ignored, ignored.counts().run())
}

fn compare(left_out: usize, run: usize) -> Option<String> {
    let message = || format!("the suite left {left_out} tests to the stage `{STAGE}`, which ran {run}");
    (left_out != run).then(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_the_need_and_the_stage() {
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
            Some("slow: cargo xtask test keychain"),
        ];
        assert!(bad.iter().all(|reason| objection(*reason).is_some()));
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
