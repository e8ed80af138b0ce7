//! [`LockState`]: who has a lock, for people and programs that only look.

use std::{fmt, time::Duration};

/// Who has a lock, as far as looking at it tells. It may be another a moment later: only taking a lock proves anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockState {
    /// Nobody has it.
    Free,
    /// Somebody has it.
    Held {
        /// The process that recorded itself, if one did and it can be read.
        process: Option<u32>,
        /// Its program (or its machine, where it is the lock of a folder); empty if it is not recorded.
        name: String,
        /// How long ago the lock file was written, by the clock of the wall.
        since: Duration,
    },
    /// Nobody has it any more, but its file is there: whoever wants the lock takes it over, now or in a few seconds.
    LeftBehind {
        /// The process that has ended, if one recorded itself.
        process: Option<u32>,
        /// Its program; empty if it is not recorded.
        name: String,
        /// How long ago the lock file was written.
        since: Duration,
        /// After what time, counted from now, it may be taken over.
        wait: Duration,
    },
}

impl LockState {
    /// The program and its process, for people: `az (pid 42)`.
    #[must_use]
    pub fn holder(&self) -> Option<String> {
        match self {
            Self::Free => None,
            Self::Held { process, name, .. } | Self::LeftBehind { process, name, .. } => match process {
                Some(process) if name.is_empty() => Some(format!("pid {process}")),
                Some(process) => Some(format!("{name} (pid {process})")),
                None => None,
            },
        }
    }
}

impl fmt::Display for LockState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.holder().unwrap_or_else(|| "a program that does not say who it is".to_owned());
        match self {
            Self::Free => f.write_str("nobody has it"),
            Self::Held { .. } => write!(f, "held by {who}"),
            Self::LeftBehind { .. } => write!(f, "left behind by {who}"),
        }
    }
}
