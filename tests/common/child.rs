//! Another process: this test program once more, running one of its functions.
//!
//! That function is marked `#[test]` so that the harness can start it, and returns at once where it was not
//! [called](Call).

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    process::{self, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

const TASK: &str = "SEALED_CACHE_TEST_TASK";
const ARGUMENTS: &str = "SEALED_CACHE_TEST_ARGUMENTS";
/// Before each line that is meant for us: the harness writes to the same pipe.
const MARK: &str = "@ ";

/// Longer than anything here takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A process that runs one function of this program. Dropped: killed.
pub(crate) struct Child {
    process: process::Child,
    said: Receiver<String>,
}

impl Child {
    pub(crate) fn start(task: &str, arguments: &[&str]) -> Self {
        Self::start_by(Command::new(env::current_exe().unwrap()), task, arguments)
    }

    /// Let a shell do something first. What it is given ends in `exec "$@"`.
    pub(crate) fn start_after(script: &str, task: &str, arguments: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-ec", script, "sh"]).arg(env::current_exe().unwrap());
        Self::start_by(shell, task, arguments)
    }

    /// By a command that lacks the arguments of this program only.
    pub(crate) fn start_by(mut command: Command, task: &str, arguments: &[&str]) -> Self {
        let mut process = command
            .args([task, "--exact", "--nocapture", "--include-ignored"])
            .env(TASK, task)
            .env(ARGUMENTS, arguments.join("\n"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, said) = mpsc::channel();
        thread::spawn(move || {
            let ours =
                lines.map_while(Result::ok).filter_map(|line| line.strip_prefix(MARK).map(str::to_owned));
            ours.for_each(|line| sender.send(line).unwrap_or_default());
        });
        Self { process, said }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it says; `None` when it has ended.
    pub(crate) fn hear(&self) -> Option<String> {
        match self.said.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the other process says nothing"),
        }
    }

    pub(crate) fn expect(&self, line: &str) {
        assert_eq!(self.hear().as_deref(), Some(line));
    }

    /// Everything that it has said and nobody has heard, after its end.
    pub(crate) fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.hear()).collect()
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// End it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// It ends by itself, and well.
    pub(crate) fn ends(mut self) {
        assert!(self.wait().success(), "the other process failed");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Seen from the other process: what it was started for.
pub(crate) struct Call(Vec<String>);

impl Call {
    /// `None` if this is no other process, or one that runs another function.
    pub(crate) fn of(task: &str) -> Option<Self> {
        (env::var(TASK).ok()? == task)
            .then(|| Self(env::var(ARGUMENTS).unwrap().split('\n').map(str::to_owned).collect()))
    }

    pub(crate) fn argument(&self, number: usize) -> &str {
        &self.0[number]
    }

    pub(crate) fn number(&self, number: usize) -> u32 {
        self.argument(number).parse().unwrap()
    }

    pub(crate) fn say(&self, line: impl std::fmt::Display) {
        // In one piece. The harness may be in the middle of a line.
        let line = format!("\n{MARK}{line}\n");
        io::stdout().write_all(line.as_bytes()).unwrap();
    }

    /// Wait to be told a line.
    pub(crate) fn hear(&self) -> String {
        let mut line = String::new();
        io::stdin().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
