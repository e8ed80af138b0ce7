//! What becomes of a command, and the exit code that tells it to scripts: those of `sysexits.h`.

use std::{fmt, io, process::ExitCode};

use sealed_cache::{Error, ErrorKind};
use serde::Serialize;

use crate::output::Output;

/// The arguments make no sense.
pub(crate) const USAGE: u8 = 64;
/// Ctrl-C.
const INTERRUPTED: u8 = 130;

/// The table of `--help` and of the man page.
pub(crate) const CODES: &str = "Exit codes:
  0    done
  1    looked, and found something wrong (doctor, list, verify)
  64   the arguments make no sense
  65   the cache or its key: damaged, wrong key, not a cache
  66   there is no such cache
  74   a file system operation failed
  75   try again later: locked, slow, held by another program
  77   not permitted, or another user's
  78   it cannot be done like this: see the message
  130  interrupted by Ctrl-C; everything is whole";

/// A command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Fine,
    /// It looked, and found something wrong.
    FoundProblems,
    /// Another program has what is wanted.
    Held,
}

impl Done {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Fine => 0,
            Self::FoundProblems => 1,
            Self::Held => 75,
        })
    }

    pub(crate) const fn fine_unless(problems: bool) -> Self {
        if problems { Self::FoundProblems } else { Self::Fine }
    }
}

/// Why a command did not.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the library said.
    Cache(Error),
    /// What the arguments ask for makes no sense: what, and what to do.
    Usage(String, String),
    Interrupted,
    /// What was to be printed could not be.
    Output(io::Error),
}

impl Failure {
    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Usage(what.into(), remedy.into())
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.number())
    }

    fn number(&self) -> u8 {
        match self {
            Self::Cache(error) => exit_code(error.kind()),
            Self::Usage(..) => USAGE,
            Self::Interrupted => INTERRUPTED,
            // Who reads has enough: `sealed-cache list | head -1`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(_) => 74,
        }
    }

    /// To standard error for people; as JSON to standard output, where a script expects the result.
    pub(crate) fn report(&self, as_json: bool, output: &Output) {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            _ if as_json => drop(output.json("error", &Reported { error: self.described() })),
            _ => output.error(&self.to_string()),
        }
    }

    fn described(&self) -> Described {
        let (kind, path, remedy) = match self {
            Self::Cache(error) => (
                format!("{:?}", error.kind()),
                error.path().map(|path| path.display().to_string()),
                error.remedy().to_owned(),
            ),
            Self::Usage(_, remedy) => ("Usage".to_owned(), None, remedy.clone()),
            Self::Interrupted => ("Interrupted".to_owned(), None, String::new()),
            Self::Output(_) => ("Io".to_owned(), None, String::new()),
        };
        Described { kind, message: self.to_string(), path, remedy, exit_code: self.number() }
    }
}

#[derive(Serialize)]
struct Reported {
    error: Described,
}

#[derive(Serialize)]
struct Described {
    kind: String,
    message: String,
    path: Option<String>,
    remedy: String,
    exit_code: u8,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache(error) => error.fmt(f),
            Self::Usage(what, remedy) if remedy.is_empty() => f.write_str(what),
            Self::Usage(what, remedy) => write!(f, "{what}: {remedy}"),
            Self::Interrupted => f.write_str("interrupted; everything is whole"),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.kind() == ErrorKind::Cancelled { Self::Interrupted } else { Self::Cache(for_people(error)) }
    }
}

/// The library tells programmers what to write; whoever is at the keyboard has other means.
fn for_people(error: Error) -> Error {
    let remedy = match error.remedy() {
        remedy if remedy.contains("`.fallback(KernelKeyring") => {
            "start a keyring, or choose who is to keep the key: --protector kernel-keyring (until the machine restarts), \
             passphrase, or key-file (protects copies and backups only)"
        }
        remedy if remedy.contains("keychain_timeout(..)") => {
            "look for a question that waits for an answer; if there is none, it hangs. --timeout sets how long to wait"
        }
        remedy if remedy.contains("OnUnreadable") && error.kind() == ErrorKind::KeyMissing => {
            "restore the key from a backup; without one nobody can open the cache: remove it with `sealed-cache clear`, and \
             sign in again"
        }
        remedy if remedy.contains("OnUnreadable") => {
            "restore it from a backup, or remove it with `sealed-cache clear` and sign in again"
        }
        _ => return error,
    };
    let told = Error::new(error.kind(), error.what().to_owned()).with_remedy(remedy);
    match error.path() {
        Some(path) => told.with_path(path),
        None => told,
    }
}

const fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        kind if kind.is_temporary() => 75,
        ErrorKind::NotFound => 66,
        ErrorKind::Configuration => 78,
        ErrorKind::AccessDenied | ErrorKind::OtherOwner => 77,
        ErrorKind::Io => 74,
        _ => 65,
    }
}
