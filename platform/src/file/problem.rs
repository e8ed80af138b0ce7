//! [`Problem`]: why a file or folder must not be used, and how to mend it.

use std::{error::Error, fmt, io, path::Path};

/// Why a file or folder must not be used. Its text goes on after the name of the thing: "is a symbolic link".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is a symbolic link, which could lead anywhere.
    SymbolicLink,
    /// It is a device, a pipe or a socket.
    NotAFile,
    /// It has a second name, so that a change of it would be one of another file as well.
    SecondName,
    /// It belongs to the user of this id, not to the one the program runs as.
    OtherOwner {
        /// The owner's user id.
        owner: u32,
        /// The user id that the program runs as.
        us: u32,
    },
    /// Others may write it; the mode bits as in `chmod`.
    WritableByOthers(u32),
    /// Others may read or write it; the mode bits as in `chmod`.
    OpenToOthers(u32),
    /// On Windows: it belongs to the account of this identifier, which is neither this user nor the system.
    OtherAccount(String),
    /// On Windows: this group of everybody may write it.
    WritableByGroup(&'static str),
    /// On Windows: this group of everybody may read or write it.
    OpenToGroup(&'static str),
}

impl Problem {
    /// Whether it is that the thing belongs to somebody else.
    #[must_use]
    pub const fn is_other_owner(&self) -> bool {
        matches!(self, Self::OtherOwner { .. } | Self::OtherAccount(_))
    }

    /// Whether only the group of the owner may write it too: so a umask of 002 has it, where each user has a group of
    /// one's own.
    #[must_use]
    pub const fn is_writable_by_own_group_only(&self) -> bool {
        matches!(self, Self::WritableByOthers(mode) if *mode & 0o002 == 0)
    }

    /// The problem inside an error of this module, if the error is that the path is not a plain file.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// What a person can do about it, for the thing at this path.
    #[must_use]
    pub fn remedy(&self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::SymbolicLink => format!("remove the link, or name the folder it leads to: ls -l '{path}'"),
            Self::NotAFile => format!("move it away: ls -l '{path}'"),
            Self::SecondName => format!("remove this name of it: rm '{path}'"),
            Self::OtherOwner { us, .. } => format!(
                "was the program once run with sudo? give it back with `sudo chown -R {us} '{path}'`, or name another folder"
            ),
            Self::WritableByOthers(_) => {
                format!("close it with `chmod go-w '{path}'`, or name another folder")
            }
            Self::OpenToOthers(_) => format!("close it with `chmod go-rwx '{path}'`"),
            Self::OtherAccount(_) => {
                format!(
                    "was the program once run as another user? take it over with `takeown /r /f \"{path}\"`, or name another folder"
                )
            }
            Self::WritableByGroup(_) => format!(
                "close it with `icacls \"{path}\" /inheritance:r /grant:r \"%USERNAME%:(OI)(CI)F\" *S-1-5-18:(OI)(CI)F`, or name \
                 another folder"
            ),
            Self::OpenToGroup(_) => {
                format!(
                    "close it with `icacls \"{path}\" /inheritance:r /grant:r \"%USERNAME%:F\" *S-1-5-18:F`"
                )
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SymbolicLink => f.write_str("is a symbolic link, which is not followed"),
            Self::NotAFile => f.write_str("is not a plain file"),
            Self::SecondName => f.write_str("has a second name (a hard link), and is not written"),
            Self::OtherOwner { owner, us } => {
                write!(f, "belongs to user id {owner}, and this program runs as user id {us}")
            }
            Self::WritableByOthers(mode) => write!(f, "can be written by other users (mode {mode:04o})"),
            Self::OpenToOthers(mode) => write!(f, "is open to other users (mode {mode:04o})"),
            Self::OtherAccount(identifier) => write!(f, "belongs to another account ({identifier})"),
            Self::WritableByGroup(group) => write!(f, "can be written by {group}"),
            Self::OpenToGroup(group) => write!(f, "is open to {group}"),
        }
    }
}

impl Error for Problem {}

impl From<Problem> for io::Error {
    fn from(problem: Problem) -> Self {
        Self::other(problem)
    }
}
