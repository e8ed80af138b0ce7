//! What becomes of a lock file that exists only while somebody has the lock: who creates it, has it.

use std::{fs::File, io};

/// What became of the attempt to create such a file.
#[derive(Debug)]
pub enum Creation {
    /// It did not exist: now it is ours.
    Created(File),
    /// It exists.
    Exists,
    /// The system refused in a way that means either that the file is just being deleted, or that it may not be created
    /// at all. Which of them it is, only time can tell: this is the error should it stay so.
    Unclear(io::Error),
}

/// What became of the attempt to open such a file in order to take it over.
#[derive(Debug)]
pub enum Existing {
    /// It is open. Whether somebody has it locked is not known yet.
    Opened(File),
    /// Somebody has it open in a way that excludes us.
    Busy,
    /// It does not exist any more.
    Gone,
}
