//! Looking at a lock file that somebody else made: who has it, and whether it was left behind.

use std::{
    io::{self, Read},
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use sealed_cache_platform::{
    file::{self, Opened, Problem, Stamp},
    process,
};

use super::{
    super::LockState,
    record::{Form, Record},
};

/// When the lock of a process that has ended may be taken over. Python's bound; peers that hold no `flock` and live in
/// another container look as if they had ended.
const ENDED: Duration = Duration::from_secs(5);
/// When a lock that names no process of this machine may be taken over. The bound of .NET, the longest of all.
const UNKNOWN: Duration = Duration::from_secs(60);
/// By so much the time of a file can be wrong on file systems that keep it coarsely.
const COARSE: Duration = Duration::from_secs(2);
/// Enough for a process id and the longest path of a program. What is larger was not written by the family.
pub(super) const LARGEST: u64 = 8192;

/// A lock file as it was seen.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) stamp: Stamp,
    pub(super) holder: Holder,
    /// Why it must not be taken over, if it must not.
    pub(super) other_owner: Option<Problem>,
    age: Duration,
}

/// Who made it.
#[derive(Debug)]
pub(super) enum Holder {
    /// A process that runs, for all we know.
    Running(Record),
    /// A process that has ended: no process has its id, or only one that is younger than the file.
    Ended(Record),
    /// A process of another machine, which has the same folder.
    Elsewhere(Record),
    /// The file does not say: it was just created, or written by nobody whom we know.
    Unknown,
}

/// How long one who waits has seen the very same lock file, by a clock that nobody sets.
#[derive(Debug, Default)]
pub(super) struct Watch(Option<(Stamp, Instant)>);

impl Sight {
    /// `None` if there is no file.
    pub(super) fn of(path: &Path, form: Form, watch: &mut Watch) -> io::Result<Option<Self>> {
        let Some(opened) = file::open_to_read(path)? else { return Ok(None) };
        let stamp = opened.stamp();
        let written = SystemTime::now().duration_since(stamp.modified()).unwrap_or_default();
        let age = written.max(watch.unchanged_for(stamp));
        let other_owner = opened.other_owner().cloned();
        let holder = Holder::of(record(opened, form), form, written);
        Ok(Some(Self { stamp, holder, other_owner, age }))
    }

    /// Whether it was left behind, so that it may be taken over if nobody has it locked.
    pub(super) fn is_stale(&self) -> bool {
        self.holder.patience().is_some_and(|patience| self.age >= patience)
    }

    /// The same for people who look. What names no process of this machine counts as held until it may be taken over.
    pub(super) fn state(&self) -> LockState {
        let (process, name) = match &self.holder {
            Holder::Running(record) | Holder::Ended(record) | Holder::Elsewhere(record) => {
                (Some(record.process), record.name.clone())
            }
            Holder::Unknown => (None, String::new()),
        };
        let since = self.age;
        match self.holder.patience() {
            Some(patience) if self.is_stale() || matches!(self.holder, Holder::Ended(_)) => {
                LockState::LeftBehind { process, name, since, wait: patience.saturating_sub(since) }
            }
            _ => LockState::Held { process, name, since },
        }
    }
}

impl Holder {
    fn of(record: Option<Record>, form: Form, written: Duration) -> Self {
        match record {
            None => Self::Unknown,
            Some(record) if form == Form::OfFolder && !is_here(&record.name) => Self::Elsewhere(record),
            Some(record) if runs_since(record.process, written) => Self::Running(record),
            Some(record) => Self::Ended(record),
        }
    }

    /// After what time its lock may be taken over: that of a process which runs never.
    const fn patience(&self) -> Option<Duration> {
        match self {
            Self::Running(_) => None,
            Self::Ended(_) => Some(ENDED),
            Self::Elsewhere(_) | Self::Unknown => Some(UNKNOWN),
        }
    }
}

impl Watch {
    fn unchanged_for(&mut self, stamp: Stamp) -> Duration {
        match self.0 {
            Some((seen, since)) if seen == stamp => since.elapsed(),
            _ => {
                self.0 = Some((stamp, Instant::now()));
                Duration::ZERO
            }
        }
    }
}

/// A part that cannot be read, because somebody has it locked, says nothing.
fn record(opened: Opened, form: Form) -> Option<Record> {
    let mut bytes = Vec::new();
    opened.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Record::parse(&bytes, form)
}

/// Whether the process runs that wrote this so long ago: one that was started later did not.
fn runs_since(process: u32, written: Duration) -> bool {
    let is_younger = || process::running_for(process).is_some_and(|running| running + COARSE < written);
    process::is_running(process) && !is_younger()
}

/// Whether it is the name of this machine, with or without its domain.
fn is_here(host: &str) -> bool {
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    process::host_name().is_some_and(|ours| !host.is_empty() && label(&ours) == label(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_name() {
        let ours = process::host_name().unwrap();
        assert!(is_here(&ours) && is_here(&ours.to_uppercase()));
        assert!(!is_here("") && !is_here("not-this-one.example.test"));
    }

    #[test]
    fn a_file_counts_as_old_when_it_was_watched_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lockfile");
        std::fs::write(&path, "").unwrap();
        let made = std::fs::File::options().write(true).open(&path).unwrap();
        // Whatever the clock of the wall says: this one is from the future.
        made.set_modified(SystemTime::now() + Duration::from_secs(1000)).unwrap();
        let mut watch = Watch::default();
        let mut look = || Sight::of(&path, Form::OfFile, &mut watch).unwrap().unwrap().age;
        assert_eq!(look(), Duration::ZERO);
        std::thread::sleep(Duration::from_millis(2));
        assert!(look() >= Duration::from_millis(2));
        made.set_modified(SystemTime::now() + Duration::from_secs(2000)).unwrap();
        assert_eq!(look(), Duration::ZERO, "it has changed");
    }
}
