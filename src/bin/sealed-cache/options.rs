//! The arguments of the command, with their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::failure::CODES;

/// What a cache is called; shown with `--help`.
pub(crate) const NAMING: &str = "How a CACHE is named:
  PATH                              a sealed file, or a folder with one in it
  sealed:APPLICATION[/NAME]         the sealed cache of an application in its usual folder (NAME: `cache`)
  sealed:APPLICATION[/NAME]@FOLDER  the same in another folder
  azure-cli                         the cache of `az login`; +plain for its plain file
  azure-identity-python[:NAME]      and -dotnet, -java, -node: the Azure SDKs; +cae, +plain
  azidentity-go[:NAME]              the Azure SDK for Go, to be read only on Linux; +cae
  git-credential-manager            the cache of Git Credential Manager
  msal-extensions-python:LOCATION   what msal-extensions of Python makes by itself
  msal-node:PATH,SERVICE,ACCOUNT    what msal-node-extensions makes
  plain:PATH                        a plain JSON file, NOT encrypted; +folder-lock for Java
  dpapi:PATH                        a file protected by Windows
  keychain:PATH,service=S,account=A an item in the Keychain of macOS; PATH signals changes
  secret-service:PATH,schema=S      an item in the keyring of Linux; more: ,attribute=NAME=VALUE
                                    ,label=L ,collection=C ,base64 ,any-schema
Words with + come before the colon: azure-identity-python+cae:todo. `sealed-cache list` shows what is here.";

macro_rules! with_naming {
    ($examples:literal) => {
        format!("{}\n\n{}", $examples, crate::options::NAMING)
    };
}

const KEYS: &str = "Keys";

/// See, check, move and repair token caches: sealed ones, and those of MSAL apps in other languages.
///
/// When an application does not stay signed in, begin with `sealed-cache doctor`.
#[derive(Debug, Parser)]
#[command(name = "sealed-cache", version, propagate_version = true, after_long_help = CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Print JSON instead of text: one document, or one a line (watch); see docs/cli-schema.json
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour; NO_COLOR in the environment means never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// How long to wait for a lock, and for a keychain, in seconds [default: 10, and 60 where a person may be asked]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) timeout: Option<u32>,
    /// Ask nobody: a locked keychain is an error at once
    #[arg(long, global = true)]
    pub(crate) no_prompt: bool,
    /// Look for key files in this folder, instead of the state folder
    #[arg(long, global = true, value_name = "FOLDER", help_heading = KEYS)]
    pub(crate) key_file: Option<PathBuf>,
    /// Read the passphrase from the first line of this file; else from SEALED_CACHE_PASSPHRASE, else it is asked for
    #[arg(long, global = true, value_name = "FILE", help_heading = KEYS)]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from this file (rekey); else from SEALED_CACHE_NEW_PASSPHRASE, else it is asked for
    #[arg(long, global = true, value_name = "FILE", help_heading = KEYS)]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Name of the systemd credential for a new key; a cache that has one remembers its name
    #[arg(long, global = true, value_name = "NAME", help_heading = KEYS)]
    pub(crate) credential: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal
    Auto,
    Always,
    Never,
}

/// Who is to keep the key of a new cache, or a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProtectorChoice {
    /// The keychain of this system: the Secret Service, Windows (DPAPI), the Keychain of macOS
    Keychain,
    /// The Linux kernel, until the machine restarts
    KernelKeyring,
    /// A file that only this user can read: protects copies and backups only
    KeyFile,
    /// A passphrase
    Passphrase,
    /// A systemd credential: see --credential
    SystemdCredential,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find out why an application does not stay signed in, and how to mend it
    #[command(after_long_help = "Examples:
  sealed-cache doctor
  sealed-cache doctor --json | jq -r .verdict

It changes nothing, asks nobody, and takes a few seconds at most, also where a keychain hangs.")]
    Doctor,
    /// List the caches of this user: sealed ones, and those of MSAL apps in other languages
    #[command(after_long_help = "Examples:
  sealed-cache list
  sealed-cache list --json | jq -r '.caches[].name'")]
    List,
    /// Show who is signed in, and what tokens there are; never the tokens themselves
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache show azure-cli
  sealed-cache show --unmask ~/.local/share/com.contoso.todo/tokens.sealed"))]
    Show(ShowArguments),
    /// Write a cache as JSON, with its tokens, in the form that MSAL libraries read
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache export sealed:com.contoso.todo/tokens --output tokens.json
  sealed-cache export azure-cli | ssh box sealed-cache import sealed:com.contoso.todo/tokens"))]
    Export(ExportArguments),
    /// Take tokens over into a cache, from JSON
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache import sealed:com.contoso.todo/tokens tokens.json
  sealed-cache import --dry-run azure-cli < tokens.json

