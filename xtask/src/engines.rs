//! The engines of the server half: their tests start real servers, each of its own, and break them.

use std::path::Path;

use crate::command::Step;
use crate::progress::Progress;
use crate::suite;

/// What is in `tests/` under a name that begins so needs engines, in all of its ignored tests.
const TARGETS: &str = "partition_";

/// What they start, and what they ask it with.
const PROGRAMS: [&str; 8] = [
    "openssl",
    "redis-server",
    "redis-cli",
    "psql",
    "mariadb-install-db",
    "mariadb",
    "chromium",
    "chromedriver",
];

/// Two at a time, as the other ignored tests; then one short round of the benchmark, which counts lost updates.
pub(crate) fn stage(progress: &mut Progress) {
    let missing: Vec<_> = PROGRAMS.into_iter().filter(|program| !suite::on_path(program)).collect();
    if !missing.is_empty() {
        return progress.fail(suite::not_here(&missing));
    }
    // The browser looks at one of them.
    progress.check(Step::cargo("build --workspace --examples --all-features").run());
    match suite::test_targets() {
        Ok(targets) => {
            let ours = targets.iter().filter(|target| is_target(target)).map(String::as_str);
            suite::run_ignored(progress, "--workspace", &ours.collect::<Vec<_>>());
            progress.run(&Step::cargo("test --workspace --all-features --bench partition"));
        }
        Err(error) => progress.fail(error),
    }
}

/// Whether a target in `tests/` is one of this stage.
pub(crate) fn is_target(name: &str) -> bool {
    name.starts_with(TARGETS)
}

/// Whether a file belongs to such a target.
pub(crate) fn is_file(path: &Path) -> bool {
    let below = path.strip_prefix("tests").ok().and_then(|below| below.iter().next());
    below.and_then(|name| name.to_str()).is_some_and(is_target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_its_target() {
        assert!(
            is_file(Path::new("tests/partition_engines/main.rs"))
                && is_file(Path::new("tests/partition_a.rs"))
        );
        assert!(!is_file(Path::new("tests/partition/main.rs")) && !is_file(Path::new("src/partition_a.rs")));
    }

    #[test]
    fn the_engines_have_targets_and_the_others_too() {
        let targets = suite::test_targets().unwrap();
        let has = |name: &str| targets.iter().any(|target| target == name);
        assert!(has("partition_engines") && has("p4_keychain"), "{targets:?}");
    }
}
