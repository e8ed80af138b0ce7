//! A cache on a private desktop: the desktop of `platform/tests/common`, and a program on it that uses a cache.
//!
//! libsecret takes the address of the bus from the environment, so the program is a child process. It holds one handle
//! at a time, and does with it what it is asked.

#![allow(dead_code, reason = "no test program uses all of it")]

#[path = "../../platform/tests/common/mod.rs"]
pub(crate) mod platform;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use sealed_cache::{Error, Json, KernelKeyring, KeyFile, OnUnreadable, PersistedCache, Prompt, Result};

use self::platform::{
    desktop::Desktop,
    program::{Program, serve},
};

type Cache = PersistedCache<Json<Vec<u32>>>;

pub(crate) const APPLICATION: &str = "com.example.proofs";

/// How a handle is opened.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) folder: PathBuf,
    pub(crate) prompt: Prompt,
    pub(crate) keychain_timeout: Duration,
    /// Whether a key file, or the kernel keyring, is named as the fallback.
    pub(crate) fallback: Fallback,
    pub(crate) starts_empty: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Fallback {
    Nothing,
    KernelKeyring,
    KeyFile(PathBuf),
}

impl Opening {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            prompt: Prompt::Allowed,
            keychain_timeout: Duration::from_secs(20),
            fallback: Fallback::Nothing,
            starts_empty: false,
        }
    }

    pub(crate) fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = prompt;
        self
    }

    pub(crate) fn fallback(mut self, fallback: Fallback) -> Self {
        self.fallback = fallback;
        self
    }

    pub(crate) fn keychain_timeout(mut self, timeout: Duration) -> Self {
        self.keychain_timeout = timeout;
        self
    }

    /// As a line for the other process: no path here has a space.
    fn line(&self) -> String {
        let fallback = match &self.fallback {
            Fallback::Nothing => "-".to_owned(),
            Fallback::KernelKeyring => "kernel".to_owned(),
            Fallback::KeyFile(folder) => folder.display().to_string(),
        };
        let prompt = if self.prompt == Prompt::Never { "never" } else { "allowed" };
        let (folder, timeout) = (self.folder.display(), self.keychain_timeout.as_millis());
        let policy = if self.starts_empty { "start-empty" } else { "fail" };
        format!("open {prompt} {timeout} {policy} {fallback} {folder}")
    }

    fn of_words(words: &[&str]) -> Self {
        let &[prompt, timeout, policy, fallback, folder] = words else { panic!("what is {words:?}?") };
        Self {
            folder: folder.into(),
            prompt: if prompt == "never" { Prompt::Never } else { Prompt::Allowed },
            keychain_timeout: Duration::from_millis(timeout.parse().unwrap()),
            fallback: match fallback {
                "-" => Fallback::Nothing,
                "kernel" => Fallback::KernelKeyring,
                folder => Fallback::KeyFile(folder.into()),
            },
            starts_empty: policy == "start-empty",
        }
    }

    fn open(&self) -> Result<Cache> {
        let builder = Cache::builder(APPLICATION).name("tokens").folder(&self.folder);
        let builder = builder.prompt(self.prompt).keychain_timeout(self.keychain_timeout);
        let builder = match &self.fallback {
            Fallback::Nothing => builder,
            Fallback::KernelKeyring => builder.fallback(KernelKeyring::new()),
            Fallback::KeyFile(folder) => builder.fallback(KeyFile::in_folder(folder)),
        };
        let policy = if self.starts_empty { OnUnreadable::StartEmpty } else { OnUnreadable::Fail };
        builder.on_unreadable(policy).open()
    }
}

/// What the program does when it is asked: to be called in the test function `child` of a test program.
pub(crate) fn serve_a_cache() {
    let mut cache: Option<Cache> = None;
    serve(|request| {
        let words: Vec<_> = request.split(' ').collect();
        if words[0] == "open" {
            return match Opening::of_words(&words[1..]).open() {
                Ok(opened) => {
                    cache = Some(opened);
                    "ok".to_owned()
                }
                Err(error) => refused(&error),
            };
        }
        let cache = cache.as_ref().expect("one was opened");
        match done(cache, &words) {
            Ok(answer) => format!("ok {}", answer.replace('\n', "\\n")).trim_end().to_owned(),
            Err(error) => refused(&error),
        }
    });
}

