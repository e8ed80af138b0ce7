//! `sealed-cache`: see, check, move and repair caches. What a person at the keyboard needs when "it does not stay signed in".

#![allow(clippy::print_stderr, reason = "a command-line application prints")]

mod clear;
mod completions;
mod context;
mod doctor;
mod export;
mod failure;
mod import;
mod interrupt;
mod keys;
mod list;
mod man;
mod migrate;
mod options;
mod output;
mod place;
mod presets;
mod rekey;
mod show;
mod summary;
mod unlock_stale;
mod verify;
mod watch;
mod words;

use std::{env, process::ExitCode};

use clap::{Parser, error::ErrorKind as Told};

use self::{
    context::Context,
    failure::{Done, Failure},
    options::{Cli, Command},
};

fn run(command: &Command, context: &Context) -> Result<Done, Failure> {
    match command {
        Command::Doctor => doctor::run(context),
        Command::List => list::run(context),
        Command::Show(arguments) => show::run(arguments, context),
        Command::Export(arguments) => export::run(arguments, context),
        Command::Import(arguments) => import::run(arguments, context),
        Command::Migrate(arguments) => migrate::run(arguments, context),
        Command::Rekey(arguments) => rekey::run(arguments, context),
        Command::Clear(arguments) => clear::run(arguments, context),
        Command::Verify(arguments) => verify::run(arguments, context),
        Command::UnlockStale(arguments) => unlock_stale::run(arguments, context),
        Command::Watch(arguments) => watch::run(arguments, context),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return told_by_clap(&told),
    };
    let context = Context::new(cli.options);
    match run(&cli.command, &context) {
        Ok(done) => done.code(),
        Err(failure) => {
            let wants_json = env::args_os().any(|argument| argument == "--json");
            failure.report(wants_json, &context.output);
            failure.code()
        }
    }
}

/// Help and the version are no errors; what was mistyped has the code for that.
fn told_by_clap(told: &clap::Error) -> ExitCode {
    let _ = told.print();
    match told.kind() {
        Told::DisplayHelp | Told::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(failure::USAGE),
    }
}
