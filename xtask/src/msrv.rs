//! The Rust version in Cargo.toml, checked as far as the toolchain at hand can: with a newer one, by clippy, which knows since
//! when each item of std is stable, and by what the dependencies ask for. The workflow compiles with that very version.

use std::fs;

use serde_json::Value;

use crate::command::Step;
use crate::house;
use crate::progress::Progress;

const WORKFLOW: &str = ".github/workflows/test.yml";

/// What sqlx asks for, and which features bring it.
const NEWER: &str = "1.94";
const NEWER_FEATURES: [&str; 3] = ["postgres", "mysql", "sqlite"];

type Version = (u32, u32, u32);

pub(crate) fn stage(progress: &mut Progress) {
    let ours = "--package sealed-cache --package sealed-cache-platform";
    for features in ["--all-features", "--no-default-features"] {
        progress.run(&Step::cargo(&format!("clippy {ours} {features} -- -D clippy::incompatible_msrv")));
    }
    progress.check(house::metadata().and_then(|metadata| dependencies(&metadata)));
}

/// Without the features that ask for more, everything keeps to the version in Cargo.toml; with them, to theirs.
fn dependencies(metadata: &Value) -> Result<(), String> {
    let (packages, ours) = (house::packages(metadata), ours(metadata)?);
    let written = ours["rust_version"].as_str().ok_or("no rust-version in Cargo.toml")?;
    let workflow = fs::read_to_string(WORKFLOW).map_err(|error| format!("{WORKFLOW}: {error}"))?;
    let features = without_newer(ours).join(",");
    in_workflow(&format!("cargo +{written} check --workspace --features {features} --locked"), &workflow)?;
    in_workflow(&format!("cargo +{NEWER} check --workspace --all-features --locked"), &workflow)?;
    let prefixed = without_newer(ours).into_iter().map(|feature| format!("sealed-cache/{feature}"));
    let features = format!("--features {}", prefixed.collect::<Vec<_>>().join(","));
    let is_built = house::is_built_with(&features)?;
    let older: Vec<&Value> = packages.iter().copied().filter(|package| is_built(package)).collect();
    if older.is_empty() {
        return Err("cargo tree names none of the packages".to_owned());
    }
    keep_to(written, &older)?;
    keep_to(NEWER, &packages)
}

fn ours(metadata: &Value) -> Result<&Value, String> {
    let packages = house::packages(metadata);
    packages
        .into_iter()
        .find(|package| package["name"] == "sealed-cache")
        .ok_or("no package sealed-cache".into())
}

/// Every feature that does not switch one on that asks for a newer version.
fn without_newer(package: &Value) -> Vec<&str> {
    let features = package["features"].as_object().into_iter().flatten();
    let is_newer = |name: &str| NEWER_FEATURES.contains(&name);
    let switches_on =
        |list: &Value| list.as_array().into_iter().flatten().filter_map(Value::as_str).any(is_newer);
    let kept = features.filter(|(name, list)| !is_newer(name) && !switches_on(list));
    kept.map(|(name, _)| name.as_str()).filter(|name| *name != "default").collect()
}

fn keep_to(version: &str, packages: &[&Value]) -> Result<(), String> {
    let parsed = parse(version).ok_or_else(|| format!("\"{version}\" is no version"))?;
    let newer = asking_for_more(packages, parsed);
    if !newer.is_empty() {
        return Err(format!("newer than Rust {version}: {}", newer.join(", ")));
    }
    let silent = packages.iter().filter(|package| package["rust_version"].is_null()).count();
    println!("   {} locked packages keep to Rust {version}; {silent} of them say nothing", packages.len());
    Ok(())
}

fn asking_for_more(packages: &[&Value], msrv: Version) -> Vec<String> {
    let asks =
        |package: &&Value| Some((package["rust_version"].as_str()?.to_owned(), package["name"].to_string()));
    let too_new = |(version, name): (String, String)| {
        (parse(&version)? > msrv).then(|| format!("{} asks for {version}", name.trim_matches('"')))
    };
    packages.iter().filter_map(asks).filter_map(too_new).collect()
}

/// What is in Cargo.toml is written there once more, since a workflow cannot read it before it has a toolchain: they are
/// compared here.
fn in_workflow(line: &str, workflow: &str) -> Result<(), String> {
    workflow.contains(line).then_some(()).ok_or_else(|| format!("{WORKFLOW} does not run `{line}`"))
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
    fn a_workflow_that_runs_something_else_is_found() {
        assert!(in_workflow("cargo +1.89 check", "run: cargo +1.89 check --workspace").is_ok());
        assert!(in_workflow("cargo +1.89 check", "run: cargo +1.90 check --workspace").is_err());
    }

    #[test]
    fn features_that_ask_for_a_newer_rust_are_left_out_and_what_needs_them() {
        let features = json!({"features": {"default": ["a"], "a": [], "mysql": [], "both": ["a", "mysql"]}});
        assert_eq!(without_newer(&features), ["a"]);
    }

    #[test]
    fn versions_have_two_or_three_parts() {
        assert_eq!(parse("1.89"), Some((1, 89, 0)));
        assert_eq!(parse("1.89.2"), Some((1, 89, 2)));
        assert_eq!((parse("1"), parse("1.x"), parse("")), (None, None, None));
    }
}
