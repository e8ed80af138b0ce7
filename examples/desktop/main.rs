//! A little command-line application that signs somebody in and stays signed in: `cargo run --example desktop`.
//!
//! It brings an identity provider of its own, on the loopback address of this machine. What an application would copy
//! is in `session.rs`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line application prints")]

#[path = "../identity_provider/mod.rs"]
mod identity_provider;
#[path = "../oauth_client/mod.rs"]
mod oauth_client;
mod session;

use std::{env, process::ExitCode, time::Duration};

use identity_provider::{IdentityProvider, Settings};
use oauth_client::{OAuthClient, Tokens, play_the_person};
use session::{Cache, Result, Source};

const USAGE: &str = "\
Usage: desktop [OPTION]          (cargo run --example desktop -- [OPTION])

Signs you in, keeps the tokens sealed, and is still signed in the next time.

  --expire    take the access token for expired, so that it has to be refreshed
  --who       show who is signed in, what protects the tokens and where they lie
  --sign-out  remove the tokens and their key
  --help      show this";

fn main() -> ExitCode {
    let options: Vec<String> = env::args_os().skip(1).map(|option| option.to_string_lossy().into()).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let result = match options[..] {
        [] => start(),
        ["--expire"] => expire(),
        ["--who"] => who(),
        ["--sign-out"] => sign_out(),
        ["--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("error: not an option: {}\n\n{USAGE}", options.join(" "));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if error.downcast_ref().is_some_and(|error: &sealed_cache::Error| error.kind().is_unreadable()) {
                eprintln!("hint: `--sign-out` removes the cache; you can sign in anew then");
            }
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<()> {
    let cache = session::open()?;
    let provider = provider(&cache)?;
    let client = OAuthClient::new(provider.url());
    match session::tokens(&cache, &client)? {
        Some((tokens, source)) => println!("{}", still_signed_in(&tokens, source)),
        None => sign_in(&cache, &client)?,
    }
    Ok(())
}

fn sign_in(cache: &Cache, client: &OAuthClient) -> Result<()> {
    println!("Nobody is signed in.");
    let tokens = session::sign_in(cache, client, |code| {
        println!("To sign in, open {} and enter the code {}.", code.verification_uri, code.user_code);
        println!("(This example brings its own identity provider, and enters the code for you.)");
        Ok(play_the_person(code)?)
    })?;
    println!("Signed in as {}. The access token is {}.", tokens.user, time_left(&tokens));
    println!("The tokens are kept in: {} (`--who` shows where, and why there).", cache.protection()?);
    Ok(())
}

fn still_signed_in(tokens: &Tokens, source: Source) -> String {
    let how = match source {
        Source::Cache => "no network was used",
        Source::OurRefresh => "it was refreshed just now",
        Source::AnotherProcess => "another process refreshed it while we waited",
    };
    format!("Already signed in as {}. The access token is {}; {how}.", tokens.user, time_left(tokens))
}

fn expire() -> Result<()> {
    let cache = session::open()?;
    cache.update(|session| {
        if let Some(tokens) = &mut session.tokens {
            tokens.expires_at = 0;
        }
    })?;
    start()
}

fn who() -> Result<()> {
    let cache = session::open()?;
    let tokens = cache.read(|session| session.tokens.clone());
    println!("{}", cache.diagnose()); // also of a cache that cannot be read
    match tokens? {
        Some(tokens) => println!("{} is signed in. The access token is {}.", tokens.user, time_left(&tokens)),
        None => println!("Nobody is signed in."),
    }
    Ok(())
}

fn sign_out() -> Result<()> {
    let cache = session::open()?;
    let provider = provider(&cache)?;
    let Some(tokens) = session::sign_out(&cache)? else {
        println!("Nobody is signed in any more.");
        return Ok(());
    };
    println!("Signed out {}. The cache and its key are removed.", tokens.user);
    // Only now: signing out here must not depend on the network.
    if let Err(error) = OAuthClient::new(provider.url()).revoke(&tokens.refresh_token) {
        eprintln!("warning: the tokens could not be revoked: {error}");
    }
    Ok(())
}

/// The provider of this example. It remembers (digests of) its tokens beside the cache.
fn provider(cache: &Cache) -> Result<IdentityProvider> {
    let state = cache.location().map(|path| path.with_file_name("example-identity-provider.json"));
    Ok(IdentityProvider::start(Settings { state, ..Settings::default() })?)
}

fn time_left(tokens: &Tokens) -> String {
    match tokens.good_for().map(|left: Duration| left.as_secs() / 60) {
        None => "expired".into(),
        Some(1) => "good for 1 minute".into(),
        Some(minutes) => format!("good for {minutes} minutes"),
    }
}
