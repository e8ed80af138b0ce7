//! `verify`: does the cache open, and can one be written, read back and removed in its place?

use sealed_cache::TokenCache;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    options::CacheArgument,
    output::{Page, Shown, Style},
    place::{Cache, Place},
    summary::is_of_another_type,
    words,
};

#[derive(Serialize)]
struct Report {
    name: String,
    file: String,
    protection: Option<String>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    what: &'static str,
    is_fine: bool,
    message: String,
    kind: Option<String>,
}

pub(crate) fn run(arguments: &CacheArgument, context: &Context) -> Result<Done, Failure> {
    let place = Place::named(&arguments.cache)?;
    let cache = place.open(&context.keys, context.waits())?;
    let progress = context.output.progress("trying");
    let steps = vec![step("open", opened(&place, &cache)), step("round trip", round_trip(&cache))];
    drop(progress);
    let report = Report {
        file: place.file().display().to_string(),
        protection: cache.protection().ok().map(|protection| protection.to_string()),
        name: place.name,
        steps,
    };
    context.output.result("verify", &report)?;
    Ok(Done::fine_unless(report.steps.iter().any(|step| !step.is_fine)))
}

fn opened(place: &Place, cache: &Cache) -> Result<String, Failure> {
    let entries = match cache.read(TokenCache::len) {
        Err(error) if is_of_another_type(place, &error) => {
            return Ok("it opens, and holds something of the application's own".to_owned());
        }
        entries => entries?,
    };
    let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    Ok(format!("it opens, and has {entries}"))
}

fn round_trip(cache: &Cache) -> Result<String, Failure> {
    cache.verify()?;
    Ok("a cache was made beside it, written, read back and removed".to_owned())
}

fn step(what: &'static str, outcome: Result<String, Failure>) -> Step {
    match outcome {
        Ok(message) => Step { what, is_fine: true, message, kind: None },
        Err(failure) => {
            let kind = match &failure {
                Failure::Cache(error) => Some(format!("{:?}", error.kind())),
                _ => None,
            };
            Step { what, is_fine: false, message: failure.to_string(), kind }
        }
    }
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        page.field("Cache", &self.name);
        page.field("File", &self.file);
        page.field("Protection", self.protection.as_deref().unwrap_or("unknown"));
        for step in &self.steps {
            let (style, mark) = if step.is_fine { (Style::Good, "fine") } else { (Style::Bad, "FAILED") };
            page.field(
                &words::sentence(step.what).replace('.', ""),
                format!("{}: {}", page.styled(style, mark), step.message),
            );
        }
    }
}
