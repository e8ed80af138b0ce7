//! Windows: the console, without echo.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::windows::io::AsRawHandle,
};

use windows_sys::Win32::System::Console::{
    ENABLE_ECHO_INPUT, ENABLE_LINE_INPUT, ENABLE_PROCESSED_INPUT, GetConsoleMode, ReadConsoleW,
    SetConsoleMode,
};
use zeroize::Zeroizing;

use super::{LONGEST, too_long};

const CTRL_C: u16 = 3;
const LINE_END: [u16; 2] = [13, 10];

pub(super) fn ask_secret(question: &str) -> io::Result<Option<Zeroizing<String>>> {
    let open = |name| OpenOptions::new().read(true).write(true).open(name);
    let (Ok(input), Ok(mut output)) = (open("CONIN$"), open("CONOUT$")) else { return Ok(None) };
    let quiet = Quiet::new(&input)?;
    write!(output, "{question}")?;
    let typed = read(&input);
    drop(quiet);
    writeln!(output)?;
    typed.map(Some)
}

fn read(input: &File) -> io::Result<Zeroizing<String>> {
    let mut typed = Zeroizing::new(vec![0_u16; LONGEST]);
    let mut length = 0;
    // SAFETY: the handle is open, and the buffer is ours and of this length.
    let done = unsafe {
        ReadConsoleW(
            input.as_raw_handle(),
            typed.as_mut_ptr().cast(),
            LONGEST as u32,
            &raw mut length,
            std::ptr::null(),
        )
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    let typed = &typed[..length as usize];
    if typed.contains(&CTRL_C) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let Some(line) = typed.strip_suffix(&LINE_END) else { return Err(too_long()) };
    let mut text = Zeroizing::new(String::with_capacity(3 * LONGEST));
    for c in char::decode_utf16(line.iter().copied()) {
        text.push(c.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what was typed is not text"))?);
    }
    Ok(text)
}

/// A console that does not show what is typed, and takes Ctrl-C for a letter, until this is dropped.
struct Quiet<'a> {
    input: &'a File,
    before: u32,
}

impl<'a> Quiet<'a> {
    fn new(input: &'a File) -> io::Result<Self> {
        let mut before = 0;
        // SAFETY: the handle is open, and the number ours.
        if unsafe { GetConsoleMode(input.as_raw_handle(), &raw mut before) } == 0 {
            return Err(io::Error::last_os_error());
        }
        let quiet = (before | ENABLE_LINE_INPUT) & !(ENABLE_ECHO_INPUT | ENABLE_PROCESSED_INPUT);
        // SAFETY: the handle is open.
        if unsafe { SetConsoleMode(input.as_raw_handle(), quiet) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { input, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and the mode is the one that it had.
        unsafe { SetConsoleMode(self.input.as_raw_handle(), self.before) };
    }
}
