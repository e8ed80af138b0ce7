//! [`SharedFile`]: a file that programs in other languages read and write as well, and whose time of modification tells
//! them of a change.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sealed_cache_platform::file::Stamp;

use super::{Files, PrivateFile, shared_folder};
use crate::{Error, ErrorKind, Result, SecretBytes};

/// How far ahead of the clock a change is dated.
///
/// MSAL Python looks at its clock *after* it has read the file, and later takes any change before that moment for one
/// that it has read. A change while it was still reading must not look as old as that.
const AHEAD: Duration = Duration::from_millis(250);

/// The smallest step that every program notices: MSAL4J compares whole milliseconds.
const STEP: Duration = Duration::from_millis(2);

/// A file in a folder that is shared with programs in other languages. Who changes it has to hold their lock.
#[derive(Debug)]
pub(crate) struct SharedFile(PrivateFile);

impl SharedFile {
    /// The file at this path, whose folder is created if it does not exist.
    pub(crate) fn open(path: &Path, files: Files) -> Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
        else {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a shared cache needs a folder and a UTF-8 name",
            )
            .with_path(path)
            .with_remedy("give it the path of a file: `folder/msal.cache`"));
        };
        Ok(Self(PrivateFile::in_folder("shared cache file", shared_folder(folder)?, name, files)))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.folder()
    }

    pub(crate) fn stamp(&self) -> Result<Option<Stamp>> {
        self.0.stamp()
    }

    /// All that is in the file, and the state it was in when it was opened: `None` if there is no file.
    pub(crate) fn read(&self) -> Result<Option<(SecretBytes, Stamp)>> {
        let Some(mut opened) = self.0.open_to_read()? else { return Ok(None) };
        let stamp = opened.facts().stamp();
        let contents = all_of(&mut opened, stamp.size()).map_err(|error| self.0.failed("read", error))?;
        Ok(Some((contents, stamp)))
    }

    /// Replace the file durably, and date the change when it is in place: a watcher that was told of the new name sees
    /// the time of an existing file change as well.
    pub(crate) fn replace(&self, contents: &[u8]) -> Result<Stamp> {
        let before = self.stamp()?;
        self.0.replace(&[contents])?;
        self.date(before)
    }

    /// Tell that something changed elsewhere: date the file anew, which is created without contents if need be.
    pub(crate) fn signal(&self) -> Result<Stamp> {
        let before = self.stamp()?;
        if before.is_none() {
            match self.0.files().create(self.path()) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(self.0.failed("create", error));
                }
                _ => {}
            }
        }
        self.date(before)
    }

    pub(crate) fn remove(&self) -> Result<()> {
        self.0.remove()
    }

    pub(crate) fn rename(&self, name: &str) -> Result<PathBuf> {
        self.0.rename(name)
    }

    /// Whether a killed process left its temporary file.
    pub(crate) fn has_left_over(&self) -> Result<bool> {
        self.0.has_left_over()
    }

    pub(crate) fn remove_left_over(&self) -> Result<()> {
        self.0.remove_left_over()
    }

    /// Set the time of modification to one that no earlier state had, whatever the clock does.
    fn date(&self, before: Option<Stamp>) -> Result<Stamp> {
        let now = SystemTime::now() + AHEAD;
        let time = before.map_or(now, |before| now.max(before.modified() + STEP));
        self.0.files().set_modified(self.path(), time).map_err(|error| {
            Error::io("the change is done, but other programs may not notice it", error)
                .with_path(self.path())
        })
    }
}

/// Others write in place: the file may be longer by now than its length was.
fn all_of(reader: &mut impl Read, length: u64) -> io::Result<SecretBytes> {
    let mut contents = SecretBytes::new();
    let mut at_most = usize::try_from(length).unwrap_or(0) + 1;
    loop {
        let before = contents.len();
        contents.append_from(reader, at_most)?;
        if contents.len() - before < at_most {
            return Ok(contents);
        }
        at_most = 1 << 16;
    }
}
