//! Installs the real peers of `tests/msal_peers.rs` and of the benchmarks, each of a pinned version, into a folder of their
//! own: MSAL Python, and MSAL Node with a Node of its own, since that of the system may be too old or absent.

use std::fs;
use std::path::Path;

use crate::command::Step;
use crate::progress::Progress;

const FOLDER: &str = "target/peers";
/// What is installed: a change of one of them installs everything afresh.
const PINS: [&str; 3] = [
    "tests/interop/msal/requirements.txt",
    "tests/interop/msal/package.json",
    "tests/interop/msal/package-lock.json",
];

pub(crate) fn stage(progress: &mut Progress) {
    progress.check(install());
}

/// Whether what the tests need is here, as pinned.
pub(crate) fn are_installed() -> bool {
    pinned().is_ok_and(|pinned| fs::read_to_string(stamp()).is_ok_and(|installed| installed == pinned))
}

fn install() -> Result<(), String> {
    if are_installed() {
        println!("   the peers are installed");
        return Ok(());
    }
    let pinned = pinned()?;
    let _ = fs::remove_dir_all(FOLDER);
    let [python, node] = ["python", "node"].map(|name| format!("{FOLDER}/{name}"));
    fs::create_dir_all(&node).map_err(|error| format!("{node}: {error}"))?;
    Step::new("python3", &["-m", "venv", &python]).run()?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
    let from = ["--only-binary", ":all:", "--requirement", PINS[0]];
    Step::new(&format!("{python}/bin/python"), &pip).args(&from).run()?;
    for pin in &PINS[1..] {
        let name = Path::new(pin).file_name().unwrap_or_default();
        fs::copy(pin, Path::new(&node).join(name)).map_err(|error| format!("{pin}: {error}"))?;
    }
    // npm does not find its way through a link, which `target` may be.
    let node = fs::canonicalize(&node).map_err(|error| format!("{node}: {error}"))?;
    let npm = ["ci", "--prefix", &node.to_string_lossy(), "--ignore-scripts", "--no-audit", "--no-fund"];
    Step::new(&format!("{python}/bin/npm"), &npm).run()?;
    fs::write(stamp(), pinned).map_err(|error| format!("{}: {error}", stamp()))
}

fn stamp() -> String {
    format!("{FOLDER}/installed")
}

fn pinned() -> Result<String, String> {
    PINS.iter().map(|pin| fs::read_to_string(pin).map_err(|error| format!("{pin}: {error}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pin: &str) -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(pin)).unwrap()
    }

    #[test]
    fn every_peer_is_pinned_by_version_and_hash() {
        let requirements = read(PINS[0]);
        let names = requirements.lines().filter(|line| line.contains("==")).count();
        assert!(names > 2 && requirements.matches("--hash=sha256:").count() >= names);
        let lock: serde_json::Value = serde_json::from_str(&read(PINS[2])).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.iter().all(|(name, package)| name.is_empty() || package["integrity"].is_string()));
    }

    #[test]
    fn no_registry_is_named() {
        assert!(PINS.iter().all(|pin| !read(pin).contains("://")));
    }
}
