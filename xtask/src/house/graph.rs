//! How many packages the default build pulls, and that none comes in two versions.

use std::collections::BTreeSet;

use super::licences::Rules;
use super::none;
use crate::command::Step;

/// Fewer than this, our own included.
const LIMIT: usize = 60;

const TARGETS: [&str; 3] = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"];

/// The packages of the default build, on each OS.
pub(super) fn small() -> Result<(), String> {
    let mut findings = Vec::new();
    for target in TARGETS {
        let line = format!("tree --package sealed-cache --edges normal --prefix none --target {target}");
        let count = packages(&Step::cargo(&line).output()?).len();
        println!("   {count} packages on {target}");
        findings.extend(too_many(count).then(|| format!("{count} on {target}: see `cargo {line}`")));
    }
    none(&findings, &format!("the default build has fewer than {LIMIT} packages"))
}

fn too_many(count: usize) -> bool {
    count >= LIMIT
}

/// Every version of a package is one; `(*)` marks one that was listed before.
fn packages(tree: &str) -> BTreeSet<&str> {
    tree.lines().map(|line| line.trim_end_matches(" (*)").trim()).filter(|line| !line.is_empty()).collect()
}

pub(super) fn no_duplicates(rules: &Rules) -> Result<(), String> {
    let line =
        "tree --package sealed-cache --edges normal --prefix depth --all-features --target all --duplicates";
    let tree = Step::cargo(line).output()?;
    none(&duplicates(&tree, &rules.duplicates), "no package comes in two versions, except those in deny.toml")
}

/// The packages at depth 0; those below are who asks for them.
fn duplicates(tree: &str, allowed: &[String]) -> Vec<String> {
    let tops: BTreeSet<_> = packages(tree).into_iter().filter_map(|line| line.strip_prefix('0')).collect();
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    tops.into_iter().filter(|line| !allowed.contains(&name(line))).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_once_and_each_of_its_versions_too() {
        let tree = "a v1.0.0 (/home/a)\nb v1.0.0\nb v2.0.0\nb v1.0.0 (*)\nc v1.0.0 (proc-macro)\n\n";
        assert_eq!(packages(tree).len(), 4);
    }

    #[test]
    fn sixty_are_too_many() {
        assert!(too_many(60) && !too_many(59));
    }

    #[test]
    fn two_versions_are_found_unless_allowed() {
        let tree = "0b v1.0.0\n1a v1.0.0\n\n0b v2.0.0\n1a v1.0.0 (*)\n10c v1.0.0\n";
        assert_eq!(duplicates(tree, &[]), ["b v1.0.0", "b v2.0.0"]);
        assert!(duplicates(tree, &["b".into()]).is_empty());
    }
}
