//! A service: no desktop, nobody to ask, never to hang. `cargo run --example headless`
//!
//! It says where its key may be, in the order it prefers:
//!
//! 1. a passphrase in `HEADLESS_PASSPHRASE`, if that is set;
//! 2. otherwise a systemd credential (`LoadCredentialEncrypted=headless-key:..` in its unit);
//! 3. otherwise the keyring of the Linux kernel, where the key lasts until the machine restarts;
//! 4. otherwise a file that only its user can read.
//!
//! `--clear` removes what it keeps.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line application prints")]

use std::{
    env::{self, VarError},
    process::ExitCode,
    time::Duration,
};

use sealed_cache::{
    Error, ErrorKind, Json, KernelKeyring, KeyFile, Passphrase, PersistedCache, Prompt, Result,
    SystemdCredential,
};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct State {
    runs: u64,
}

fn open() -> Result<PersistedCache<Json<State>>> {
    let builder = PersistedCache::builder("com.example.headless")
        .name("state")
        .prompt(Prompt::Never) // a locked keychain is an error at once
        .keychain_timeout(Duration::from_secs(5))
        .lock_timeout(Duration::from_secs(2));
    match env::var("HEADLESS_PASSPHRASE") {
        Ok(passphrase) => builder.protector(Passphrase::new(passphrase)).open(),
        Err(VarError::NotPresent) => builder
            .protector(SystemdCredential::new("headless-key"))
            .fallback(KernelKeyring::new())
            .fallback(KeyFile::in_state_dir())
            .open(),
        Err(VarError::NotUnicode(_)) => {
            Err(Error::new(ErrorKind::Configuration, "HEADLESS_PASSPHRASE is not UTF-8"))
        }
    }
}

fn work() -> Result<()> {
    let cache = open()?;
    eprintln!("{}", cache.diagnose()); // into the journal: the first thing to look at when something is wrong
    let runs = cache.update(|state| {
        state.runs += 1;
        state.runs
    })?;
    // With the key in the kernel keyring, the state ends with a restart of the machine. That is said, and no error.
    for recovery in cache.recoveries() {
        eprintln!("warning: {recovery}");
    }
    println!("this is run {runs}");
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => work(),
        ["--clear"] => open().and_then(|cache| cache.clear()),
        _ => {
            eprintln!("error: the only option is --clear");
            return ExitCode::from(64);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(exit_code(error.kind()))
        }
    }
}

/// What the service manager is told, in the codes of `sysexits.h`.
fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        kind if kind.is_temporary() => 75, // EX_TEMPFAIL: start us again later
        ErrorKind::Configuration => 78,    // EX_CONFIG: somebody has to look at the unit
        ErrorKind::AccessDenied | ErrorKind::OtherOwner => 77, // EX_NOPERM
        ErrorKind::Io => 74,               // EX_IOERR
        _ => 65,                           // EX_DATAERR: the cache or its key
    }
}
