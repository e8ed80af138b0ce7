//! macOS. Elsewhere its code is type-checked and linted: no Mac runs here. On a Mac, `suite` runs everything that needs
//! nothing, and this stage the tests that need a keychain.

use std::fs;

use crate::command::Step;
use crate::crossed;
use crate::progress::Progress;

/// A path that only this run has, since the file must not lie where a crash leaves it for the next one.
const FOLDER: &str = "target/xtask/keychain";
const PASSWORD: &str = "not a secret";

pub(crate) fn stage(progress: &mut Progress) {
    if std::env::consts::OS != "macos" {
        return crossed::lint(progress, &crossed::MACOS);
    }
    match Keychain::new() {
        Ok(keychain) => keychain.test(progress),
        Err(error) => progress.fail(error),
    }
}

/// A keychain of our own, unlocked, in the place of the user's default one as long as this lives: so nothing prompts, and
/// nothing of the user's is touched.
struct Keychain {
    path: String,
    default_before: Option<String>,
}

impl Keychain {
    fn new() -> Result<Self, String> {
        fs::create_dir_all(FOLDER).map_err(|error| format!("{FOLDER}: {error}"))?;
        let folder = fs::canonicalize(FOLDER).map_err(|error| format!("{FOLDER}: {error}"))?;
        let path = folder.join(format!("{}.keychain-db", std::process::id())).to_string_lossy().into_owned();
        let default_before =
            security(&["default-keychain", "-d", "user"]).output().ok().map(|said| named(&said));
        security(&["create-keychain", "-p", PASSWORD, &path]).output()?;
        // Dropped, it is removed again, whatever fails from here on.
        let keychain = Self { path, default_before };
        let path = &keychain.path;
        // Without a time after which it locks itself.
        security(&["set-keychain-settings", path]).output()?;
        security(&["unlock-keychain", "-p", PASSWORD, path]).output()?;
        security(&["default-keychain", "-d", "user", "-s", path]).output()?;
        Ok(keychain)
    }

    fn test(&self, progress: &mut Progress) {
        let line = "test --workspace --all-features --tests --no-fail-fast -- --ignored --test-threads=1";
        let step = Step::cargo(line).env("SEALED_CACHE_TEST_KEYCHAIN", &self.path);
        progress.test("on a keychain of its own", &step.env("SEALED_CACHE_TEST_PASSWORD", PASSWORD));
        if progress.suites.iter().all(|suite| suite.counts().run() == 0) {
            progress.fail("no test was run on the keychain: this stage proved nothing");
        }
    }
}

impl Drop for Keychain {
    fn drop(&mut self) {
        if let Some(before) = &self.default_before {
            let _ = security(&["default-keychain", "-d", "user", "-s", before]).output();
        }
        let _ = security(&["delete-keychain", &self.path]).output();
    }
}

fn security(arguments: &[&str]) -> Step {
    Step::new("security", arguments)
}

/// Of `    "/Users/a/Library/Keychains/login.keychain-db"`.
fn named(said: &str) -> String {
    said.trim().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_default_keychain_is_read() {
        assert_eq!(named("    \"/Users/a b/login.keychain-db\"\n"), "/Users/a b/login.keychain-db");
    }
}
