//! Reads what cargo and its test runner print: which suite runs, and its own closing line.

/// One test binary, or the documentation tests of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suite {
    /// The run it belongs to, such as "all features".
    pub(crate) of: String,
    /// What cargo called it: `Running tests/locks.rs (target/…)`.
    pub(crate) name: String,
    /// Its closing lines, word by word. None: it broke off.
    pub(crate) summaries: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

impl Counts {
    pub(crate) fn run(self) -> usize {
        self.passed + self.failed
    }

    /// Of a line such as `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (_, numbers) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let of = |label: &str| {
            let part = numbers.split("; ").find_map(|part| part.strip_suffix(label))?;
            part.trim().parse().ok()
        };
        Some(Self { passed: of("passed")?, failed: of("failed")?, ignored: of("ignored")? })
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            passed: a.passed + b.passed,
            failed: a.failed + b.failed,
            ignored: a.ignored + b.ignored,
        })
    }
}

impl Suite {
    pub(crate) fn counts(&self) -> Counts {
        self.summaries.iter().filter_map(|line| Counts::parse(line)).sum()
    }

    /// A binary without a single test: nothing to report.
    pub(crate) fn is_empty(&self) -> bool {
        !self.summaries.is_empty() && self.counts() == Counts::default()
    }
}

#[derive(Debug)]
pub(crate) struct SuiteReader {
    of: String,
    suites: Vec<Suite>,
}

impl SuiteReader {
    pub(crate) fn new(of: &str) -> Self {
        Self { of: of.to_owned(), suites: Vec::new() }
    }

    pub(crate) fn line(&mut self, line: &str) {
        if let Some(name) = heading(line) {
            self.suites.push(Suite { of: self.of.clone(), name: name.to_owned(), summaries: Vec::new() });
        } else if Counts::parse(line).is_some() {
            self.summary(line.trim());
        }
    }

    /// Documentation tests come in several lots, each with its line. A binary has one: an earlier line was printed by a
    /// child that a test started.
    fn summary(&mut self, line: &str) {
        let Some(suite) = self.suites.last_mut() else { return };
        if !suite.name.starts_with("Doc-tests") {
            suite.summaries.clear();
        }
        suite.summaries.push(line.to_owned());
    }

    pub(crate) fn finish(self) -> Vec<Suite> {
        self.suites
    }
}

/// Cargo sets its verbs flush right in twelve columns; a test that prints "Running" does not.
fn heading(line: &str) -> Option<&str> {
    let running = line.strip_prefix("     Running ").map(|_| line.trim_start());
    let documentation = line.strip_prefix("   Doc-tests ").map(|_| line.trim_start());
    running.or(documentation)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.02s
     Running unittests src/lib.rs (target/debug/deps/sealed_cache-1)

running 2 tests
test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/locks.rs (target/debug/deps/locks-1)
test result: FAILED. 3 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.10s
     Running tests/died.rs (target/debug/deps/died-1)
   Doc-tests sealed_cache
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    fn suites() -> Vec<Suite> {
        let mut reader = SuiteReader::new("all features");
        OUTPUT.lines().for_each(|line| reader.line(line));
        reader.finish()
    }

    fn counts(passed: usize, failed: usize, ignored: usize) -> Counts {
        Counts { passed, failed, ignored }
    }

    #[test]
    fn each_suite_keeps_its_own_numbers() {
        let found: Vec<_> = suites().iter().map(|suite| (suite.name.clone(), suite.counts())).collect();
        let names = ["unittests src/lib.rs", "tests/locks.rs", "tests/died.rs", "Doc-tests sealed_cache"];
        assert!(found.iter().zip(names).all(|((name, _), part)| name.contains(part)), "{found:?}");
        let numbers: Vec<_> = found.iter().map(|(_, counts)| *counts).collect();
        assert_eq!(numbers, [counts(2, 0, 0), counts(3, 1, 4), counts(0, 0, 0), counts(5, 0, 0)]);
    }

    #[test]
    fn a_suite_that_broke_off_is_not_an_empty_one() {
        let suites = suites();
        assert!(suites[2].summaries.is_empty() && !suites[2].is_empty());
    }

    #[test]
    fn a_summary_is_kept_word_by_word() {
        assert!(OUTPUT.contains(&suites()[1].summaries[0]));
    }

    #[test]
    fn only_closing_lines_are_counted() {
        for line in ["test result: odd", "test passes ... ok", "5 passed; 0 failed; 0 ignored", ""] {
            assert_eq!(Counts::parse(line), None, "{line}");
        }
    }
}
