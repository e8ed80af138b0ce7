//! The examples do what they say: each is run as a program, as a person would run it, on a machine without a keychain.

#[path = "common/example.rs"]
mod example;
#[path = "../examples/oauth_client/mod.rs"]
mod oauth_client;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use example::example;
use oauth_client::Tokens;
use sealed_cache::{Json, KeyFile, PersistedCache};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

const DESKTOP: &str = "com.example.sealed-cache-desktop";

/// A user's home folder that is gone after the test, in a session without a bus.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.path("tmp")).unwrap();
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn command(&self, example: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self::example(example));
        command
            .args(arguments)
            .env("HOME", self.0.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("TMPDIR", self.path("tmp"))
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.path("no-bus").display()))
            .env_remove("DISPLAY")
            .env_remove("CREDENTIALS_DIRECTORY")
            .env_remove("HEADLESS_PASSPHRASE")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, example: &str, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(example, arguments))
    }

    fn desktop(&self, arguments: &[&str]) -> Ran {
        self.run("desktop", arguments)
    }

    /// Where the cache of `desktop` lies.
    fn desktop_cache(&self) -> PathBuf {
        self.path("data").join(DESKTOP).join("tokens.sealed")
    }

    /// All files with these bytes in them.
    fn files_with(&self, needle: &str) -> Vec<PathBuf> {
        let has_needle = |path: &PathBuf| {
            fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle.as_bytes())
        };
        files(self.0.path()).into_iter().filter(has_needle).collect()
    }
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    #[track_caller]
    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self.stderr
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[track_caller]
fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn desktop_signs_in_once_and_stays_signed_in() {
    let home = Home::new();
    let first = home.desktop(&[]).succeeded();
    assert_contains(&first, &["Nobody is signed in", "enter the code", "Signed in as alex@contoso.example"]);
    assert_contains(&first, &["AES-256-GCM file, key in a file in the state folder"]);

    let second = home.desktop(&[]).succeeded();
    assert_contains(
        &second,
        &["Already signed in as alex@contoso.example", "no network was used", " minutes;"],
    );

    let expired = home.desktop(&["--expire"]).succeeded();
    assert_contains(&expired, &["Already signed in as alex@contoso.example", "it was refreshed just now"]);
    // Once more, so that the refresh token of the refresh was kept too.
    assert_contains(&home.desktop(&["--expire"]).succeeded(), &["it was refreshed just now"]);

    let cache = home.desktop_cache();
    assert!(cache.exists());
    let who = home.desktop(&["--who"]).succeeded();
    assert_contains(&who, &["alex@contoso.example is signed in", cache.to_str().unwrap()]);
    assert_contains(
        &who,
        &["protected by: AES-256-GCM file, key in a file", "* key-file", "- secret-service"],
    );

    assert_contains(&home.desktop(&["--sign-out"]).succeeded(), &["Signed out alex@contoso.example"]);
    assert!(!cache.exists());
    assert!(
        !files(home.0.path()).iter().any(|path| path.extension().is_some_and(|extension| extension == "key"))
    );
    assert_contains(&home.desktop(&["--who"]).succeeded(), &["Nobody is signed in."]);
    assert_contains(&home.desktop(&["--sign-out"]).succeeded(), &["Nobody is signed in any more."]);
    assert_contains(&home.desktop(&[]).succeeded(), &["Signed in as alex@contoso.example"]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn desktop_keeps_no_token_that_can_be_read() {
    #[derive(Default, Serialize, Deserialize)]
    struct Session {
        tokens: Option<Tokens>,
    }
    let home = Home::new();
    home.desktop(&[]).succeeded();
    home.desktop(&["--expire"]).succeeded();

    let cache = PersistedCache::<Json<Session>>::builder(DESKTOP)
        .name("tokens")
        .folder(home.path("data").join(DESKTOP))
        .protector(KeyFile::in_folder(home.path("state").join(DESKTOP)))
        .open()
        .unwrap();
    let tokens = cache.read(|session| session.tokens.clone()).unwrap().unwrap();
    for token in [&tokens.refresh_token, &tokens.access_token] {
        let random = token.rsplit('.').next().unwrap();
        assert_eq!(random.len(), 32);
        assert_eq!(home.files_with(random), Vec::<PathBuf>::new());
    }
    for text in ["demo-refresh-token", "demo-access-token", "alex@contoso.example"] {
        assert_eq!(home.files_with(text), Vec::<PathBuf>::new());
    }
    // The search would find one.
    fs::write(home.path("data/plain"), format!("{{{}}}", &*tokens.refresh_token)).unwrap();
    assert_eq!(home.files_with("demo-refresh-token"), [home.path("data/plain")]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn desktop_runs_twice_at_once() {
    let home = Home::new();
    for arguments in [&[][..], &["--expire"], &["--expire"]] {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| home.desktop(arguments).succeeded())).collect();
            for run in runs {
                assert_contains(&run.join().unwrap(), &["igned in as alex@contoso.example"]);
            }
        });
    }
    assert_contains(&home.desktop(&[]).succeeded(), &["no network was used"]);
}

