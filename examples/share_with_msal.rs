//! The caches of MSAL apps in other languages: who is signed in there, and taking that over.
//!
//! ```text
//! cargo run --example share_with_msal                    the caches on this machine, and who is signed in
//! cargo run --example share_with_msal -- plan NAME       what an import of that one would bring
//! cargo run --example share_with_msal -- import NAME     import it into a sealed cache of our own
//! ```
//!
//! Nothing of theirs is changed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line application prints")]

use std::{env, process::ExitCode};

use sealed_cache::{
    Error, ErrorKind, KeyFile, PersistedCache, Prompt, Result, TokenCache,
    persistence::msal::{Cae, Layout, dangerous},
};

/// Every cache that we look for, by a name to call it by. That a preset fails means that this system has no such cache.
fn known() -> Vec<(&'static str, Result<Layout>)> {
    vec![
        ("azure-cli", Layout::azure_cli()),
        ("azure-cli-plain", dangerous::azure_cli()),
        ("azure-identity-python", Layout::azure_identity_python(None, Cae::Disabled)),
        ("azure-identity-dotnet", Layout::azure_identity_dotnet(None, Cae::Disabled)),
        ("azure-identity-java", Layout::azure_identity_java(None, Cae::Disabled)),
        ("azure-identity-node", Layout::azure_identity_node(None, Cae::Disabled)),
        ("azidentity-go", Layout::azidentity_go(None, Cae::Disabled)),
        ("git-credential-manager", Layout::git_credential_manager()),
    ]
}

fn open(layout: Layout) -> Result<PersistedCache<TokenCache>> {
    // Only looking: nobody is to be asked for a password.
    PersistedCache::msal(layout).prompt(Prompt::Never).open()
}

fn named(name: &str) -> Result<PersistedCache<TokenCache>> {
    let found = known().into_iter().find(|(known, _)| *known == name);
    let (_, layout) = found.ok_or_else(|| {
        Error::new(ErrorKind::Configuration, format!("no cache is known as `{name}`"))
            .with_remedy("call it without a name for the list")
    })?;
    open(layout?)
}

fn ours() -> Result<PersistedCache<TokenCache>> {
    PersistedCache::builder("com.example.share-with-msal").fallback(KeyFile::in_state_dir()).open()
}

fn list() -> Result<()> {
    for (name, layout) in known() {
        // Looked for before it is opened: opening would make the folder.
        let Some(layout) = layout.ok().filter(|layout| layout.file().exists()) else { continue };
        println!("{name}: {}", layout.file().display());
        match open(layout).and_then(|cache| Ok((cache.protection()?, cache.read(accounts)?))) {
            Ok((protection, accounts)) => {
                println!("  {protection}");
                accounts.iter().for_each(|account| println!("  signed in: {account}"));
            }
            Err(error) => println!("  {error}"),
        }
    }
    Ok(())
}

fn accounts(cache: &TokenCache) -> Vec<String> {
    cache.accounts().map(|account| account.username().into_owned()).collect()
}

fn run(arguments: &[&str]) -> Result<bool> {
    match arguments {
        [] => list()?,
        ["plan", name] => println!("{}", ours()?.plan_import(&named(name)?)?),
        ["import", name] => println!("{}", ours()?.import(&named(name)?)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("usage: share_with_msal [plan NAME | import NAME]");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
