//! The rules of the house that a machine can check.

mod graph;
mod licences;
mod source;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::Step;
use crate::progress::Progress;

pub(crate) fn stage(progress: &mut Progress) {
    progress.check(graph::small());
    let rules = licences::Rules::read();
    progress.check(rules.clone().and_then(|rules| graph::no_duplicates(&rules)));
    progress.check(metadata().and_then(|metadata| rules?.check(&packages(&metadata))));
    progress.check(source::check(&rust_files(Path::new("."))));
}

/// What cargo knows of every locked package, on every OS. An outdated Cargo.lock is an error.
pub(crate) fn metadata() -> Result<Value, String> {
    let text = Step::cargo("metadata --format-version 1 --locked --all-features").output()?;
    serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))
}

/// Whether a package is built with these features only, on any system: the metadata also lists what `?` leaves out.
pub(crate) fn is_built_with(features: &str) -> Result<impl Fn(&Value) -> bool, String> {
    let line = format!("tree --workspace --locked --target all --prefix none --format {{p}} {features}");
    let tree = Step::cargo(&line).output()?;
    let built: HashSet<String> = tree.lines().map(name_and_version).collect();
    Ok(move |package: &Value| {
        let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
        built.contains(&format!("{} v{}", text("name"), text("version")))
    })
}

/// Of `serde v1.0.229 (/a/path)`.
fn name_and_version(line: &str) -> String {
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

pub(crate) fn packages(metadata: &Value) -> Vec<&Value> {
    metadata["packages"].as_array().map(|packages| packages.iter().collect()).unwrap_or_default()
}

/// Ours only: neither what cargo built nor what begins with a dot.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<_> = entries.flat_map(|entry| below(&entry.path())).collect();
    files.sort();
    files
}

fn below(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.is_dir() && name != "target" && !name.starts_with('.') {
        rust_files(path)
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        vec![path.strip_prefix(".").unwrap_or(path).to_owned()]
    } else {
        Vec::new()
    }
}

/// One message of all findings, or none.
fn none(findings: &[String], rule: &str) -> Result<(), String> {
    if findings.is_empty() {
        println!("   ok: {rule}");
        return Ok(());
    }
    Err(format!("{rule}:\n   {}", findings.join("\n   ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_weak_feature_names_is_not_built() {
        let is_built = is_built_with("--features sealed-cache/tls,sealed-cache/redis").unwrap();
        let metadata = metadata().unwrap();
        let built: Vec<_> = packages(&metadata).into_iter().filter(|package| is_built(package)).collect();
        let has = |name: &str| built.iter().any(|package| package["name"] == name);
        assert!(has("rustls") && has("redis") && has("sealed-cache") && !has("sqlx"));
    }

    #[test]
    fn our_own_files_are_found() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = rust_files(here);
        assert!(files.contains(&here.join("src/main.rs")) && files.contains(&here.join("src/house/mod.rs")));
    }
}
