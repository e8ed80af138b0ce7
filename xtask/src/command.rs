//! One command line: shown before it runs, and in a form that can be pasted to run it again.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, BufRead, BufReader, PipeReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long the output may stay open after the command itself has ended.
const LINGER: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct Step {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl Step {
    pub(crate) fn new(program: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self { program: program.to_owned(), arguments, environment: Vec::new() }
    }

    /// The arguments are one line, split at spaces.
    pub(crate) fn cargo(line: &str) -> Self {
        Self::new("cargo", &line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    pub(crate) fn args(mut self, more: &[&str]) -> Self {
        self.arguments.extend(more.iter().map(ToString::to_string));
        self
    }

    /// Runs with our own standard output and error.
    pub(crate) fn run(&self) -> Result<(), String> {
        println!("   $ {self}");
        let status = self.command().status().map_err(|error| self.not_started(&error))?;
        succeeded(status)
    }

    /// Runs quietly and returns what it wrote to standard output.
    pub(crate) fn output(&self) -> Result<String, String> {
        let output = self
            .command()
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| self.not_started(&error))?;
        let errors = String::from_utf8_lossy(&output.stderr);
        succeeded(output.status).map_err(|status| format!("`{self}` {status}\n{}", errors.trim_end()))?;
        String::from_utf8(output.stdout).map_err(|_| format!("`{self}` did not write UTF-8"))
    }

    /// Runs without input or output, for a command that leaves a process behind: that one would hold them open.
    pub(crate) fn detached(&self) -> Result<(), String> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().map_err(|error| self.not_started(&error))?;
        succeeded(status).map_err(|status| format!("`{self}` {status}"))
    }

    /// Runs with standard output and error in one stream, as they come; each line is printed and given to `line`.
    pub(crate) fn watch(&self, mut line: impl FnMut(&str)) -> Result<(), String> {
        println!("   $ {self}");
        let (mut child, lines) = self.start_watched().map_err(|error| self.not_started(&error))?;
        let closed = follow(&mut child, &lines, LINGER, |text| {
            println!("{text}");
            line(text);
        });
        let status = child.wait().map_err(|error| error.to_string())?;
        succeeded(status)?;
        closed
            .then_some(())
            .ok_or_else(|| "it ended, but a process it started lives on and holds its output".into())
    }

    fn start_watched(&self) -> io::Result<(Child, Receiver<String>)> {
        let (reader, writer) = io::pipe()?;
        // The command holds our copies of the writing end: it is dropped at the end of this function.
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        Ok((command.spawn()?, lines_of(reader)))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.resolved_program());
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The cargo that runs us, not the first one on the path.
    fn resolved_program(&self) -> OsString {
        let ours = if self.program == "cargo" { std::env::var_os("CARGO") } else { None };
        ours.unwrap_or_else(|| self.program.clone().into())
    }

    fn not_started(&self, error: &io::Error) -> String {
        format!("did not start: `{}`: {error}", self.program)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(&quoted(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn succeeded(status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("ended with {status}")) }
}

fn lines_of(reader: PipeReader) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send(text).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Passes the lines on until the output is closed. `false`: the child has ended and somebody else keeps it open.
fn follow(child: &mut Child, lines: &Receiver<String>, linger: Duration, mut line: impl FnMut(&str)) -> bool {
    let mut ended: Option<Instant> = None;
    loop {
        match lines.recv_timeout(Duration::from_millis(200)) {
            Ok(text) => line(&text),
            Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if ended.is_none() && matches!(child.try_wait(), Ok(Some(_))) {
            ended = Some(Instant::now());
        }
        if ended.is_some_and(|at| at.elapsed() > linger) {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_pasted() {
        let step = Step::new("cargo", &["doc", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(step.to_string(), r"RUSTDOCFLAGS='-D warnings' cargo doc 'it'\''s'");
    }

    #[test]
    fn a_failing_command_is_an_error() {
        assert!(Step::cargo("no-such-command-here").output().is_err());
        assert!(Step::new("no-such-program-here", &[]).run().unwrap_err().contains("did not start"));
    }

    #[test]
    fn watched_output_arrives_line_by_line() {
        let mut seen = Vec::new();
        Step::cargo("--version").watch(|line| seen.push(line.to_owned())).unwrap();
        assert!(matches!(seen.as_slice(), [only] if only.starts_with("cargo ")), "{seen:?}");
    }

    #[test]
    fn output_held_open_after_the_end_is_noticed() {
        let mut child = Command::new("cargo").arg("--version").stdout(Stdio::null()).spawn().unwrap();
        let (sender, receiver) = channel();
        assert!(!follow(&mut child, &receiver, Duration::ZERO, |_| {}));
        drop(sender);
        assert!(follow(&mut child, &receiver, Duration::ZERO, |_| {}));
    }
}
