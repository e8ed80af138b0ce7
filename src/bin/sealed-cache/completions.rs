//! `completions`: for the shells.

use clap::CommandFactory;

use crate::{
    failure::{Done, Failure},
    options::{Cli, CompletionsArguments},
    output::print,
};

pub(crate) fn run(arguments: &CompletionsArguments) -> Result<Done, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "sealed-cache", &mut text);
    print(&text)?;
    Ok(Done::Fine)
}
