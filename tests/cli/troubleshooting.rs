//! `docs/troubleshooting.md`: each transcript in it is what really happens, with the application `desktop` of the examples.
//!
//! `SEALED_CACHE_TEST_UPDATE=1 cargo test --features cli -- --ignored troubleshooting` writes them anew.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    desktop_cache::platform::desktop::Desktop,
    doctor::WITHOUT_KEYCTL,
    example::example,
    home::{COMMAND, Ran, json_of},
};

/// A home in a container; with a keyring, once one was started.
struct Walk {
    desktop: Desktop,
    has_keyring: bool,
    text: String,
}

impl Walk {
    fn new() -> Self {
        Self { desktop: Desktop::new(), has_keyring: false, text: String::new() }
    }

    fn home(&self) -> PathBuf {
        self.desktop.folder().path().join("home")
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Ran {
        let mut command = self.desktop.command("/usr/bin/python3");
        command.args(["-c", WITHOUT_KEYCTL]).arg(program).args(arguments);
        command.env("container", "podman").current_dir(self.home());
        for name in ["SSH_CONNECTION", "SSH_TTY", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        if !self.has_keyring {
            command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus");
        }
        Ran::of(&mut command)
    }

    /// Run it, and keep what a person sees.
    fn sealed_cache(&mut self, line: &str, code: i32) {
        let arguments: Vec<_> = line.split(' ').collect();
        let ran = self.run(Path::new(COMMAND), &arguments).is(code);
        self.keep(&format!("sealed-cache {line}"), &ran);
    }

    fn app(&mut self, code: i32) {
        let ran = self.run(&example("desktop"), &[]).is(code);
        self.keep("desktop", &ran);
    }

    fn keep(&mut self, line: &str, ran: &Ran) {
        let said = format!("{}{}", ran.stdout, ran.stderr);
        let home = self.home().canonicalize().unwrap();
        let said = said
            .replace(home.to_str().unwrap(), "/home/dora")
            .replace(self.home().to_str().unwrap(), "/home/dora");
        let lines = said.lines().map(|line| format!("{}\n", settled(line).trim_end()));
        self.text += &format!("$ {line}\n{}\n", lines.collect::<String>());
    }

    fn said(&mut self) -> String {
        std::mem::take(&mut self.text).trim_end().to_owned()
    }
}

/// Without what differs from run to run.
fn settled(line: &str) -> String {
    let digits = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
    let mut line = line.to_owned();
    if let Some((size, _)) = line.split_once(", changed ") {
        line = format!("{size}, changed just now)");
    }
    for (before, name) in [
        ("127.0.0.1:", "34567"),
        ("enter the code ", "BDFH-JLNP"),
        ("pid ", "4242"),
        ("left behind ", "7"),
        ("is good for ", "60"),
    ] {
        if let Some((start, rest)) = line.split_once(before) {
            let rest = if before.starts_with("enter") {
                rest.chars().skip(name.len()).collect()
            } else {
                digits(rest)
            };
            line = format!("{start}{before}{name}{rest}");
        }
    }
    line
}

/// A process that has ended.
fn ended() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn every_transcript_is_what_happens() {
    let mut walk = Walk::new();
    let mut transcripts = Vec::new();

    walk.sealed_cache("doctor", 1);
    transcripts.push(("no-keyring", walk.said()));
    walk.has_keyring = true;
    walk.sealed_cache("doctor", 0);
    transcripts.push(("keyring", walk.said()));

    walk.app(0);
    let file = walk.home().join(".local/share/com.example.sealed-cache-desktop/tokens.sealed");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..300]).unwrap();
    walk.said();
    walk.app(1);
    walk.sealed_cache("doctor", 1);
    walk.sealed_cache("clear sealed:com.example.sealed-cache-desktop/tokens --yes", 0);
    walk.app(0);
    walk.app(0);
    walk.sealed_cache("doctor", 0);
    transcripts.push(("damaged", walk.said()));

    fs::write(walk.home().join("tokens.json"), json_of(&["dora"])).unwrap();
    walk.sealed_cache("import azure-cli+plain tokens.json", 0);
    let lock = walk.home().join(".azure/msal_token_cache.json.lockfile");
    fs::write(&lock, format!("{} /usr/bin/az", ended())).unwrap();
    walk.said();
    walk.sealed_cache("unlock-stale azure-cli+plain", 0);
    assert!(!lock.exists());
    transcripts.push(("lock", walk.said()));

    walk.sealed_cache("migrate --from azure-cli+plain --to azure-cli", 0);
    walk.sealed_cache("migrate --from azure-cli+plain --to azure-cli --yes --remove-source", 0);
    walk.sealed_cache("list", 0);
    transcripts.push(("migrate", walk.said()));

    compare(&transcripts);
}

/// Between `<!-- NAME -->` and the end of the block that follows it.
fn compare(transcripts: &[(&str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md");
    let mut document = fs::read_to_string(&path).unwrap();
    for (name, transcript) in transcripts {
        let begin = format!("<!-- {name} -->\n```text");
        let start = document.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
        let end = start + document[start..].find("\n```").unwrap();
        let transcript = format!("\n{transcript}");
        if env::var_os("SEALED_CACHE_TEST_UPDATE").is_some() {
            document.replace_range(start..end, &transcript);
            continue;
        }
        assert!(document[start..end] == *transcript, "{name} is not what happened, which is:\n{transcript}");
    }
    if env::var_os("SEALED_CACHE_TEST_UPDATE").is_some() {
        fs::write(&path, document).unwrap();
    }
}