fn done(cache: &Cache, words: &[&str]) -> Result<String> {
    let nothing = |()| String::new();
    match *words {
        ["read"] => cache.read(|numbers| format!("{:?}", **numbers)),
        ["add", number] => cache.update(|numbers| numbers.push(number.parse().unwrap())).map(nothing),
        ["lock"] => cache.lock().map(|guard| format!("{:?}", **guard)),
        ["clear"] => cache.clear().map(nothing),
        ["rekey"] => cache.rekey().map(nothing),
        ["rekey_to_file", folder] => cache.rekey_to(KeyFile::in_folder(folder)).map(nothing),
        ["verify"] => cache.verify().map(nothing),
        ["protection"] => cache.protection().map(|protection| protection.to_string()),
        ["diagnose"] => Ok(cache.diagnose().to_string()),
        ["recoveries"] => {
            Ok(cache.recoveries().iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        _ => panic!("what is {words:?}?"),
    }
}

pub(crate) fn refused(error: &Error) -> String {
    format!("{:?} {error}", error.kind()).replace('\n', "\\n")
}

/// What the program answered: `ok` and what it said, or the kind of the error and its message.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

impl Answer {
    #[track_caller]
    pub(crate) fn is(&self, kind: &str, text: &str) {
        assert_eq!((self.kind.as_str(), self.text.as_str()), (kind, text));
    }

    #[track_caller]
    pub(crate) fn is_kind(&self, kind: &str) -> &Self {
        assert_eq!(self.kind, kind, "{}", self.text);
        self
    }
}

/// A program on the desktop that uses a cache.
pub(crate) struct CacheProgram(Program);

impl CacheProgram {
    pub(crate) fn on(desktop: &Desktop) -> Self {
        Self::by(&mut desktop.command(env::current_exe().unwrap()))
    }

    /// By a command that starts this test program.
    pub(crate) fn by(command: &mut Command) -> Self {
        Self(Program::start(command))
    }

    pub(crate) fn ask(&mut self, request: &str) -> Answer {
        let answer = self.0.ask(request);
        let (kind, text) = answer.text.split_once(' ').unwrap_or((&answer.text, ""));
        Answer { kind: kind.to_owned(), text: text.replace("\\n", "\n"), took: answer.took }
    }

    #[track_caller]
    pub(crate) fn open(&mut self, opening: &Opening) {
        self.ask(&opening.line()).is("ok", "");
    }

    /// Ask a handle that was just opened, and knows nothing yet.
    #[track_caller]
    pub(crate) fn ask_anew(&mut self, opening: &Opening, request: &str) -> Answer {
        self.open(opening);
        self.ask(request)
    }

    pub(crate) fn end(self) {
        self.0.end();
    }
}

/// A keyring daemon that was given another password than the keyring has.
pub(crate) struct OtherDaemon(std::process::Child);

impl OtherDaemon {
    pub(crate) fn start(desktop: &Desktop) -> Self {
        let mut command = desktop.command("gnome-keyring-daemon");
        command.args(["--unlock", "--components=secrets", "--foreground"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = command.spawn().unwrap();
        std::io::Write::write_all(&mut daemon.stdin.take().unwrap(), b"quite another password").unwrap();
        let this = Self(daemon);
        platform::wait_until("the daemon answers", || desktop.has_owner("org.freedesktop.secrets"));
        this
    }
}

impl Drop for OtherDaemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The files in a folder: name, contents and time of the last change. Lock files are no contents.
pub(crate) fn state(folder: &Path) -> Vec<(String, Vec<u8>, SystemTime)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_none_or(|extension| extension != "lock"))
        .map(|entry| {
            let modified = entry.metadata().unwrap().modified().unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap(), modified)
        })
        .collect();
    files.sort();
    files
}
