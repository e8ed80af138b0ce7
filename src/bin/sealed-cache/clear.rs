//! `clear`: a cache and its key are removed.

use std::io::{IsTerminal, stdin};

use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    options::ClearArguments,
    output::{Page, Shown},
    place::Place,
    show::is_answered_yes,
};

#[derive(Serialize)]
struct Report {
    name: String,
    file: String,
    had_key: bool,
}

pub(crate) fn run(arguments: &ClearArguments, context: &Context) -> Result<Done, Failure> {
    let place =
        Place::named(&arguments.cache.cache).or_else(|failure| damaged(&arguments.cache.cache, failure))?;
    let cache = place.open_to_remove(&context.keys, context.waits())?;
    if !arguments.yes && !is_wanted(&place, context)? {
        return Err(Failure::usage("nothing was removed", ""));
    }
    context.interrupt.check()?;
    cache.clear()?;
    let had_key = place.is_sealed();
    let report = Report { file: place.file().display().to_string(), name: place.name, had_key };
    context.output.result("clear", &report)?;
    Ok(Done::Fine)
}

/// A file that cannot be read does not say which cache it is.
fn damaged(text: &str, failure: Failure) -> Result<Place, Failure> {
    match failure {
        Failure::Cache(error) if error.kind().is_unreadable() => Err(Failure::usage(
            format!("{error}; it does not even say which cache it is"),
            format!("name the cache: `sealed:APPLICATION/NAME@FOLDER` instead of {text}"),
        )),
        other => Err(other),
    }
}

fn is_wanted(place: &Place, context: &Context) -> Result<bool, Failure> {
    if context.options.no_prompt || !stdin().is_terminal() {
        return Err(Failure::usage("nobody can be asked whether the cache is to be removed", "say --yes"));
    }
    is_answered_yes(&format!(
        "Remove {} ({})? Everybody who uses it is signed out. Type yes: ",
        place.name,
        place.file().display()
    ))
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        let key = if self.had_key { "; its key opens nothing any more" } else { "" };
        page.line(format!("{} is removed{key}", self.name));
    }
}
