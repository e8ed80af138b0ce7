//! `import`: tokens from JSON into a cache.

use std::{
    fs::File,
    io::{self, Read, stdin},
    path::Path,
};

use sealed_cache::{
    Error, ErrorKind, SecretBytes, SerializableCache, TokenCache,
    token_cache::{Imported, ImportedEntries},
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    context::Context,
    failure::{Done, Failure},
    options::{ImportArguments, ProtectorChoice},
    output::{Page, Shown},
    place::{Cache, Place},
};

/// Far more than a token cache has.
const LARGEST: u64 = 1 << 30;

#[derive(Serialize)]
struct Report {
    name: String,
    done: bool,
    brings: Brought,
}

/// What an import brings.
#[derive(Debug, Serialize)]
pub(crate) struct Brought {
    /// For people.
    text: String,
    access_tokens: Counts,
    refresh_tokens: Counts,
    id_tokens: Counts,
    accounts: Counts,
    app_metadata: Counts,
}

#[derive(Debug, Serialize)]
struct Counts {
    added: usize,
    updated: usize,
}

pub(crate) fn run(arguments: &ImportArguments, context: &Context) -> Result<Done, Failure> {
    let place = Place::named(&arguments.cache.cache)?;
    let given = TokenCache::deserialize(read(&arguments.file)?)?;
    let brings = if arguments.dry_run {
        stored(&place, context)?.import(&given)
    } else {
        let cache = opened(&place, arguments.protector, context)?;
        brought(&cache, &given, context)?
    };
    let report = Report { name: place.name, done: !arguments.dry_run, brings: Brought::of(&brings) };
    context.output.result("import", &report)?;
    Ok(Done::Fine)
}

/// A cache to bring something to, which may be a new one: only then somebody is chosen to keep its key.
pub(crate) fn opened(
    place: &Place,
    choice: Option<ProtectorChoice>,
    context: &Context,
) -> Result<Cache, Failure> {
    if choice.is_some() && (!place.is_sealed() || place.info()?.is_some()) {
        context.output.warning(
            "--protector is for a new sealed cache: this one stays as it is; see sealed-cache rekey",
        );
    }
    let new = || choice.map(|choice| context.keys.chosen(choice)).transpose();
    place.open_or_create(&context.keys, context.waits(), new)
}

/// What is stored in a place now, without making anything there: where nothing is, an empty cache.
pub(crate) fn stored(place: &Place, context: &Context) -> Result<TokenCache, Failure> {
    match place.open(&context.keys, context.waits()) {
        Ok(cache) => Ok(cache.read(TokenCache::clone)?),
        Err(Failure::Cache(error)) if error.kind() == ErrorKind::NotFound => Ok(TokenCache::new()),
        Err(failure) => Err(failure),
    }
}

/// Take it over, under the lock.
pub(crate) fn brought(cache: &Cache, given: &TokenCache, context: &Context) -> Result<Imported, Failure> {
    let _progress = context.output.progress("storing");
    let mut guard = cache.lock_until(&context.interrupt.deadline(context.waits().lock))?;
    context.interrupt.check()?;
    let imported = guard.import(given);
    guard.commit()?;
    Ok(imported)
}

fn read(path: &Path) -> Result<SecretBytes, Failure> {
    let text =
        if path.as_os_str() == "-" { all_of(stdin().lock()) } else { File::open(path).and_then(all_of) };
    let text = text.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, "there is no such file")
            .with_path(path)
            .with_remedy("give the path of a JSON file, or `-` for standard input"),
        _ => Error::io("cannot read what is to be imported", error).with_path(path),
    })?;
    if text.trim_ascii().is_empty() {
        return Err(Failure::usage("there is nothing to import", "give the JSON text of a token cache"));
    }
    Ok(text)
}

/// In pieces, so that no buffer grows and leaves a copy behind.
fn all_of(mut reader: impl Read) -> io::Result<SecretBytes> {
    let mut text = SecretBytes::new();
    let mut piece = Zeroizing::new(vec![0; 1 << 16]);
    while (text.len() as u64) < LARGEST {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(text),
            Ok(count) => text.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::FileTooLarge.into())
}

impl Brought {
    pub(crate) fn of(imported: &Imported) -> Self {
        let counts = |entries: ImportedEntries| Counts { added: entries.added, updated: entries.updated };
        Self {
            text: imported.to_string(),
            access_tokens: counts(imported.access_tokens),
            refresh_tokens: counts(imported.refresh_tokens),
            id_tokens: counts(imported.id_tokens),
            accounts: counts(imported.accounts),
            app_metadata: counts(imported.app_metadata),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_nothing(&self) -> bool {
        let counts =
            [&self.access_tokens, &self.refresh_tokens, &self.id_tokens, &self.accounts, &self.app_metadata];
        counts.iter().all(|counts| counts.added + counts.updated == 0)
    }
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        let how = if self.done { "" } else { " (dry run: nothing was changed)" };
        page.line(format!("{}: {}{how}", self.name, self.brings.text));
    }
}