Nothing that is there is lost: of a token that both have, the newer one counts."))]
    Import(ImportArguments),
    /// Move a cache to another place: first a dry run, then with --yes
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache migrate --from azure-cli+plain --to azure-cli
  sealed-cache migrate --from azure-cli --to sealed:com.contoso.todo/tokens --yes
  sealed-cache migrate --from plain:old.json --to sealed:com.contoso.todo/tokens --protector key-file --yes \\
      --remove-source

What was stored is read back before anything is removed."))]
    Migrate(MigrateArguments),
    /// Seal a cache under a new key, or let another protector keep it
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache rekey sealed:com.contoso.todo/tokens
  sealed-cache rekey sealed:com.contoso.todo/tokens --protector passphrase

Programs that open the cache have to offer that protector as well."))]
    Rekey(RekeyArguments),
    /// Remove a cache and its key: signed out
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache clear sealed:com.contoso.todo/tokens
  sealed-cache clear azure-cli --yes"))]
    Clear(ClearArguments),
    /// Prove that a cache opens, and that one can be written, read back and removed in its place
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache verify sealed:com.contoso.todo/tokens"))]
    Verify(CacheArgument),
    /// Say who holds the lock of a cache and whether that runs; take away what a killed program left behind
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache unlock-stale azure-cli
  sealed-cache unlock-stale --dry-run plain:tokens.json

A lock of a program that runs is never taken away: the message says how to end the wait."))]
    UnlockStale(UnlockArguments),
    /// Print changes of a cache as they happen, and by whom
    #[command(after_long_help = with_naming!("Examples:
  sealed-cache watch azure-cli
  sealed-cache watch azure-cli --json --count 1   wait for one change"))]
    Watch(WatchArguments),
    /// Print completions for a shell
    #[command(after_long_help = "Examples:
  sealed-cache completions bash > ~/.local/share/bash-completion/completions/sealed-cache")]
    Completions(CompletionsArguments),
    /// Print the man page, or write one for each subcommand into a folder
    #[command(after_long_help = "Examples:
  sealed-cache man | man -l -
  sealed-cache man --folder ~/.local/share/man/man1")]
    Man(ManArguments),
}

#[derive(Debug, Args)]
pub(crate) struct CacheArgument {
    /// The cache: see below
    #[arg(value_name = "CACHE")]
    pub(crate) cache: String,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    pub(crate) cache: CacheArgument,
    /// Show names and account ids in full
    #[arg(long)]
    pub(crate) unmask: bool,
    /// Show the tokens as well: on a terminal only, after a question
    #[arg(long)]
    pub(crate) reveal: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) cache: CacheArgument,
    /// Write to this new file, for this user only, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub(crate) cache: CacheArgument,
    /// The JSON file; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    /// Only say what it would bring
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who is to keep the key, if the sealed cache is a new one [default: keychain]
    #[arg(long, value_name = "PROTECTOR")]
    pub(crate) protector: Option<ProtectorChoice>,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// The cache to take from
    #[arg(long, value_name = "CACHE")]
    pub(crate) from: String,
    /// The cache to bring to; it may exist, and then keeps what it has
    #[arg(long, value_name = "CACHE")]
    pub(crate) to: String,
    /// Do it. Without this, it is only said what would be done
    #[arg(long)]
    pub(crate) yes: bool,
    /// Remove the cache that was taken from, after all of it was read back from the other
    #[arg(long)]
    pub(crate) remove_source: bool,
    /// Who is to keep the key, if the sealed cache is a new one [default: keychain]
    #[arg(long, value_name = "PROTECTOR")]
    pub(crate) protector: Option<ProtectorChoice>,
}

#[derive(Debug, Args)]
pub(crate) struct RekeyArguments {
    #[command(flatten)]
    pub(crate) cache: CacheArgument,
    /// Who is to keep the new key [default: who keeps the present one]
    #[arg(long, value_name = "PROTECTOR")]
    pub(crate) protector: Option<ProtectorChoice>,
}

#[derive(Debug, Args)]
pub(crate) struct ClearArguments {
    #[command(flatten)]
    pub(crate) cache: CacheArgument,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UnlockArguments {
    #[command(flatten)]
    pub(crate) cache: CacheArgument,
    /// Only look
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    #[command(flatten)]
    pub(crate) cache: CacheArgument,
    /// End after so many changes
    #[arg(long, value_name = "NUMBER")]
    pub(crate) count: Option<u64>,
    /// Show names in full
    #[arg(long)]
    pub(crate) unmask: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Write the pages into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}
