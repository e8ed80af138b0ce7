//! A user's home that is gone after the test, in a session without a bus; and the command, run there.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sealed_cache::{
    KeyFile, PersistedCache, SecretBytes, SerializableCache, TokenCache, persistence::msal::dangerous,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::schema;

pub(crate) const COMMAND: &str = env!("CARGO_BIN_EXE_sealed-cache");
/// What a secret looks like here, so that it can be looked for.
pub(crate) const SECRET: &str = "not-to-be-seen";

pub(crate) type Cache = PersistedCache<TokenCache>;

pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.path("tmp")).unwrap();
        home
    }

    /// One with a sealed cache, whose key is in a file.
    pub(crate) fn with_sealed() -> Self {
        let home = Self::new();
        // By the command, for which this is the usual folder: the name of the key depends on that.
        let import = ["import", "sealed:com.contoso.todo/tokens", "--protector", "key-file"];
        home.run_with(&import, &json_of(&["dora", "emil"])).is(0);
        home
    }

    /// One with the plain cache of Azure CLI.
    pub(crate) fn with_plain() -> Self {
        let home = Self::new();
        home.plain().update(|cache| cache.import(&cache_of(&["dora", "emil"]))).unwrap();
        home
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(path)
    }

    pub(crate) fn sealed(&self) -> Cache {
        let builder =
            Cache::builder("com.contoso.todo").name("tokens").folder(self.sealed_file().parent().unwrap());
        builder.protector(KeyFile::in_folder(self.path("state/com.contoso.todo"))).open().unwrap()
    }

    pub(crate) fn sealed_file(&self) -> PathBuf {
        self.path("data/com.contoso.todo/tokens.sealed")
    }

    pub(crate) fn plain(&self) -> Cache {
        Cache::msal(dangerous::plain_file(self.plain_file())).open().unwrap()
    }

    pub(crate) fn plain_file(&self) -> PathBuf {
        self.path(".azure/msal_token_cache.json")
    }

    /// The command, by a shell script or program that ends in it, if one is given.
    pub(crate) fn command_by(&self, before: &[&str], arguments: &[&str]) -> Command {
        let words: Vec<_> = before.iter().chain([&COMMAND]).chain(arguments).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(self.0.path()).stdin(Stdio::null());
        self.settle(&mut command);
        command
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_by(&[], arguments)
    }

    /// Nothing of the environment but this home.
    pub(crate) fn settle(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("TMPDIR", self.path("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.path("no-bus").display()));
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// With this text on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// The JSON that a script gets; it is as the schema says.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).json()
    }

    /// The paths of all files, below this home.
    pub(crate) fn files(&self) -> Vec<String> {
        let root = self.path("");
        let mut files: Vec<_> = files(&root)
            .iter()
            .map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        files
    }

    /// Whether what must not be seen lies anywhere.
    pub(crate) fn files_with_secrets(&self) -> Vec<PathBuf> {
        let has_secret = |path: &PathBuf| {
            fs::read(path).unwrap().windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
        };
        files(&self.path("")).into_iter().filter(has_secret).collect()
    }
}

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    #[track_caller]
    pub(crate) fn is(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        let text = format!("{}{}", self.stdout, self.stderr);
        for part in parts {
            assert!(text.contains(part), "no {part:?} in:\n{text}");
        }
        self
    }

    /// Standard output is one document that is as the schema says, and nothing else is said.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr));
        schema::check(&value);
        value
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A token cache in which these people are signed in, each with a token of every kind.
pub(crate) fn cache_of(people: &[&str]) -> TokenCache {
    TokenCache::deserialize(SecretBytes::from(json_of(people).as_bytes())).unwrap()
}

/// Its JSON. The access tokens are good for an hour.
pub(crate) fn json_of(people: &[&str]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut cache: Value =
        serde_json::json!({"AccessToken": {}, "RefreshToken": {}, "IdToken": {}, "Account": {}});
    for name in people {
        let entry = |more: Value| {
            let mut entry = serde_json::json!({"home_account_id": format!("{name}-uid.utid"),
                "environment": "login.microsoftonline.com", "client_id": "client-id", "realm": "contoso",
                "secret": format!("{SECRET}-{name}")});
            entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            entry
        };
        cache["AccessToken"][format!("at-{name}")] = entry(serde_json::json!({"target": "User.Read openid",
            "cached_at": now.to_string(), "expires_on": (now + 3600).to_string()}));
        cache["RefreshToken"][format!("rt-{name}")] =
            entry(serde_json::json!({"last_modification_time": now.to_string(), "target": "User.Read"}));
        cache["IdToken"][format!("idt-{name}")] = entry(serde_json::json!({}));
        cache["Account"][format!("a-{name}")] = serde_json::json!({"home_account_id": format!("{name}-uid.utid"),
            "environment": "login.microsoftonline.com", "realm": "contoso",
            "username": format!("{name}@contoso.example"), "authority_type": "MSSTS"});
    }
    cache.to_string()
}

/// Wait until it is so, for a minute at most.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
