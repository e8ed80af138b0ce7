//! `export`: a cache as JSON, with its tokens.

use std::{
    io::{IsTerminal, Write, stdout},
    path::Path,
};

use sealed_cache::{Error, SecretBytes, SerializableCache};
use sealed_cache_platform::file;

use crate::{
    context::Context,
    failure::{Done, Failure},
    options::ExportArguments,
    output::print,
    place::Place,
};

pub(crate) fn run(arguments: &ExportArguments, context: &Context) -> Result<Done, Failure> {
    if arguments.output.is_none() && stdout().is_terminal() {
        return Err(Failure::usage(
            "an export holds tokens, which are as good as passwords, and this is a terminal",
            "write it to a file with --output FILE, or into a pipe",
        ));
    }
    let place = Place::named(&arguments.cache.cache)?;
    let cache = place.open(&context.keys, context.waits())?;
    if !cache.protection()?.exists {
        return Err(place.not_found());
    }
    let text = cache.read(SerializableCache::serialize)??;
    match &arguments.output {
        Some(path) => {
            write(path, &text)?;
            context.output.warning(&format!(
                "{} holds tokens, which are as good as passwords, and is not encrypted: remove it when it has served",
                path.display()
            ));
        }
        None => print(&text)?,
    }
    Ok(Done::Fine)
}

/// For this user only. A file that is there is not overwritten.
fn write(path: &Path, text: &SecretBytes) -> Result<(), Failure> {
    let created = file::create_private(path);
    let mut created = created.map_err(|error| Error::io("cannot create the file", error).with_path(path))?;
    let written = created.write_all(text).and_then(|()| created.sync_all());
    Ok(written.map_err(|error| Error::io("cannot write the file", error).with_path(path))?)
}
