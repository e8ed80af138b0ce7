//! Printing: text for people, JSON for scripts, colour on a terminal only, progress on standard error.

use std::{
    env, fmt,
    io::{IsTerminal, Write, stderr, stdout},
};

use serde::Serialize;

use crate::{failure::Failure, options::ColorChoice};

/// The version of the JSON: a field that goes, or changes what it means, makes it another one.
const VERSION: u32 = 1;

#[derive(Debug)]
pub(crate) struct Output {
    is_json: bool,
    color: bool,
    error_color: bool,
}

/// A result that can be printed as text; as JSON it is what it serializes to.
pub(crate) trait Shown: Serialize {
    fn show(&self, page: &mut Page);
}

#[derive(Serialize)]
struct Envelope<'a, R> {
    version: u32,
    command: &'static str,
    #[serde(flatten)]
    result: &'a R,
}

impl Output {
    pub(crate) fn new(is_json: bool, color: ColorChoice) -> Self {
        let wanted = |is_terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        Self { is_json, color: wanted(stdout().is_terminal()), error_color: wanted(stderr().is_terminal()) }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.is_json
    }

    /// The result of a command, as it was asked for.
    pub(crate) fn result(&self, command: &'static str, result: &impl Shown) -> Result<(), Failure> {
        if self.is_json {
            return self.json(command, result);
        }
        let mut page = Page { text: String::new(), color: self.color };
        result.show(&mut page);
        print(page.text.as_bytes())
    }

    /// On one line for each call, so that a script can read a stream of them.
    pub(crate) fn json(&self, command: &'static str, result: &impl Serialize) -> Result<(), Failure> {
        let envelope = Envelope { version: VERSION, command, result };
        let mut text = serde_json::to_vec(&envelope).map_err(|error| Failure::Output(error.into()))?;
        text.push(b'\n');
        print(&text)
    }

    pub(crate) fn error(&self, message: &str) {
        let (begin, end) = if self.error_color { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
        eprintln!("{begin}error:{end} {message}");
    }

    pub(crate) fn warning(&self, message: &str) {
        let (begin, end) = if self.error_color { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
        eprintln!("{begin}warning:{end} {message}");
    }

    /// What is being done, shown until the result is dropped: to a person at a terminal only.
    pub(crate) fn progress(&self, what: &str) -> Progress {
        let is_shown = !self.is_json && stderr().is_terminal();
        if is_shown {
            eprint!("{what} ..");
        }
        Progress(is_shown)
    }
}

pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = stdout().lock();
    output.write_all(bytes).and_then(|()| output.flush()).map_err(Failure::Output)
}

/// A line that is taken away again.
#[derive(Debug)]
#[must_use = "it is gone when this is dropped"]
pub(crate) struct Progress(bool);

impl Drop for Progress {
    fn drop(&mut self) {
        if self.0 {
            eprint!("\r\x1b[K");
            let _ = stderr().flush();
        }
    }
}

/// The text of a result.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    color: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Strong,
    Good,
    Warning,
    Bad,
    Dim,
}

impl Page {
    pub(crate) fn line(&mut self, line: impl fmt::Display) {
        self.text += &format!("{line}\n");
    }

    pub(crate) fn empty_line(&mut self) {
        self.text.push('\n');
    }

    /// The text in this style; the same text where there is no colour.
    pub(crate) fn styled(&self, style: Style, text: impl fmt::Display) -> String {
        let code = match style {
            Style::Strong => "1",
            Style::Good => "32",
            Style::Warning => "33",
            Style::Bad => "31",
            Style::Dim => "2",
        };
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    /// A name and what is to be said of it, in two columns.
    pub(crate) fn field(&mut self, name: &str, value: impl fmt::Display) {
        let name = self.styled(Style::Dim, format!("{name:<12}"));
        self.line(format!("{name}{value}"));
    }
}
