//! `rekey`: a new key, of the same protector or another one.

use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    options::{ProtectorChoice, RekeyArguments},
    output::{Page, Shown},
    place::{Cache, Place},
};

#[derive(Serialize)]
struct Report {
    name: String,
    protection: String,
}

pub(crate) fn run(arguments: &RekeyArguments, context: &Context) -> Result<Done, Failure> {
    let place = Place::named(&arguments.cache.cache)?;
    if !place.is_sealed() {
        return Err(Failure::usage(
            format!("{} has no key of its own to change", place.name),
            "take it over into a sealed cache: sealed-cache migrate",
        ));
    }
    let cache = place.open(&context.keys, context.waits())?;
    let has_passphrase = place.info()?.is_some_and(|info| info.protector == "passphrase");
    context.interrupt.check()?;
    let progress = context.output.progress("sealing");
    rekey(&cache, arguments.protector, has_passphrase, context)?;
    drop(progress);
    let report = Report { name: place.name, protection: cache.protection()?.to_string() };
    context.output.result("rekey", &report)?;
    Ok(Done::Fine)
}

/// A new key of a passphrase is a new passphrase: the same one would open the cache as before.
fn rekey(
    cache: &Cache,
    choice: Option<ProtectorChoice>,
    has_passphrase: bool,
    context: &Context,
) -> Result<(), Failure> {
    match choice.or(has_passphrase.then_some(ProtectorChoice::Passphrase)) {
        None => cache.rekey()?,
        Some(choice) => cache.rekey_to(context.keys.chosen_anew(choice)?)?,
    }
    Ok(())
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        page.line(format!("{} has a new key: {}", self.name, self.protection));
    }
}
