//! `man`: the man page, made from the same arguments as `--help`.

use std::fs;

use clap::CommandFactory;
use clap_mangen::Man;
use sealed_cache::Error;

use crate::{
    failure::{Done, Failure},
    options::{Cli, ManArguments},
    output::print,
};

pub(crate) fn run(arguments: &ManArguments) -> Result<Done, Failure> {
    if let Some(folder) = &arguments.folder {
        let written =
            fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
        written.map_err(|error| Error::io("cannot write the man pages", error).with_path(folder))?;
        return Ok(Done::Fine);
    }
    let mut text = Vec::new();
    Man::new(Cli::command()).render(&mut text).map_err(Failure::Output)?;
    print(&text)?;
    Ok(Done::Fine)
}
