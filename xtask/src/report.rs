//! The last lines of a run: each suite's own summary once more, one table of the stages, and what failed.

use crate::disk;
use crate::ignored;
use crate::stages::Outcome;
use crate::summary::{Counts, Suite};

/// Prints the report. `true`: everything passed.
pub(crate) fn print(outcomes: &[Outcome]) -> bool {
    let unrun = ignored::left_out(outcomes);
    print!("\n== summary\n{}{}", suites(outcomes), table(outcomes));
    let failures = failures(outcomes, unrun.as_deref());
    print!("{failures}");
    if let Some(line) = closing_line(outcomes) {
        println!("{line}");
    }
    failures.is_empty()
}

fn suites(outcomes: &[Outcome]) -> String {
    let of_stage = |outcome: &Outcome| outcome.suites.iter().map(suite).collect::<String>();
    outcomes.iter().map(of_stage).collect()
}

fn suite(suite: &Suite) -> String {
    if suite.is_empty() {
        return String::new();
    }
    let lines =
        if suite.summaries.is_empty() { "it broke off".to_owned() } else { suite.summaries.join("\n") };
    format!("{}: {}\n{lines}\n\n", suite.of, suite.name)
}

fn table(outcomes: &[Outcome]) -> String {
    let head = format!(
        "{:<12}{:<8}{:>8}{:>9}{:>8}{:>8}{:>9}\n",
        "stage", "result", "seconds", "GiB free", "passed", "failed", "ignored"
    );
    head + &outcomes.iter().map(row).collect::<String>()
}

fn row(outcome: &Outcome) -> String {
    let result = if outcome.failures.is_empty() { "ok" } else { "FAILED" };
    let (seconds, free) = (outcome.took.as_secs_f64(), disk::in_gib(outcome.free));
    let start = format!("{:<12}{result:<8}{seconds:>8.1}{free:>9}", outcome.stage.name);
    if outcome.suites.is_empty() {
        return start + "\n";
    }
    let Counts { passed, failed, ignored } = outcome.counts();
    format!("{start}{passed:>8}{failed:>8}{ignored:>9}\n")
}

fn failures(outcomes: &[Outcome], unrun: Option<&str>) -> String {
    let mut text = String::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.failures.is_empty()) {
        let name = outcome.stage.name;
        text += &format!("\nFAILED: {name}. Repeat it with: cargo xtask test {name}\n");
        text.extend(disk::hint(outcome.free).map(|hint| format!("   {hint}\n")));
        text.extend(
            outcome.failures.iter().map(|failure| format!("   {}\n", failure.replace('\n', "\n   "))),
        );
    }
    text.extend(unrun.map(|message| format!("\nFAILED: {message}\n")));
    text
}

/// One line that counts all, for those who read only the last one.
fn closing_line(outcomes: &[Outcome]) -> Option<String> {
    let all: Counts = outcomes.iter().map(Outcome::counts).sum();
    let ran = outcomes.iter().any(|outcome| !outcome.suites.is_empty());
    ran.then(|| format!("\ntests: {} passed, {} failed", all.passed, all.failed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages;
    use std::time::Duration;

    fn outcome(name: &str, failures: &[&str]) -> Outcome {
        let summary = "test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out";
        let suite =
            Suite { of: "default features".into(), name: "a".into(), summaries: vec![summary.into()] };
        Outcome {
            stage: stages::STAGES.iter().find(|stage| stage.name == name).unwrap(),
            took: Duration::from_millis(1500),
            suites: vec![suite],
            failures: failures.iter().map(ToString::to_string).collect(),
            free: Some(1 << 29),
        }
    }

    #[test]
    fn a_failed_stage_is_named_with_its_command() {
        let outcomes = [outcome("suite", &["`cargo test` ended with 101"])];
        assert!(table(&outcomes).contains("suite       FAILED       1.5      0.5       3       0        2"));
        let text = failures(&outcomes, None);
        assert!(
            ["cargo xtask test suite", "`cargo test` ended with 101", "only 0.5 GiB"]
                .iter()
                .all(|part| text.contains(part)),
            "{text}"
        );
        assert!(!print(&outcomes));
    }

    #[test]
    fn a_run_in_which_all_passed_passes() {
        assert!(print(&[outcome("suite", &[])]));
    }

    #[test]
    fn the_last_line_counts_every_suite() {
        let outcomes = [outcome("suite", &[]), outcome("examples", &[])];
        assert_eq!(closing_line(&outcomes).unwrap(), "\ntests: 6 passed, 0 failed");
        assert_eq!(closing_line(&[]), None);
    }
}
