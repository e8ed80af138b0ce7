//! Files and folders that belong to one user alone: opened without following links, created closed to others,
//! replaced in one step.

mod exclusive;
mod problem;
mod stamp;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(any(unix, windows)), path = "unsupported.rs")]
mod system;

pub use exclusive::{Creation, Existing};
pub use problem::Problem;
pub use stamp::Stamp;
pub use system::{
    check_folder, create_exclusive, create_private, create_private_folders, is_in_use, lock_exclusive,
    lock_record, open_exclusive, open_lock_file, open_to_read, release_exclusive, remove, replace,
    set_modified, stamp, stamp_of, sync_folder, take_over,
};

use std::{
    fs::File,
    io::{self, Read},
};

/// A file that was opened to be read, and what the system said of it when it was.
#[derive(Debug)]
pub struct Opened {
    file: File,
    stamp: Stamp,
    owner: Option<Problem>,
    readers: Option<Problem>,
}

impl Opened {
    /// The state of the very file that is open.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Why it is not this user's file, if it is not.
    #[must_use]
    pub const fn other_owner(&self) -> Option<&Problem> {
        self.owner.as_ref()
    }

    /// Why it is not this user's alone, if it is not: the owner, or who else may read or write it.
    #[must_use]
    pub const fn not_private(&self) -> Option<&Problem> {
        match &self.owner {
            Some(owner) => Some(owner),
            None => self.readers.as_ref(),
        }
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}
