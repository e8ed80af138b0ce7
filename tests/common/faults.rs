//! Operations that fail on demand.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs::{self, File},
    io::{self, Write},
    sync::{Mutex, MutexGuard},
};

use sealed_cache::{
    Error, Result,
    testing::{FileObserver, FileStep},
};

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is not done.
    NotDone,
    /// Of a write, half of the bytes arrive; nothing else is done.
    HalfDone,
    /// It is done, and yet reported as failed.
    Done,
    /// It is not done, nor is anything after it.
    FromThenOn,
}

/// Makes the n-th operation fail, on the disk or on the keychain.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    plan: Option<(usize, How)>,
    seen: Vec<String>,
}

impl Faults {
    /// Count from here, and let this operation fail.
    pub(crate) fn arm(&self, number: usize, how: How) {
        *self.state() = State { plan: Some((number, how)), seen: Vec::new() };
    }

    /// Let nothing fail any more; the operations up to the one that failed, if one did.
    pub(crate) fn disarm(&self) -> Option<Vec<String>> {
        let State { plan, mut seen } = std::mem::take(&mut *self.state());
        let (number, _) = plan.expect("it was armed");
        (seen.len() >= number).then(|| {
            seen.truncate(number);
            seen
        })
    }

    pub(crate) fn of_item(&self, what: &str, work: impl FnOnce()) -> Result<()> {
        let Some(how) = self.count(format!("item {what}")) else { return Ok(()) };
        if how == How::Done {
            work();
        }
        Err(Error::io("the item", injected()))
    }

    /// How the operation is to fail, if it is.
    fn count(&self, step: String) -> Option<How> {
        let mut state = self.state();
        state.seen.push(step);
        let (number, how) = state.plan?;
        let now = state.seen.len();
        (now == number || (now > number && how == How::FromThenOn)).then_some(how)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl FileObserver for Faults {
    fn before(&self, step: FileStep<'_>) -> io::Result<()> {
        let Some(how) = self.count(name(step)) else { return Ok(()) };
        match (how, step) {
            (How::HalfDone, FileStep::Write(path, bytes)) => {
                File::options().append(true).open(path)?.write_all(&bytes[..bytes.len() / 2])?;
            }
            (How::Done, FileStep::Write(path, bytes)) => {
                File::options().append(true).open(path)?.write_all(bytes)?;
            }
            (How::Done, FileStep::Create(path)) => drop(File::create_new(path)?),
            (How::Done, FileStep::Rename(from, to)) => fs::rename(from, to)?,
            (How::Done, FileStep::Remove(path)) => fs::remove_file(path)?,
            _ => {}
        }
        Err(injected())
    }
}

fn injected() -> io::Error {
    io::Error::other("injected")
}

/// `Rename tokens.sealed.tmp`
fn name(step: FileStep<'_>) -> String {
    let (verb, path) = match step {
        FileStep::Stat(path) => ("stat", path),
        FileStep::Open(path) => ("open", path),
        FileStep::Read(path) => ("read", path),
        FileStep::Create(path) => ("create", path),
        FileStep::Write(path, _) => ("write", path),
        FileStep::SetModified(path) => ("set modified", path),
        FileStep::Sync(path) => ("sync", path),
        FileStep::Rename(path, _) => ("rename", path),
        FileStep::SyncFolder(path) => ("sync folder", path),
        FileStep::Remove(path) => ("remove", path),
        _ => panic!("an operation that this test does not know: {step:?}"),
    };
    format!("{verb} {}", path.file_name().unwrap().to_string_lossy())
}
