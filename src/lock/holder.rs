//! Who holds a lock, as recorded in the lock file: for error messages only, never a proof.

use std::{
    fmt,
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process,
    sync::OnceLock,
};

use sealed_cache_platform::file;

/// The record is written in one go and always of this length, so that a shorter name leaves no rest of a longer one.
const RECORD: usize = 96;

/// The process that last took a lock: its id and the name of its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    process: u32,
    program: String,
}

impl Holder {
    /// The process id, as seen by that process: in a container it may be another one than seen from here.
    #[must_use]
    pub const fn process(&self) -> u32 {
        self.process
    }

    /// The file name of its program.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Whether it is this very process.
    #[must_use]
    pub fn is_this_process(&self) -> bool {
        self.process == process::id()
    }

    /// What the lock file says, if it says anything.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let mut text = String::new();
        file::open_to_read(path).ok()??.take(RECORD as u64).read_to_string(&mut text).ok()?;
        let (process, program) = text.trim_end().split_once(' ')?;
        Some(Self { process: process.parse().ok()?, program: program.to_owned() })
    }

    /// Record this process. A full disk must not make locking impossible, so a failure is no failure.
    pub(super) fn record(file: &mut File) {
        let record = record_of(process::id(), program_name());
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&record));
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_this_process() {
            return write!(f, "this very process ({}, pid {})", self.program, self.process);
        }
        write!(f, "{} (pid {})", self.program, self.process)
    }
}

/// The process and its program, filled up with spaces, and a line feed.
fn record_of(process: u32, program: &str) -> [u8; RECORD] {
    let mut record = [b' '; RECORD];
    record[RECORD - 1] = b'\n';
    let mut rest = &mut record[..RECORD - 1];
    // What does not fit is left away, whole characters at a time. A name is no place for control characters.
    for c in format!("{process} {program}").chars().map(|c| if c.is_control() { '?' } else { c }) {
        if c.len_utf8() > rest.len() {
            break;
        }
        let (place, after) = rest.split_at_mut(c.len_utf8());
        c.encode_utf8(place);
        rest = after;
    }
    record
}

/// The file name of this program.
pub(super) fn program_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let program = std::env::current_exe().ok().or_else(|| std::env::args_os().next().map(PathBuf::from));
        let name = program.as_deref().and_then(Path::file_name);
        name.map_or_else(|| "an unknown program".to_owned(), |name| name.to_string_lossy().into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_length_whatever_the_name() {
        for name in ["short", &"x".repeat(300), &"ü".repeat(300), "", "bell\u{7}"] {
            let record = record_of(4_294_967_295, name);
            let text = std::str::from_utf8(&record).expect("whole characters");
            assert!(text.starts_with("4294967295 ") && text.ends_with('\n'), "{text:?}");
            assert_eq!(text.chars().filter(|c| c.is_control()).count(), 1, "{text:?}");
        }
        let expected = format!("1 {} \n", "ü".repeat(46));
        assert_eq!(record_of(1, &"ü".repeat(300)), *expected.as_bytes(), "no half of a character");
    }
}
