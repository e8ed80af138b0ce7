//! The Rust version in Cargo.toml, checked as far as the toolchain at hand can: with a newer one, by clippy, which knows since
//! when each item of std is stable, and by what the dependencies ask for. The workflow compiles with that very version.

use std::fs;

use serde_json::Value;

use crate::command::Step;
use crate::house;
use crate::progress::Progress;

const WORKFLOW: &str = ".github/workflows/test.yml";

type Version = (u32, u32, u32);

pub(crate) fn stage(progress: &mut Progress) {
    let ours = "--package sealed-cache --package sealed-cache-platform";
    for features in ["--all-features", "--no-default-features"] {
        progress.run(&Step::cargo(&format!("clippy {ours} {features} -- -D clippy::incompatible_msrv")));
    }
    progress.check(house::metadata().and_then(|metadata| dependencies(&metadata)));
}

fn dependencies(metadata: &Value) -> Result<(), String> {
    let packages = house::packages(metadata);
    let ours =
        packages.iter().find(|package| package["name"] == "sealed-cache").ok_or("no package sealed-cache")?;
    let written = ours["rust_version"].as_str().ok_or("no rust-version in Cargo.toml")?;
    let msrv = parse(written).ok_or_else(|| format!("rust-version = \"{written}\" is no version"))?;
    in_workflow(written, &fs::read_to_string(WORKFLOW).map_err(|error| format!("{WORKFLOW}: {error}"))?)?;
    let newer = asking_for_more(&packages, msrv);
    if newer.is_empty() {
        let silent = packages.iter().filter(|package| package["rust_version"].is_null()).count();
        println!(
            "   {} locked packages keep to Rust {written}; {silent} of them say nothing",
            packages.len()
        );
        return Ok(());
    }
    Err(format!("newer than Rust {written}: {}", newer.join(", ")))
}

fn asking_for_more(packages: &[&Value], msrv: Version) -> Vec<String> {
    let asks =
        |package: &&Value| Some((package["rust_version"].as_str()?.to_owned(), package["name"].to_string()));
    let too_new = |(version, name): (String, String)| {
        (parse(&version)? > msrv).then(|| format!("{} asks for {version}", name.trim_matches('"')))
    };
    packages.iter().filter_map(asks).filter_map(too_new).collect()
}

/// The version is written twice, since a workflow cannot read Cargo.toml before it has a toolchain: they are compared here.
fn in_workflow(version: &str, workflow: &str) -> Result<(), String> {
    let line = format!("cargo +{version} check");
    let missing = || format!("{WORKFLOW} does not run `{line}`, as rust-version in Cargo.toml says");
    workflow.contains(&line).then_some(()).ok_or_else(missing)
}

fn parse(version: &str) -> Option<Version> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dependency_that_asks_for_a_newer_rust_is_found() {
        let packages = [
            json!({"name": "old", "rust_version": "1.56"}),
            json!({"name": "same", "rust_version": "1.89.0"}),
            json!({"name": "silent", "rust_version": null}),
            json!({"name": "new", "rust_version": "1.89.1"}),
        ];
        let found = asking_for_more(&packages.iter().collect::<Vec<_>>(), (1, 89, 0));
        assert_eq!(found, ["new asks for 1.89.1"]);
    }

    #[test]
    fn a_workflow_with_another_version_is_found() {
        assert!(in_workflow("1.89", "run: cargo +1.89 check --workspace").is_ok());
        assert!(in_workflow("1.90", "run: cargo +1.89 check --workspace").is_err());
    }

    #[test]
    fn versions_have_two_or_three_parts() {
        assert_eq!(parse("1.89"), Some((1, 89, 0)));
        assert_eq!(parse("1.89.2"), Some((1, 89, 2)));
        assert_eq!((parse("1"), parse("1.x"), parse("")), (None, None, None));
    }
}
