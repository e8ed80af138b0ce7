//! The terminal that a person sits at: asking for a secret, which is not shown while it is typed.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(any(unix, windows)), path = "unsupported.rs")]
mod system;

use std::io;

use zeroize::Zeroizing;

/// Ask the person at the terminal of this process for a secret, wherever standard input and output lead. `None` if there
/// is no terminal.
///
/// # Errors
///
/// `Interrupted` if the person pressed Ctrl-C, `UnexpectedEof` for the end of the input, `InvalidData` for what is not
/// text; else what the terminal said.
pub fn ask_secret(question: &str) -> io::Result<Option<Zeroizing<String>>> {
    system::ask_secret(question)
}

/// More than anybody types, so that the buffer never moves and leaves a copy behind.
#[cfg_attr(not(any(unix, windows)), expect(dead_code, reason = "there nobody can be asked"))]
const LONGEST: usize = 4096;

#[cfg_attr(not(any(unix, windows)), expect(dead_code, reason = "there nobody can be asked"))]
fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what was typed is too long")
}
