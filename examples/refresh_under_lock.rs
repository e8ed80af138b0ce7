//! Several processes find an expired token at the same moment, and one of them refreshes it:
//! `cargo run --example refresh_under_lock -- 8`
//!
//! The provider revokes everything when a refresh token is used twice, so that two refreshes would sign the user out.
//! The pattern is in [`good_tokens`]. All that this example writes is in a temporary folder.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line application prints")]

mod identity_provider;
mod oauth_client;

use std::{
    env,
    error::Error,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, ExitCode, Stdio},
};

use identity_provider::{IdentityProvider, Settings};
use oauth_client::{OAuthClient, REQUEST_TIMEOUT, Tokens, play_the_person};
use sealed_cache::{Json, KeyFile, PersistedCache};
use serde::{Deserialize, Serialize};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Cache = PersistedCache<Json<Session>>;

#[derive(Default, Serialize, Deserialize)]
struct Session {
    tokens: Option<Tokens>,
}

/// Tokens that are good, and whether it was this process that refreshed them.
fn good_tokens(cache: &Cache, client: &OAuthClient) -> Result<(Tokens, bool)> {
    let mut session = cache.lock()?; // across processes, until the guard is gone
    let tokens = session.tokens.as_ref().ok_or("nobody is signed in")?;
    if tokens.good_for().is_some() {
        return Ok((tokens.clone(), false)); // another process was first
    }
    let fresh = client.refresh(&tokens.refresh_token)?;
    session.tokens = Some(fresh.clone());
    session.commit()?;
    Ok((fresh, true))
}

fn open(folder: &Path) -> sealed_cache::Result<Cache> {
    PersistedCache::builder("com.example.refresh-under-lock")
        .folder(folder.join("cache"))
        .protector(KeyFile::in_folder(folder.join("key")))
        .lock_timeout(2 * REQUEST_TIMEOUT)
        .open()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => run(8),
        ["--process", folder, provider] => process(Path::new(folder), provider),
        [number] if number.parse().is_ok_and(|number| (1..=100).contains(&number)) => {
            run(number.parse().expect("it was looked at"))
        }
        _ => {
            eprintln!("error: the only argument is the number of processes, 1 to 100");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sign in, let the token expire, and start so many processes that need it.
fn run(number: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let provider = IdentityProvider::start(Settings { interval: 0, ..Settings::default() })?;
    let client = OAuthClient::new(provider.url());
    let code = client.begin_sign_in()?;
    play_the_person(&code)?;
    let tokens = Tokens { expires_at: 0, ..client.finish_sign_in(&code)? };
    open(folder.path())?.update(|session| session.tokens = Some(tokens))?;

    let mut processes =
        (0..number).map(|_| start_process(folder.path(), provider.url())).collect::<Result<Vec<_>>>()?;
    for (_, output) in &mut processes {
        said(output)?; // each of them has seen the expired token
    }
    for (child, _) in &mut processes {
        writeln!(child.stdin.as_mut().ok_or("no input")?, "go")?;
    }
    for (number, (mut child, mut output)) in (1..).zip(processes) {
        println!("process {number} {}", said(&mut output)?);
        child.wait()?;
    }
    let requests = provider.refresh_requests();
    let plural = if requests == 1 { "" } else { "s" };
    println!("{requests} refresh request{plural} for {number} processes");
    Ok(())
}

fn start_process(folder: &Path, provider: &str) -> Result<(Child, BufReader<ChildStdout>)> {
    let mut child = Command::new(env::current_exe()?)
        .arg("--process")
        .args([folder.as_os_str(), provider.as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    Ok((child, BufReader::new(output)))
}

fn said(output: &mut BufReader<ChildStdout>) -> Result<String> {
    let line = output.lines().next().ok_or("a process failed")??;
    Ok(line)
}

/// One of the processes: look at the token, wait for the others, get a token that is good, and call an API with it.
fn process(folder: &Path, provider: &str) -> Result<()> {
    let cache = open(folder)?;
    if cache.read(|session| session.tokens.as_ref().is_some_and(|tokens| tokens.good_for().is_some()))? {
        return Err("the token was to be expired".into());
    }
    println!("sees an expired token");
    io::stdin().lines().next().ok_or("the starting process is gone")??;

    let client = OAuthClient::new(provider);
    let (tokens, was_us) = good_tokens(&cache, &client)?;
    let user = client.user(&tokens.access_token)?;
    let what = if was_us { "refreshed the token" } else { "took the token of another" };
    println!("{what}; the API knows it as {user}");
    Ok(())
}
