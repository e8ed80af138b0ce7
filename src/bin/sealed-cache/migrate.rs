//! `migrate`: a cache to another place, between any two layouts. Nothing is removed before it was read back.

use sealed_cache::{Error, ErrorKind, TokenCache};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    import::{Brought, brought, opened, stored},
    options::MigrateArguments,
    output::{Page, Shown, Style},
    place::{Cache, Place},
};

#[derive(Serialize)]
struct Report {
    from: String,
    from_protection: String,
    to: String,
    /// `None` for a place that does not exist yet, as long as nothing was done.
    to_protection: Option<String>,
    done: bool,
    removed_source: bool,
    brings: Brought,
}

pub(crate) fn run(arguments: &MigrateArguments, context: &Context) -> Result<Done, Failure> {
    let (from, to) = (Place::named(&arguments.from)?, Place::named(&arguments.to)?);
    if from.is_same(&to) {
        return Err(Failure::usage("both are the same cache", "name two different ones"));
    }
    let source = from.open(&context.keys, context.waits())?;
    let protection = source.protection()?;
    if !protection.exists {
        return Err(from.not_found());
    }
    let report = if arguments.yes {
        done(arguments, context, &from, &source, &to)?
    } else {
        planned(context, &source, &to)?
    };
    let report = Report { from: from.name, from_protection: protection.to_string(), to: to.name, ..report };
    context.output.result("migrate", &report)?;
    if !context.output.is_json() && !arguments.yes {
        context.output.warning("nothing was changed: this was a dry run; to do it, say --yes");
    }
    Ok(Done::Fine)
}

fn planned(context: &Context, source: &Cache, to: &Place) -> Result<Report, Failure> {
    let given = source.read(TokenCache::clone)?;
    let brings = stored(to, context)?.import(&given);
    let protection = match to.open(&context.keys, context.waits()) {
        Ok(cache) => Some(cache.protection()?.to_string()),
        Err(_) => None,
    };
    Ok(Report::of(Brought::of(&brings), protection))
}

fn done(
    arguments: &MigrateArguments,
    context: &Context,
    from: &Place,
    source: &Cache,
    to: &Place,
) -> Result<Report, Failure> {
    let given = source.read(TokenCache::clone)?;
    let target = opened(to, arguments.protector, context)?;
    let protection = target.protection()?;
    if arguments.remove_source && from.has_file_of(to) && !to.is_item() {
        return Err(Failure::usage(
            "the two caches have one file between them, which would be removed",
            "migrate without --remove-source, and remove the item with the keyring's own program",
        ));
    }
    let brings = brought(&target, &given, context)?;
    verify(&given, context, to)?;
    // Up to here the source is untouched, and an interruption leaves both.
    context.interrupt.check()?;
    if arguments.remove_source {
        remove(source, context, to)?;
    }
    let report = Report::of(Brought::of(&brings), Some(protection.to_string()));
    Ok(Report { done: true, removed_source: arguments.remove_source, ..report })
}

/// Under the lock of the source, so that nothing is removed that was stored there since it was read.
fn remove(source: &Cache, context: &Context, to: &Place) -> Result<(), Failure> {
    let guard = source.lock_until(&context.interrupt.deadline(context.waits().lock))?;
    verify(&guard, context, to)?;
    context.interrupt.check()?;
    Ok(guard.clear()?)
}

/// By a handle of its own, which has nothing in memory: the key is fetched, the file opened and read anew.
fn verify(given: &TokenCache, context: &Context, to: &Place) -> Result<(), Failure> {
    let _progress = context.output.progress("reading it back");
    let mut stored = to.open(&context.keys, context.waits())?.read(TokenCache::clone)?;
    if stored.import(given).is_nothing() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Io, "not all that was brought is there when it is read back")
        .with_path(to.file())
        .with_remedy(
            "the source is as it was; another program changed one of the two meanwhile: migrate again",
        )
        .into())
}

impl Report {
    fn of(brings: Brought, to_protection: Option<String>) -> Self {
        let (from, from_protection, to) = Default::default();
        Self { from, from_protection, to, to_protection, done: false, removed_source: false, brings }
    }
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        let protection = self.to_protection.as_deref().unwrap_or("to be made");
        page.field("From", format!("{} ({})", self.from, self.from_protection));
        page.field("To", format!("{} ({protection})", self.to));
        let verb = if self.done { "Brought" } else { "Would bring" };
        page.field(verb, self.brings.text());
        if self.done {
            page.field("Read back", page.styled(Style::Good, "all of it is there"));
            let source = if self.removed_source { "removed" } else { "left as it was" };
            page.field("Source", source);
        }
    }
}
