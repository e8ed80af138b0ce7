//! `watch`: changes as they happen, and by whom.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, SystemTime},
};

use notify::{RecursiveMode, Watcher};
use sealed_cache::{Error, ErrorKind, TokenCache};
use sealed_cache_platform::interrupt;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{Done, Failure},
    import::Brought,
    options::WatchArguments,
    output::{Page, Shown, Style},
    place::{Cache, Lock, Place},
    words,
};

/// One change.
#[derive(Serialize)]
struct Change {
    event: &'static str,
    at: String,
    by: Option<String>,
    added_accounts: Vec<String>,
    removed_accounts: Vec<String>,
    brings: Option<Brought>,
    removed_entries: usize,
    is_cleared: bool,
    problem: Option<String>,
}

pub(crate) fn run(arguments: &WatchArguments, context: &Context) -> Result<Done, Failure> {
    let place = Place::named(&arguments.cache.cache)?;
    let cache = place.open(&context.keys, context.waits())?;
    let holder = Holder::watch(&place)?;
    let (sender, changes) = mpsc::channel();
    let mut known = cache.read(TokenCache::clone)?;
    let _watcher = cache.watch(move || sender.send(()).unwrap_or_default())?;
    context.interrupt.check()?;
    context.output.result("watch", &Begun { event: "watching", name: place.name.clone() })?;
    let mut count = 0;
    while arguments.count.is_none_or(|wanted| count < wanted) {
        if interrupt::is_interrupted() {
            return Err(Failure::Interrupted);
        }
        if changes.recv_timeout(Duration::from_millis(50)).is_ok()
            && let Some(change) = look(&cache, &mut known, &holder, arguments.unmask)
        {
            context.output.result("watch", &change)?;
            count += 1;
        }
    }
    Ok(Done::Fine)
}

/// `None` if nothing that counts has changed: a key, or the order.
fn look(cache: &Cache, known: &mut TokenCache, holder: &Holder, unmask: bool) -> Option<Change> {
    let mut change = Change {
        event: "change",
        at: words::utc(SystemTime::now()),
        by: holder.last(),
        added_accounts: Vec::new(),
        removed_accounts: Vec::new(),
        brings: None,
        removed_entries: 0,
        is_cleared: false,
        problem: None,
    };
    let now = match cache.read(TokenCache::clone) {
        Ok(now) => now,
        Err(error) => return Some(Change { problem: Some(error.to_string()), ..change }),
    };
    let (before, after) = (accounts(known, unmask), accounts(&now, unmask));
    change.added_accounts = names(&after, &before);
    change.removed_accounts = names(&before, &after);
    let brings = known.clone().import(&now);
    let removed = now.clone().import(known);
    change.removed_entries = [
        removed.access_tokens,
        removed.refresh_tokens,
        removed.id_tokens,
        removed.accounts,
        removed.app_metadata,
    ]
    .iter()
    .map(|entries| entries.added)
    .sum();
    change.is_cleared = now.is_empty() && !known.is_empty();
    *known = now;
    let is_nothing = brings.is_nothing() && change.removed_entries == 0;
    change.brings = Some(Brought::of(&brings));
    (!is_nothing).then_some(change)
}

/// Whose it is, by its id, and what it is called.
fn accounts(cache: &TokenCache, unmask: bool) -> BTreeSet<(String, String)> {
    let name = |account: &sealed_cache::token_cache::Account<'_>| {
        words::plain(&if unmask { account.username().into_owned() } else { account.masked_username() })
    };
    cache.accounts().map(|account| (account.home_account_id().into_owned(), name(&account))).collect()
}

fn names(these: &BTreeSet<(String, String)>, without: &BTreeSet<(String, String)>) -> Vec<String> {
    these.difference(without).map(|(_, name)| name.clone()).collect()
}

/// Who had the lock last. The lock files of the family are gone as soon as it is given back, so they are looked at when
/// they appear.
struct Holder {
    lock: Lock,
    seen: Arc<Mutex<Option<String>>>,
    _watcher: Option<notify::RecommendedWatcher>,
}

impl Holder {
    fn watch(place: &Place) -> Result<Self, Failure> {
        let lock = place.lock()?;
        let seen = Arc::new(Mutex::new(None));
        let watcher = match &lock {
            Lock::Own(_) => None,
            Lock::Family(_) => Some(watch_files(place, &seen)?),
        };
        Ok(Self { lock, seen, _watcher: watcher })
    }

    fn last(&self) -> Option<String> {
        let holder = match &self.lock {
            Lock::Own(lock) => lock.last_holder().map(|holder| holder.to_string()),
            Lock::Family(_) => self.seen.lock().unwrap_or_else(PoisonError::into_inner).take(),
        };
        holder.map(|holder| words::plain(&holder))
    }
}

fn watch_files(
    place: &Place,
    seen: &Arc<Mutex<Option<String>>>,
) -> Result<notify::RecommendedWatcher, Failure> {
    let (lock, seen) = (place.lock()?, Arc::clone(seen));
    let hear = move |event: notify::Result<notify::Event>| {
        if event
            .is_ok_and(|event| event.paths.iter().any(|path| path.to_string_lossy().ends_with(".lockfile")))
            && let Ok(states) = lock.states()
            && let Some(holder) = states.iter().find_map(|(_, state)| state.holder())
        {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(holder);
        }
    };
    let folder = place.file().parent().map(PathBuf::from).unwrap_or_default();
    let watcher = notify::recommended_watcher(hear).and_then(|mut watcher| {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    Ok(watcher.map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot watch the folder: {error}"))
            .with_path(&folder)
            .with_remedy("raise the limit of the system: fs.inotify.max_user_instances")
    })?)
}

/// From now on every change is told.
#[derive(Serialize)]
struct Begun {
    event: &'static str,
    name: String,
}

impl Shown for Begun {
    fn show(&self, page: &mut Page) {
        page.line(page.styled(Style::Dim, format!("watching {}; Ctrl-C ends it", self.name)));
    }
}

impl Shown for Change {
    fn show(&self, page: &mut Page) {
        let by = self.by.as_deref().unwrap_or("an unknown program");
        page.line(format!(
            "{}  {}",
            page.styled(Style::Dim, &self.at),
            page.styled(Style::Strong, format!("changed by {by}"))
        ));
        for account in &self.added_accounts {
            page.line(page.styled(Style::Good, format!("  + {account}")));
        }
        for account in &self.removed_accounts {
            page.line(page.styled(Style::Bad, format!("  - {account}")));
        }
        if let Some(problem) = &self.problem {
            page.line(page.styled(Style::Bad, format!("  it cannot be read: {problem}")));
        }
        if let Some(brings) = self.brings.as_ref().filter(|brings| !brings.is_nothing()) {
            page.line(format!("  {}", brings.text()));
        }
        match self.removed_entries {
            _ if self.is_cleared => page.line("  everything was removed"),
            0 => {}
            1 => page.line("  1 entry removed"),
            count => page.line(format!("  {count} entries removed")),
        }
    }
}
