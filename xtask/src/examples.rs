//! The examples build, and those for a desktop work with a real keychain, in the home of a person who has just arrived. Without
//! one they are run by `tests/examples.rs`, in the suite.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Step;
use crate::house;
use crate::progress::Progress;

/// An example, its arguments, and what it has to say.
type Run = (&'static str, &'static [&'static str], &'static str);

/// In this order: each finds what the one before has left.
const RUNS: &[Run] = &[
    ("any_serde_type", &["milk"], "to buy: milk"),
    ("any_serde_type", &["eggs"], "to buy: milk, eggs"),
    ("any_serde_type", &[], "key in the Secret Service"),
    ("desktop", &[], "Signed in as"),
    ("desktop", &[], "no network was used"),
    ("desktop", &["--expire"], "it was refreshed just now"),
    ("desktop", &["--who"], "is signed in"),
    ("desktop", &["--sign-out"], "Signed out"),
    ("desktop", &["--who"], "Nobody is signed in"),
];

/// A bus and a keyring for the command that follows. They end with it; the keyring's file stays in the home.
const WITH_KEYRING: [&str; 6] = [
    "dbus-run-session",
    "--",
    "sh",
    "-c",
    "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 && exec \"$@\"",
    "sh",
];

pub(crate) fn stage(progress: &mut Progress) {
    progress.run(&Step::cargo("build --workspace --examples --all-features"));
    if !progress.failures.is_empty() {
        return;
    }
    match (built(), Home::new()) {
        (Ok(folder), Ok(home)) => home.walk(progress, &folder),
        (Err(error), _) | (_, Err(error)) => progress.fail(error),
    }
}

fn built() -> Result<PathBuf, String> {
    let metadata = house::metadata()?;
    let target = metadata["target_directory"].as_str().ok_or("cargo metadata names no target folder")?;
    Ok(Path::new(target).join("debug/examples"))
}

/// A fresh folder that only its user can enter, where temporary files go: the path of a socket must be short.
struct Home(String);

impl Home {
    fn new() -> Result<Self, String> {
        Ok(Self(Step::new("mktemp", &["--directory"]).output()?.trim().to_owned()))
    }

    /// Up to the first failure: what follows builds on it.
    fn walk(&self, progress: &mut Progress, folder: &Path) {
        for (name, arguments, says) in RUNS {
            let example = folder.join(name).to_string_lossy().into_owned();
            let step = self.env().args(&WITH_KEYRING).args(&[&example]).args(arguments);
            progress.expect(says, &step);
            if !progress.failures.is_empty() {
                return;
            }
        }
    }

    /// Nothing of the environment but this home: no bus, no display, no folders of somebody else.
    fn env(&self) -> Step {
        let (home, runtime) = (format!("HOME={}", self.0), format!("XDG_RUNTIME_DIR={}", self.0));
        Step::new("env", &["--ignore-environment", "PATH=/usr/bin:/bin", &home, &runtime])
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