#[test]
fn desktop_refuses_options_that_it_does_not_have() {
    let home = Home::new();
    for arguments in [&["--expired"][..], &["alex"], &["--who", "--expire"], &[""]] {
        let said = home.desktop(arguments).failed(2);
        assert_contains(&said, &["error: not an option", "Usage: desktop", "--sign-out"]);
    }
    assert_contains(&home.desktop(&["--help"]).succeeded(), &["Usage: desktop", "--expire", "--who"]);
    assert_eq!(files(home.0.path()), Vec::<PathBuf>::new());
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn desktop_tells_what_to_do_about_a_damaged_cache() {
    let home = Home::new();
    home.desktop(&[]).succeeded();
    let cache = home.desktop_cache();
    let whole = fs::read(&cache).unwrap();
    let (cut_short, mut altered) = (whole[..whole.len() - 5].to_vec(), whole.clone());
    *altered.last_mut().unwrap() ^= 1;
    for damaged in [&b"{\"tokens\": \"no\"}"[..], b"", &[0; 4096], &cut_short, &altered] {
        fs::write(&cache, damaged).unwrap();
        for arguments in [&[][..], &["--expire"]] {
            let said = home.desktop(arguments).failed(1);
            assert_contains(&said, &["error: ", cache.to_str().unwrap(), "): ", "hint: `--sign-out`"]);
            assert_eq!(fs::read(&cache).unwrap(), damaged, "a cache that cannot be read is left as it is");
        }
    }
    fs::write(&cache, &whole).unwrap();
    assert_contains(&home.desktop(&[]).succeeded(), &["Already signed in"]);

    fs::write(&cache, b"garbage").unwrap();
    let who = home.desktop(&["--who"]);
    assert_contains(&who.stdout, &[cache.to_str().unwrap(), "protection unknown: ", "key-file"]);
    assert_contains(&who.failed(1), &["error: "]);
    assert_contains(&home.desktop(&["--sign-out"]).succeeded(), &["Nobody is signed in any more."]);
    let keys = home.path("state").join(DESKTOP);
    assert_eq!(keys.read_dir().unwrap().count(), 0, "the key is removed as well");
    assert_contains(&home.desktop(&[]).succeeded(), &["Signed in as alex@contoso.example"]);
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn desktop_signs_in_again_when_the_refresh_token_was_revoked() {
    let home = Home::new();
    home.desktop(&[]).succeeded();
    let state = home.desktop_cache().with_file_name("example-identity-provider.json");
    fs::write(state, "{}").unwrap();
    let said = home.desktop(&["--expire"]).succeeded();
    assert_contains(&said, &["Nobody is signed in", "Signed in as alex@contoso.example"]);
}

#[test]
fn refresh_under_lock_refreshes_once() {
    let home = Home::new();
    let said = home.run("refresh_under_lock", &["3"]).succeeded();
    assert_eq!(said.matches("refreshed the token").count(), 1, "{said}");
    assert_eq!(said.matches("took the token of another").count(), 2, "{said}");
    assert!(said.ends_with("1 refresh request for 3 processes\n"), "{said}");
    assert_contains(&home.run("refresh_under_lock", &["none"]).failed(2), &["number of processes"]);
    assert_eq!(files(home.0.path()), Vec::<PathBuf>::new());
}

#[test]
fn hooks_share_the_cache_of_a_library() {
    let home = Home::new();
    let said = home.run("hooks", &[]).succeeded();
    let how: Vec<&str> = said.lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(how, ["sign-in", "cache", "hour", "refresh", "cache"], "{said}");
    assert_eq!(files(home.0.path()), Vec::<PathBuf>::new());
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn headless_takes_its_key_from_a_passphrase_or_from_systemd() {
    for (variable, value) in
        [("HEADLESS_PASSPHRASE", "correct horse"), ("CREDENTIALS_DIRECTORY", "credentials")]
    {
        let home = Home::new();
        let credentials = home.path("credentials");
        fs::create_dir(&credentials).unwrap();
        fs::write(credentials.join("headless-key"), [7; 32]).unwrap();
        let value = if value == "credentials" { credentials.to_str().unwrap() } else { value };
        let run = |arguments: &[&str]| Ran::of(home.command("headless", arguments).env(variable, value));

        assert_eq!(run(&[]).succeeded(), "this is run 1\n");
        let second = run(&[]);
        assert_contains(&second.stderr, &["com.example.headless", "protected by: AES-256-GCM file, key"]);
        assert_eq!(second.succeeded(), "this is run 2\n");
        assert!(!home.path("state").exists(), "no key on the disk");
        run(&["--clear"]).succeeded();
        assert_eq!(run(&[]).succeeded(), "this is run 1\n");
        assert_contains(&run(&["--claer"]).failed(64), &["--clear"]);
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn headless_ends_with_a_code_for_each_kind_of_error() {
    let home = Home::new();
    let run =
        |passphrase: &str| Ran::of(home.command("headless", &[]).env("HEADLESS_PASSPHRASE", passphrase));
    run("correct horse").succeeded();
    assert_contains(&run("battery staple").failed(65), &["error: "]);

    let lock =
        files(&home.path("data")).into_iter().find(|path| path.extension().is_some_and(|it| it == "lock"));
    let lock = sealed_cache::FileLock::new(lock.unwrap()).unwrap();
    let deadline = sealed_cache::Deadline::after(std::time::Duration::from_secs(10));
    let held = lock.acquire(&deadline).unwrap();
    assert_contains(&run("correct horse").failed(75), &["error: ", &std::process::id().to_string()]);
    drop(held);
    assert_eq!(run("correct horse").succeeded(), "this is run 2\n");
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn any_serde_type_remembers() {
    let home = Home::new();
    home.run("any_serde_type", &["milk"]).succeeded();
    let said = home.run("any_serde_type", &["eggs"]).succeeded();
    assert_contains(&said, &["to buy: milk, eggs\n", "kept in: AES-256-GCM file"]);
    assert_eq!(home.files_with("milk"), Vec::<PathBuf>::new());
}

#[test]
#[cfg_attr(not(unix), ignore = "needs Unix: environment variables do not move the folders there")]
fn share_with_msal_finds_plans_and_imports_and_changes_nothing_of_theirs() {
    let home = Home::new();
    assert_eq!(home.run("share_with_msal", &[]).succeeded(), "");
    assert!(!home.path(".azure").exists() && !home.path(".IdentityService").exists(), "only looked for");

    let file = home.path(".azure/msal_token_cache.json");
    let text = r#"{"Account":{"u1.t1-login.microsoftonline.com-t1":{"home_account_id":"u1.t1","environment":"login.microsoftonline.com","realm":"t1","local_account_id":"u1","username":"alex@contoso.example","authority_type":"MSSTS"}},"RefreshToken":{"k":{"credential_type":"RefreshToken","secret":"RT-hidden","home_account_id":"u1.t1","environment":"login.microsoftonline.com","client_id":"c1"}}}"#;
    fs::create_dir(home.path(".azure")).unwrap();
    fs::write(&file, text).unwrap();
    let list = home.run("share_with_msal", &[]).succeeded();
    assert_contains(&list, &["azure-cli-plain: ", "NOT encrypted", "signed in: alex@contoso.example"]);
    let plan = home.run("share_with_msal", &["plan", "azure-cli-plain"]).succeeded();
    assert_eq!(plan, "1 refresh token and 1 account added\n");
    assert_eq!(home.run("share_with_msal", &["import", "azure-cli-plain"]).succeeded(), plan);
    assert_eq!(home.run("share_with_msal", &["plan", "azure-cli-plain"]).succeeded(), "nothing new\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(home.files_with("RT-hidden"), [file]);
    assert_contains(
        &home.run("share_with_msal", &["plan", "azure"]).failed(1),
        &["no cache is known as `azure`"],
    );
    assert_contains(&home.run("share_with_msal", &["plan"]).failed(2), &["usage"]);
}
