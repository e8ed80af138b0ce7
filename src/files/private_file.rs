//! [`PrivateFile`]: one file in a private folder, read in one piece and replaced in one durable step.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sealed_cache_platform::file::{Problem, Stamp};

use super::{
    Files, checked_folder,
    operations::{NewFile, OpenFile},
};
use crate::{Error, ErrorKind, Result};

/// A file, the folder it is in, and the temporary file that its replacement is written to. Who replaces or removes it
/// has to hold a lock.
#[derive(Debug)]
pub(crate) struct PrivateFile {
    /// What it is, for messages: "cache file".
    what: &'static str,
    path: PathBuf,
    folder: PathBuf,
    temporary: PathBuf,
    files: Files,
}

impl PrivateFile {
    /// The file of this name in this folder, which is created, and checked to be ours alone.
    pub(crate) fn open(what: &'static str, folder: &Path, name: &str, files: Files) -> Result<Self> {
        Ok(Self::in_folder(what, checked_folder(folder)?, name, files))
    }

    /// The file of this name in a folder that was checked.
    pub(super) fn in_folder(what: &'static str, folder: PathBuf, name: &str, files: Files) -> Self {
        let (path, temporary) = (folder.join(name), folder.join(format!("{name}.tmp")));
        Self { what, path, folder, temporary, files }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The state of the file, by one system call: `None` if there is none.
    pub(crate) fn stamp(&self) -> Result<Option<Stamp>> {
        self.files.stamp(&self.path).map_err(|error| self.failed("read", error))
    }

    /// The file, opened to be read and checked to be this user's: `None` if there is none.
    pub(crate) fn open_to_read(&self) -> Result<Option<OpenFile<'_>>> {
        let Some(opened) = self.files.open(&self.path).map_err(|error| self.failed("read", error))? else {
            return Ok(None);
        };
        match opened.facts().other_owner() {
            Some(problem) => Err(self.refused(ErrorKind::OtherOwner, problem)),
            None => Ok(Some(opened)),
        }
    }

    /// An error about what the file is, with how to mend it.
    pub(crate) fn refused(&self, kind: ErrorKind, problem: &Problem) -> Error {
        Error::new(kind, format!("the {} {problem}", self.what))
            .with_path(&self.path)
            .with_remedy(problem.remedy(&self.path))
    }

    /// Replace the file by these bytes, durably: afterwards either all of the new file is there, or, on failure, all
    /// of the old one. This is the one place where a file is written, so that no step can be left out.
    pub(crate) fn replace(&self, parts: &[&[u8]]) -> Result<Stamp> {
        let stamp = self.write_temporary(parts).and_then(|stamp| {
            self.files.rename(&self.temporary, &self.path)?;
            Ok(stamp)
        });
        let stamp = stamp.map_err(|error| {
            // The error that counts is the first one; what is left here is removed under the next lock.
            let _ = self.files.remove(&self.temporary);
            self.failed("write", error)
        })?;
        self.sync_folder()?;
        Ok(stamp)
    }

    fn write_temporary(&self, parts: &[&[u8]]) -> io::Result<Stamp> {
        let modified = self.next_modified()?;
        let mut new = self.create_temporary()?;
        for part in parts {
            new.write(part)?;
        }
        new.set_modified(modified)?;
        new.sync()
    }

    /// What a killed process left in its place is of no use to anybody: who writes holds the lock.
    fn create_temporary(&self) -> io::Result<NewFile<'_>> {
        match self.files.create(&self.temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.files.remove(&self.temporary)?;
                self.files.create(&self.temporary)
            }
            created => created,
        }
    }

    /// A time of modification that no earlier state of this file had, even when the clock stands still or goes back.
    fn next_modified(&self) -> io::Result<SystemTime> {
        let now = SystemTime::now();
        let previous = self.files.stamp(&self.path)?.map(|stamp| stamp.modified());
        // Some file systems keep times to 100 nanoseconds only.
        Ok(previous.map_or(now, |previous| now.max(previous + Duration::from_nanos(100))))
    }

    /// Remove the file, durably. That there is none is fine.
    pub(crate) fn remove(&self) -> Result<()> {
        self.files.remove(&self.path).map_err(|error| self.failed("remove", error))?;
        self.sync_folder()
    }

    /// Move the file to another name in its folder, durably.
    pub(crate) fn rename(&self, name: &str) -> Result<PathBuf> {
        let to = self.folder.join(name);
        self.files.rename(&self.path, &to).map_err(|error| self.failed("set aside", error))?;
        self.sync_folder()?;
        Ok(to)
    }

    /// Whether a killed process left its temporary file.
    pub(crate) fn has_left_over(&self) -> Result<bool> {
        let left = self.files.stamp(&self.temporary);
        Ok(left.map_err(|error| self.failed("look for", error))?.is_some())
    }

    /// Remove what a killed process left.
    pub(crate) fn remove_left_over(&self) -> Result<()> {
        self.files.remove(&self.temporary).map_err(|error| {
            Error::io("cannot remove what a killed program left behind", error).with_path(&self.temporary)
        })
    }

    fn sync_folder(&self) -> Result<()> {
        self.files.sync_folder(&self.folder).map_err(|error| {
            Error::io("the change is done, but may not survive a loss of power", error)
                .with_path(&self.folder)
        })
    }

    /// What the system said, as an error of ours.
    pub(crate) fn failed(&self, verb: &str, error: io::Error) -> Error {
        match Problem::of(&error) {
            Some(problem) => self.refused(ErrorKind::Configuration, problem),
            None => Error::io(format!("cannot {verb} the {}", self.what), error).with_path(&self.path),
        }
    }
}
