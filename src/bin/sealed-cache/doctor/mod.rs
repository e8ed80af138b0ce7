//! `doctor`: why an application does not stay signed in, and how to mend it.
//!
//! All checks run at the same time, each with a deadline: a keychain, a file system or a bus that hangs is found out, and
//! does not hold the others up.

mod environment;
mod finding;
mod folders;
mod locks;
mod protectors;
mod round_trip;
mod verdict;

use std::{
    env,
    path::PathBuf,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

pub(crate) use self::finding::{Finding, Status};
use self::{protectors::Offered, round_trip::RoundTrip};
use crate::{
    context::Context,
    failure::{Done, Failure},
    output::{Page, Shown, Style},
    summary::{self, Summary},
    words,
};

/// How long a keychain may take. One that works answers in milliseconds.
pub(crate) const KEYCHAIN: Duration = Duration::from_secs(2);
/// When everything that has not answered counts as hanging.
const ALL: Duration = Duration::from_millis(4800);

#[derive(Serialize)]
struct Report {
    protectors: Vec<Offered>,
    round_trip: RoundTrip,
    machine: Vec<Finding>,
    folders: Vec<Finding>,
    locks: Vec<Finding>,
    caches: Vec<Summary>,
    /// One plain sentence.
    verdict: String,
    is_fine: bool,
    milliseconds: u64,
}

pub(crate) fn run(context: &Context) -> Result<Done, Failure> {
    let progress = context.output.progress("examining this machine, which takes a few seconds at most");
    let started = Instant::now();
    let until = started + ALL;
    // Even to look which folders there are can hang: nothing of that is done on this thread.
    let protectors = protectors::ask(&context.keys, until);
    // The round trip makes folders where there are none: that is not to be seen by those who look what is there.
    let (looking, looked) = mpsc::channel::<()>();
    let machine = Later::awaited(until, looking.clone(), environment::look);
    let folders = Later::awaited(until, looking.clone(), || folders::look(&folders::of_interest()));
    let locks = Later::awaited(until, looking, || {
        locks::look(&folders::of_interest().into_iter().next().unwrap_or_else(env::temp_dir))
    });
    let round_trip = Later::of(until, move || {
        // All of them are done as soon as nobody can send any more.
        let _ = looked.recv_timeout(KEYCHAIN);
        round_trip::run()
    });
    let keys = context.keys.silent();
    let caches = Later::of(until, move || summary::all(&keys));
    let mut report = Report {
        protectors: protectors.into_iter().map(protectors::Asked::answer).collect(),
        round_trip: round_trip.answer().unwrap_or_else(RoundTrip::late),
        machine: machine.answer().unwrap_or_else(|| vec![late("machine")]),
        folders: folders.answer().unwrap_or_else(|| vec![late("folders")]),
        locks: locks.answer().unwrap_or_else(|| vec![late("locks")]),
        caches: caches.answer().and_then(Result::ok).unwrap_or_default(),
        verdict: String::new(),
        is_fine: true,
        milliseconds: 0,
    };
    report.judge();
    report.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    drop(progress);
    context.output.result("doctor", &report)?;
    Ok(Done::fine_unless(!report.is_fine))
}

fn late(what: &str) -> Finding {
    let message = format!("what was asked about the {what} was not answered in time: a file system hangs");
    Finding::problem(what, message, "look for a network folder whose server is gone: `mount`, `df`")
}

/// The answer of a check that runs on a thread of its own.
pub(crate) struct Later<T> {
    answer: mpsc::Receiver<T>,
    until: Instant,
}

impl<T: Send + 'static> Later<T> {
    pub(crate) fn of(until: Instant, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, answer) = mpsc::channel();
        // One that hangs ends with the process.
        thread::spawn(move || sender.send(work()).unwrap_or_default());
        Self { answer, until }
    }

    /// The same for one that others wait for: it lets go of this when it is done.
    fn awaited(until: Instant, looking: mpsc::Sender<()>, work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self::of(until, move || {
            let found = work();
            drop(looking);
            found
        })
    }

    /// `None` if there is none in time.
    pub(crate) fn answer(self) -> Option<T> {
        self.answer.recv_timeout(self.until.saturating_duration_since(Instant::now())).ok()
    }
}

impl Report {
    fn judge(&mut self) {
        let findings = [&self.machine, &self.folders, &self.locks];
        let findings: Vec<_> = findings.into_iter().flatten().collect();
        let verdict = verdict::of(&self.protectors, &self.round_trip, &findings, &self.caches);
        (self.is_fine, self.verdict) = (verdict.is_fine, verdict.sentence);
    }
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        heading(page, "Who can keep a key here");
        self.protectors.iter().for_each(|offered| offered.finding().show(page));
        heading(page, "A round trip: make, seal, write, read back, remove");
        self.round_trip.finding().show(page);
        for (name, findings) in
            [("Machine", &self.machine), ("Folders", &self.folders), ("Locks", &self.locks)]
        {
            heading(page, name);
            findings.iter().for_each(|finding| finding.show(page));
        }
        heading(page, "Caches");
        if self.caches.is_empty() {
            page.line("  there is none that we know of");
        }
        self.caches.iter().for_each(|cache| of_cache(cache).show(page));
        page.empty_line();
        let style = if self.is_fine { Style::Good } else { Style::Bad };
        page.line(page.styled(style, &self.verdict));
    }
}

fn heading(page: &mut Page, text: &str) {
    page.line(page.styled(Style::Strong, text));
}

fn of_cache(cache: &Summary) -> Finding {
    match &cache.problem {
        Some(problem) if cache.is_closed_by_design() => Finding::note(&cache.name, &problem.message),
        Some(problem) => Finding::problem(&cache.name, problem.message.clone(), &problem.remedy),
        None if cache.is_encrypted == Some(false) => Finding::warning(
            &cache.name,
            "it opens, and is NOT encrypted: every program of this user, and every backup, can read its tokens",
            "move it to a protected one: sealed-cache migrate",
        ),
        None => Finding::good(&cache.name, format!("it opens; {}", signed_in(cache))),
    }
}

fn signed_in(cache: &Summary) -> String {
    match cache.accounts.len() {
        0 => cache.nobody().to_owned(),
        count => format!("{} signed in", words::plural(count as u64, "account")),
    }
}

/// The folder of this user's data, and that of its state.
pub(crate) fn home_folders() -> Option<(PathBuf, PathBuf, Option<PathBuf>)> {
    let folders = directories::BaseDirs::new()?;
    let state = folders.state_dir().map(PathBuf::from);
    Some((folders.home_dir().to_path_buf(), folders.data_local_dir().to_path_buf(), state))
}
