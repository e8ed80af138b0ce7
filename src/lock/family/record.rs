//! What the members of the family write into a lock file to say who they are.

use std::{fmt, process};

use super::super::holder::program_name;

/// Which lock it is, by which its record differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The lock of one file: `PID PROGRAM`.
    OfFile,
    /// The lock of a folder, which is Java's: `PID HOST`.
    OfFolder,
}

/// Who wrote a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) process: u32,
    /// The program or the host, as its form has it. It may be empty.
    pub(super) name: String,
}

/// No more of a name is shown.
const LONGEST_NAME: usize = 80;

impl Record {
    /// What this process writes.
    pub(super) fn ours(form: Form) -> Self {
        let name = match form {
            Form::OfFile => shown(program_name()),
            Form::OfFolder => sealed_cache_platform::process::host_name().unwrap_or_else(|| "unknown".into()),
        };
        Self { process: process::id(), name }
    }

    /// Read `PID`, `PID NAME` or `{PID} {NAME}`, after a byte order mark or not, and up to the end of the line. What
    /// comes behind is what is left of an older and longer record. `None` if there is no process id.
    pub(super) fn parse(bytes: &[u8], form: Form) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.trim_start_matches(['\u{feff}', '\0']).lines().next()?.trim();
        let braced = line.starts_with('{');
        let line = line.trim_start_matches('{');
        let (digits, rest) = line.split_at(line.find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len()));
        let process = digits.parse().ok().filter(|process| *process > 0)?;
        let rest = if braced { inside(rest.trim_start_matches('}')) } else { rest };
        let name = match form {
            Form::OfFile => shown(rest.trim()),
            Form::OfFolder => rest.split_whitespace().next().unwrap_or_default().to_owned(),
        };
        Some(Self { process, name })
    }

    pub(super) fn is_this_process(&self) -> bool {
        self.process == process::id()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, name } = self;
        if name.is_empty() { write!(f, "pid {process}") } else { write!(f, "{name} (pid {process})") }
    }
}

/// What is between braces.
fn inside(text: &str) -> &str {
    let text = text.trim_start();
    let text = text.strip_prefix('{').unwrap_or(text);
    text.split('}').next().unwrap_or_default()
}

/// A program by its file name alone: a path tells more than it has to.
fn shown(program: &str) -> String {
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().take(LONGEST_NAME).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(text: &str) -> Option<(u32, String)> {
        Record::parse(text.as_bytes(), Form::OfFile).map(|record| (record.process, record.name))
    }

    #[test]
    fn every_form_of_the_family_is_read() {
        for (text, process, name) in [
            ("123 /usr/bin/az", 123, "az"),
            ("\u{feff}123 dotnet\n", 123, "dotnet"),
            ("\u{feff}123 dotnet\r\n", 123, "dotnet"),
            ("123", 123, ""),
            ("{123} {/home/a/go program}", 123, "go program"),
            ("123 C:\\Program Files\\a b.exe", 123, "a b.exe"),
        ] {
            assert_eq!(of_file(text), Some((process, name.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn what_is_left_of_an_older_record_is_not_a_part_of_it() {
        assert_eq!(of_file("{12} {a}7} {longer}"), Some((12, "a".into())));
        assert_eq!(of_file("\u{feff}12 a\nlonger\n"), Some((12, "a".into())));
    }

    #[test]
    fn where_no_process_is_named_there_is_no_record() {
        for text in ["", "\u{feff}", " ", "abc", "{} {}", "0 a", "-5", "4294967296", "\0\0\0", "{\"a\":1}"] {
            assert_eq!(of_file(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_folder_names_a_host() {
        let record = Record::parse(b"77 box.example.test", Form::OfFolder).unwrap();
        assert_eq!((record.process, record.name.as_str()), (77, "box.example.test"));
    }

    #[test]
    fn a_name_is_shown_without_control_characters_and_not_at_any_length() {
        assert_eq!(of_file("1 \u{1b}[31mred"), Some((1, "?[31mred".into())));
        assert_eq!(of_file(&format!("1 {}", "x".repeat(5000))).unwrap().1.len(), LONGEST_NAME);
    }
}
