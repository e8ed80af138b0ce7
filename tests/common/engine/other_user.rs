//! Databases that refuse to run as root: as the user that their package has made.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The words before a command that is to run as this user, where this is root; none elsewhere.
pub(crate) fn instead_of_root(user: &str) -> Vec<String> {
    if !is_root() {
        return Vec::new();
    }
    let group = said(&run(["id", "-g", user]));
    ["setpriv", "--reuid", user, "--regid", &group, "--clear-groups", "--"].map(str::to_owned).to_vec()
}

/// Let the folder be that user's.
pub(crate) fn give_away(folder: &Path, user: &str) {
    if is_root() {
        assert!(Command::new("chown").arg(user).arg(folder).status().unwrap().success());
    }
}

fn is_root() -> bool {
    said(&run(["id", "-u"])) == "0"
}

/// A command that must succeed.
#[track_caller]
pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(words: impl IntoIterator<Item = A>) -> Output {
    let mut words = words.into_iter();
    let mut command = Command::new(words.next().unwrap());
    let output = command.args(words).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Processes that this one has started, and itself.
pub(crate) fn family(number: u32) -> Vec<u32> {
    let children = Command::new("ps").args(["-o", "pid=", "--ppid", &number.to_string()]).output().unwrap();
    let children = said(&children);
    std::iter::once(number).chain(children.split_whitespace().map(|child| child.parse().unwrap())).collect()
}

/// To all of these processes; those that have ended do not count.
pub(crate) fn signal_all(signal: &str, numbers: &[u32]) {
    let numbers: Vec<_> = numbers.iter().map(u32::to_string).collect();
    let line = format!("kill -{signal} {} 2>/dev/null", numbers.join(" "));
    let _ = Command::new("sh").args(["-c", &line]).status().unwrap();
}

/// After `STOP`: wait until all their threads have stopped. Until the signal has reached it, one may still answer.
pub(crate) fn wait_until_stopped(numbers: &[u32]) {
    let begun = Instant::now();
    while !numbers.iter().all(|number| has_stopped(*number)) {
        assert!(begun.elapsed() < Duration::from_secs(60), "they do not stop");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Or ended.
fn has_stopped(number: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{number}/task")) else { return true };
    threads.map_while(Result::ok).all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // Behind the name, which is in brackets: the state.
        let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
        state.is_empty() || state.starts_with(['T', 'Z', 'X'])
    })
}
