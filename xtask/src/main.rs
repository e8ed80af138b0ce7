//! The project's own commands, the same for a person, for CI and for the runners of each OS. `cargo xtask help` lists them.

mod bench;
mod command;
mod crossed;
mod disk;
mod engines;
mod examples;
mod fuzz;
mod house;
mod ignored;
mod macos;
mod msrv;
mod peers;
mod progress;
mod provision;
mod quality;
mod report;
mod stages;
mod suite;
mod summary;
mod windows;
mod windows_peers;
mod wine;
mod workflows;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match go_to_root().and_then(|()| dispatch(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// `Ok(false)`: what was asked for ran and failed. `Err`: what was asked for makes no sense.
fn dispatch(arguments: &[String]) -> Result<bool, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{}", stages::help());
            Ok(true)
        }
        ["test", names @ ..] => {
            let outcomes: Vec<_> = stages::choose(names)?.into_iter().map(stages::run).collect();
            Ok(report::print(&outcomes))
        }
        ["bench", rest @ ..] => Ok(bench::run(rest)),
        [other, ..] => Err(format!("no command `{other}`: there are `test`, `bench` and `help`")),
    }
}

/// Every command runs at the root of the workspace. Cargo says at run time where this package is.
fn go_to_root() -> Result<(), String> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("run me as `cargo xtask`")?;
    let root = Path::new(&package).parent().ok_or("the xtask package has no folder above it")?;
    std::env::set_current_dir(root).map_err(|error| format!("{}: {error}", root.display()))
}
