//! P4, unreadable is not empty, against a real GNOME Keyring on a private bus: each state of it is its own kind of
//! error, within the deadline (P5), and the cache file stays as it is.

#![cfg(unix)]

mod choice;
#[path = "../common/desktop_cache.rs"]
mod desktop_cache;
mod items;
mod states;

use std::{path::PathBuf, time::Duration};

use desktop_cache::{APPLICATION, CacheProgram, Opening, platform::desktop::Desktop, serve_a_cache, state};
use sealed_cache::Prompt;

/// How long a call to the keychain may take where it hangs.
const SHORT: Duration = Duration::from_millis(400);
/// No call takes longer than this much more than it may, however busy the machine is.
const SLACK: Duration = Duration::from_secs(8);

/// Not a test: the program that uses the cache.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    serve_a_cache();
}

/// A desktop, a cache that exists and a folder for one that does not.
struct Scene {
    desktop: Desktop,
    existing: PathBuf,
    absent: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let desktop = Desktop::new();
        let [existing, absent] = ["existing", "absent"].map(|name| desktop.folder().subfolder(name));
        let scene = Self { desktop, existing, absent };
        let mut program = scene.program();
        program.ask_anew(&Opening::new(&scene.existing), "add 7").is("ok", "");
        program.end();
        scene
    }

    fn program(&self) -> CacheProgram {
        CacheProgram::on(&self.desktop)
    }

    /// Every verb, with every way of asking, gives this kind; nothing is changed or asked for longer than it may.
    fn every_verb_is(&self, kind: &str) {
        self.every_verb_of(&mut self.program(), kind);
    }

    fn every_verb_of(&self, program: &mut CacheProgram, kind: &str) {
        for prompt in [Prompt::Never, Prompt::Allowed] {
            let open = |folder: &PathBuf| Opening::new(folder).prompt(prompt).keychain_timeout(SHORT);
            let (existing, absent) = (open(&self.existing), open(&self.absent));
            let before = (state(&self.existing), state(&self.absent));
            for verb in ["read", "add 8", "lock", "rekey", "verify"] {
                bounded(program, &existing, verb, kind);
            }
            for verb in ["add 8", "lock", "rekey", "verify", "protection"] {
                bounded(program, &absent, verb, kind);
            }
            // What is told by the header needs no keychain, and nothing is nothing.
            program.ask_anew(&existing, "protection").is("ok", "AES-256-GCM file, key in the Secret Service");
            program.ask_anew(&absent, "read").is("ok", "[]");
            let report = bounded(program, &existing, "diagnose", "ok");
            assert!(
                report.contains("protected by: AES-256-GCM file") && !report.contains("works"),
                "{report}"
            );
            let report = bounded(program, &absent, "diagnose", "ok");
            assert!(report.contains("protection unknown: ") && !report.contains("works"), "{report}");
            bounded(program, &absent, "clear", "ok");
            assert_eq!((state(&self.existing), state(&self.absent)), before, "{kind}: nothing was changed");
        }
    }

    /// The keychain is back: the cache is what it was.
    fn opens_again(&self) {
        let mut program = self.program();
        program.ask_anew(&Opening::new(&self.existing), "read").is("ok", "[7]");
        program.end();
    }

    /// Whoever signs out now must not be held up.
    fn is_cleared_all_the_same(&self) {
        let mut program = self.program();
        let opening = Opening::new(&self.existing).keychain_timeout(SHORT);
        bounded(&mut program, &opening, "clear", "ok");
        assert_eq!(state(&self.existing), []);
        program.ask("read").is("ok", "[]");
        program.end();
    }

    fn items(&self) -> String {
        self.desktop.search(&["application", APPLICATION])
    }
}

/// A call whose time is bounded by the time-out of the keychain, for each of its two attempts.
#[track_caller]
fn bounded(program: &mut CacheProgram, opening: &Opening, verb: &str, kind: &str) -> String {
    let answer = program.ask_anew(opening, verb);
    answer.is_kind(kind);
    assert!(answer.took < opening.keychain_timeout * 2 + SLACK, "{verb}: {answer:?}");
    if kind == "KeychainTimeout" {
        assert!(answer.took >= opening.keychain_timeout, "{verb}: {answer:?}");
    }
    answer.text
}
