//! Unix: `/dev/tty`, byte by byte and without echo. Ctrl-C is a byte like any other meanwhile, so that the terminal is
//! never left without its echo.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    mem,
    os::fd::AsRawFd,
};

use zeroize::Zeroizing;

use super::{LONGEST, too_long};

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_U: u8 = 21;
const BACKSPACE: [u8; 2] = [8, 127];

pub(super) fn ask_secret(question: &str) -> io::Result<Option<Zeroizing<String>>> {
    let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let quiet = Quiet::new(&terminal)?;
    write!(terminal, "{question}")?;
    let typed = read(&mut terminal);
    drop(quiet);
    writeln!(terminal)?;
    typed.map(Some)
}

fn read(terminal: &mut File) -> io::Result<Zeroizing<String>> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let mut byte = Zeroizing::new([0_u8]);
        if terminal.read(&mut *byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match byte[0] {
            b'\r' | b'\n' => break,
            CTRL_C => return Err(io::ErrorKind::Interrupted.into()),
            CTRL_D => return Err(io::ErrorKind::UnexpectedEof.into()),
            CTRL_U => typed.clear(),
            byte if BACKSPACE.contains(&byte) => remove_last(&mut typed),
            _ if typed.len() == LONGEST => return Err(too_long()),
            byte => typed.push(byte),
        }
    }
    let text = String::from_utf8(mem::take(&mut *typed));
    text.map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8")
    })
}

/// A whole character: those beyond ASCII have more than a byte.
fn remove_last(typed: &mut Vec<u8>) {
    while let Some(byte) = typed.pop() {
        if byte & 0b1100_0000 != 0b1000_0000 {
            break;
        }
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Quiet {
    terminal: File,
    before: libc::termios,
}

impl Quiet {
    fn new(terminal: &File) -> io::Result<Self> {
        let terminal = terminal.try_clone()?;
        // SAFETY: the structure is plain data, for which zeros are valid.
        let mut before: libc::termios = unsafe { mem::zeroed() };
        // SAFETY: the file is open, and the structure ours.
        if unsafe { libc::tcgetattr(terminal.as_raw_fd(), &raw mut before) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let mut quiet = before;
        quiet.c_lflag &= !(libc::ECHO | libc::ECHONL | libc::ICANON | libc::ISIG);
        quiet.c_cc[libc::VMIN] = 1;
        quiet.c_cc[libc::VTIME] = 0;
        set(&terminal, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = set(&self.terminal, &self.before);
    }
}

fn set(terminal: &File, how: &libc::termios) -> io::Result<()> {
    // SAFETY: the file is open, and the structure was filled by `tcgetattr`.
    if unsafe { libc::tcsetattr(terminal.as_raw_fd(), libc::TCSAFLUSH, how) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backspace_takes_a_whole_character() {
        let mut typed = "aß€".as_bytes().to_vec();
        remove_last(&mut typed);
        assert_eq!(typed, "aß".as_bytes());
        remove_last(&mut typed);
        remove_last(&mut typed);
        remove_last(&mut typed);
        assert!(typed.is_empty());
    }
}
