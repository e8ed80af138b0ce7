//! What one stage has done so far: the suites it ran and what went wrong.

use crate::command::Step;
use crate::summary::{Suite, SuiteReader};

#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) suites: Vec<Suite>,
    pub(crate) failures: Vec<String>,
}

impl Progress {
    pub(crate) fn run(&mut self, step: &Step) {
        let result = step.run();
        self.note(step, result);
    }

    /// Runs a command of cargo's test runner and keeps the summary of each suite, under the name `of`.
    pub(crate) fn test(&mut self, of: &str, step: &Step) {
        let mut reader = SuiteReader::new(of);
        let result = step.watch(|line| reader.line(line));
        self.suites.extend(reader.finish());
        self.note(step, result);
    }

    /// Runs a command that has to succeed and to write a line with `says` in it.
    pub(crate) fn expect(&mut self, says: &str, step: &Step) {
        let mut said = false;
        let result = step.watch(|line| said |= line.contains(says));
        let unsaid = || format!("did not say \"{says}\"");
        self.note(step, result.and_then(|()| said.then_some(()).ok_or_else(unsaid)));
    }

    pub(crate) fn fail(&mut self, message: impl Into<String>) {
        let message = message.into();
        println!("error: {message}");
        self.failures.push(message);
    }

    /// Keeps the error of a check, if it has one.
    pub(crate) fn check(&mut self, result: Result<(), String>) {
        if let Err(message) = result {
            self.fail(message);
        }
    }

    fn note(&mut self, step: &Step, result: Result<(), String>) {
        self.check(result.map_err(|error| format!("`{step}` {error}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_to_say_what_is_expected() {
        let mut progress = Progress::default();
        progress.expect("cargo 1.", &Step::cargo("--version"));
        assert!(progress.failures.is_empty());
        progress.expect("something else", &Step::cargo("--version"));
        assert!(progress.failures[0].contains("did not say"), "{:?}", progress.failures);
    }

    #[test]
    fn a_failing_command_is_kept_with_its_line() {
        let mut progress = Progress::default();
        progress.run(&Step::new("no-such-program-here", &["now"]));
        assert!(progress.failures[0].starts_with("`no-such-program-here now` "), "{:?}", progress.failures);
    }
}
