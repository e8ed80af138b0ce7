//! A server that belongs to a test: it ends with it, also if the test is killed.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Starts the server, tells its number, and ends it, with what it has started, when nobody holds the other end of the pipe any
/// more.
const KEEPER: &str = r#"
    log=$1; shift
    "$@" >>"$log" 2>&1 </dev/null & server=$!
    echo $server
    cat >/dev/null
    kill -KILL $(pgrep -P $server) $server 2>/dev/null
    wait $server 2>/dev/null
"#;

/// A running program, and the shell that ends it. Dropped: killed.
pub(crate) struct Server {
    keeper: Child,
    number: u32,
}

impl Server {
    /// The program and its arguments. What it says goes to the log.
    pub(crate) fn start<A: AsRef<OsStr>>(log: &Path, command: impl IntoIterator<Item = A>) -> Self {
        File::options().create(true).append(true).open(log).unwrap();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(log)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { keeper, number: line.trim().parse().unwrap() }
    }

    /// The number of its process.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// `STOP`, `CONT`, `TERM`, `KILL`.
    pub(crate) fn signal(&self, signal: &str) {
        let line = format!("kill -{signal} {}", self.number);
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success(), "{line}");
    }

    /// Whether it has ended, by itself or by a signal.
    pub(crate) fn has_ended(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.number)).unwrap_or_default();
        // Behind the name, which is in brackets: the state. Until its keeper looks, it is a zombie.
        stat.rsplit(')').next().is_none_or(|rest| rest.trim().is_empty() || rest.trim().starts_with('Z'))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A port that nobody has at this moment. Somebody may take it before the server does: then start again with another.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
