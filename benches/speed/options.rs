//! The command line.

/// Which groups to run, and whether only to see if they work.
pub(crate) struct Options {
    groups: Vec<String>,
    /// One small round of everything.
    pub(crate) smoke: bool,
}

impl Options {
    /// `cargo bench` passes `--bench`; without it this is a test run, which must be short.
    pub(crate) fn new(arguments: &[String]) -> Self {
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let groups = arguments.iter().filter(|argument| !argument.starts_with('-')).cloned().collect();
        Self { groups, smoke: has("--smoke") || has("--test") || !has("--bench") }
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    pub(crate) fn wants(&self, group: &str) -> bool {
        self.groups.is_empty() || self.groups().any(|wanted| wanted == group)
    }

    /// So many rounds of so many repetitions; in a smoke run one round of two.
    pub(crate) const fn sampling(&self, rounds: usize, batch: usize) -> crate::sample::Sampling {
        let (rounds, batch) = if self.smoke { (1, 2) } else { (rounds, batch) };
        crate::sample::Sampling { rounds, batch }
    }
}
