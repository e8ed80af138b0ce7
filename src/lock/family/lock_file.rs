//! One lock file of the family: creating it, waiting for it, taking it over, giving it back.

use std::{
    fs::{File, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sealed_cache_platform::file::{self, Creation, Existing, Problem};

use super::{
    super::{
        LockState,
        errors::{no_lock, not_opened, unusable},
        queue::{Queue, Turn},
    },
    obstacle::{Obstacle, no_turn},
    pauses::Pauses,
    record::{Form, Record},
    sight::{LARGEST, Sight, Watch},
};
use crate::{Deadline, Error, ErrorKind, Result};

/// How often an attempt begins anew at once, when the file was another one at its end than at its start.
const TRIES: usize = 3;

#[derive(Debug)]
pub(super) struct LockFile {
    path: PathBuf,
    form: Form,
    queue: Arc<Queue>,
}

/// What became of an attempt.
enum Tried {
    Held(File),
    Taken(Obstacle),
    /// The file is not the one any more that it was: to be tried again.
    Changed,
}

impl LockFile {
    /// By its canonical path.
    pub(super) fn new(path: PathBuf, form: Form) -> Arc<Self> {
        Arc::new(Self { queue: Queue::of(&path), path, form })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn acquire(self: &Arc<Self>, deadline: &Deadline) -> Result<Held> {
        let turn = self.queue.enter(deadline).ok_or_else(|| no_turn(deadline, &self.path))?;
        Ok(Held { file: Some(self.wait(deadline)?), lock: Arc::clone(self), _turn: turn })
    }

    pub(super) fn try_acquire(self: &Arc<Self>) -> Result<Option<Held>> {
        let Some(turn) = self.queue.enter(&Deadline::after(Duration::ZERO)) else { return Ok(None) };
        match self.attempt(&mut Watch::default())? {
            Ok(file) => Ok(Some(Held { file: Some(file), lock: Arc::clone(self), _turn: turn })),
            Err(Obstacle::Refused(error)) => Err(error),
            // A file that is just being deleted is still there.
            Err(Obstacle::Unclear(error)) if matches!(file::stamp(&self.path), Ok(None)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn state(&self) -> Result<LockState> {
        let sight = Sight::of(&self.path, self.form, &mut Watch::default());
        let sight = sight.map_err(|error| not_opened(&self.path, error))?;
        Ok(sight.map_or(LockState::Free, |sight| sight.state()))
    }

    /// Wait for the file, having the turn.
    fn wait(&self, deadline: &Deadline) -> Result<File> {
        let (mut watch, mut pauses) = (Watch::default(), Pauses::new());
        loop {
            let obstacle = match self.attempt(&mut watch)? {
                Ok(file) => return Ok(file),
                Err(obstacle) => obstacle,
            };
            if deadline.has_passed() {
                return Err(obstacle.at(deadline, &self.path));
            }
            pauses.pause(deadline);
        }
    }

    fn attempt(&self, watch: &mut Watch) -> Result<std::result::Result<File, Obstacle>> {
        for _ in 0..TRIES {
            match self.try_once(watch)? {
                Tried::Held(file) => return Ok(Ok(file)),
                Tried::Taken(obstacle) => return Ok(Err(obstacle)),
                Tried::Changed => {}
            }
        }
        Ok(Err(Obstacle::Busy))
    }

    fn try_once(&self, watch: &mut Watch) -> Result<Tried> {
        match file::create_exclusive(&self.path).map_err(|error| self.not_created(error))? {
            Creation::Created(file) => self.claim(file),
            Creation::Exists => self.look(watch),
            Creation::Unclear(error) => Ok(Tried::Taken(Obstacle::Unclear(self.not_created(error)))),
        }
    }

    /// Lock the file that we created, for those of the family who open it whether it exists or not.
    fn claim(&self, file: File) -> Result<Tried> {
        match self.lock(&file) {
            Ok(true) => Ok(self.confirm(file)),
            // One of them was faster. From now on it is theirs, and theirs to remove.
            Ok(false) => Ok(Tried::Taken(Obstacle::Busy)),
            Err(error) => {
                let _ = file::release_exclusive(&self.path, file);
                Err(no_lock(&self.path, error))
            }
        }
    }

    /// False if somebody else has it locked.
    fn lock(&self, file: &File) -> io::Result<bool> {
        match file::lock_exclusive(file) {
            Ok(()) if self.form == Form::OfFolder => file::lock_record(file),
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Some of the family remove files that are not theirs. Ours excludes nobody then.
    fn confirm(&self, mut file: File) -> Tried {
        if !self.names(&file) {
            return Tried::Changed;
        }
        let Record { process, name } = Record::ours(self.form);
        // A full disk must not make locking impossible: that it is not said who has it is no failure.
        let _ = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(format!("{process} {name}").as_bytes()));
        Tried::Held(file)
    }

    /// Look at the file of somebody else, which is locked only if it was left behind: who has just created it might else
    /// find it locked.
    fn look(&self, watch: &mut Watch) -> Result<Tried> {
        let sight = match Sight::of(&self.path, self.form, watch) {
            Ok(Some(sight)) => sight,
            Ok(None) => return Ok(Tried::Changed),
            Err(error) if is_for_good(&error) => return Err(not_opened(&self.path, error)),
            Err(error) if file::is_in_use(&error) => return Ok(Tried::Taken(Obstacle::Busy)),
            Err(error) => return Ok(Tried::Taken(Obstacle::Unclear(not_opened(&self.path, error)))),
        };
        if sight.stamp.size() > LARGEST {
            return Err(self.no_lock_file());
        }
        match &sight.other_owner {
            _ if !sight.is_stale() => Ok(Tried::Taken(Obstacle::Seen(sight))),
            Some(problem) => Ok(Tried::Taken(Obstacle::Refused(unusable(&self.path, problem)))),
            None => self.take_over(sight),
        }
    }

    fn take_over(&self, sight: Sight) -> Result<Tried> {
        let file = match file::open_exclusive(&self.path) {
            Ok(Existing::Opened(file)) => file,
            Ok(Existing::Busy) => return Ok(Tried::Taken(Obstacle::Locked(sight))),
            Ok(Existing::Gone) => return Ok(Tried::Changed),
            Err(error) => return Ok(Tried::Taken(self.not_taken_over(error))),
        };
        if !self.lock(&file).map_err(|error| no_lock(&self.path, error))? {
            return Ok(Tried::Taken(Obstacle::Locked(sight)));
        }
        // Somebody may have taken it over, or have removed and created it, since we looked.
        if file::stamp_of(&file).ok() != Some(sight.stamp) || !self.names(&file) {
            return Ok(Tried::Changed);
        }
        let taken = file::take_over(file).map_err(|error| not_opened(&self.path, error))?;
        Ok(taken.map_or(Tried::Changed, |file| self.confirm(file)))
    }

    fn not_taken_over(&self, error: io::Error) -> Obstacle {
        let is_refused = Problem::of(&error).is_some();
        let error = not_opened(&self.path, error);
        if is_refused { Obstacle::Refused(error) } else { Obstacle::Unclear(error) }
    }

    fn names(&self, file: &File) -> bool {
        match (file::stamp(&self.path), file::stamp_of(file)) {
            (Ok(Some(named)), Ok(ours)) => named.is_same_file(&ours),
            _ => false,
        }
    }

    fn not_created(&self, error: io::Error) -> Error {
        Error::io("cannot create the lock file", error).with_path(&self.path)
    }

    fn no_lock_file(&self) -> Error {
        Error::new(ErrorKind::Configuration, "the file in the place of the lock file is too large to be one")
            .with_path(&self.path)
            .with_remedy(
                "name the lock file of the cache, which is not the cache itself, or move the file away",
            )
    }
}

/// Whether waiting does not help.
fn is_for_good(error: &io::Error) -> bool {
    Problem::of(error).is_some() || error.kind() == io::ErrorKind::IsADirectory
}

/// A lock file that this process has. Dropped: given back, before the next thread gets its turn.
#[derive(Debug)]
pub(super) struct Held {
    /// `None` when it was lost and not taken again.
    file: Option<File>,
    lock: Arc<LockFile>,
    _turn: Turn,
}

impl Held {
    pub(super) fn path(&self) -> &Path {
        &self.lock.path
    }

    pub(super) fn is_held(&self) -> bool {
        self.file.as_ref().is_some_and(|file| self.lock.names(file))
    }

    /// Take it again if it is not held.
    pub(super) fn retake(&mut self, deadline: &Deadline) -> Result<()> {
        if !self.is_held() {
            self.release();
            self.file = Some(self.lock.wait(deadline)?);
        }
        Ok(())
    }

    pub(super) fn release(&mut self) {
        if let Some(file) = self.file.take() {
            // A file that cannot be removed names this process, and is taken over when that has ended.
            let _ = file::release_exclusive(&self.lock.path, file);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::SystemTime};

    use tempfile::TempDir;

    use super::*;

    fn lock(folder: &TempDir) -> Arc<LockFile> {
        LockFile::new(folder.path().join("a.lockfile"), Form::OfFile)
    }

    /// A lock file that says nothing and is a day old.
    fn leave(path: &Path) {
        let file = File::create(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(86_400)).unwrap();
    }

    fn seen(lock: &LockFile) -> Sight {
        leave(&lock.path);
        let sight = Sight::of(&lock.path, lock.form, &mut Watch::default()).unwrap().unwrap();
        assert!(sight.is_stale());
        sight
    }

    #[test]
    fn what_was_left_behind_is_taken_over_if_it_still_is_what_was_seen() {
        let folder = tempfile::tempdir().unwrap();
        let lock = lock(&folder);
        assert!(!matches!(lock.take_over(seen(&lock)).unwrap(), Tried::Taken(_)));
        // Somebody has taken it over meanwhile.
        let sight = seen(&lock);
        fs::write(&lock.path, "1 a").unwrap();
        assert!(matches!(lock.take_over(sight).unwrap(), Tried::Changed));
        assert_eq!(fs::read_to_string(&lock.path).unwrap(), "1 a");
        // It was removed, and another one is there.
        let (sight, other) = (seen(&lock), folder.path().join("other"));
        leave(&other);
        fs::rename(&other, &lock.path).unwrap();
        assert!(matches!(lock.take_over(sight).unwrap(), Tried::Changed));
        // It was given back.
        let sight = seen(&lock);
        fs::remove_file(&lock.path).unwrap();
        assert!(matches!(lock.take_over(sight).unwrap(), Tried::Changed));
    }

    #[test]
    fn a_file_that_does_not_have_the_name_any_more_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let lock = lock(&folder);
        let other = || File::create(folder.path().join("other")).unwrap();
        assert!(matches!(lock.claim(other()).unwrap(), Tried::Changed));
        leave(&lock.path);
        assert!(matches!(lock.claim(other()).unwrap(), Tried::Changed));
        assert!(fs::read(&lock.path).unwrap().is_empty());
    }
}
