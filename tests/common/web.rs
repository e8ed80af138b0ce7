//! Nodes of the example `web_app`, as processes, and the identity provider that they share, in this one.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    example::example,
    identity_provider::{IdentityProvider, Settings},
};

#[cfg(unix)]
use crate::server::Server as Process;

/// Longer than a start takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A provider and a key for all nodes.
pub(crate) struct Site {
    pub(crate) provider: IdentityProvider,
    nodes: AtomicUsize,
    folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(provider: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), [7; 32]).unwrap();
        Self { provider: IdentityProvider::start(provider).unwrap(), nodes: AtomicUsize::new(0), folder }
    }

    /// One more node. `SITE` in the name of its store is the folder of this site.
    pub(crate) fn node(&self, store: &str) -> Node {
        self.node_with(store, &[])
    }

    /// The same with these options as well.
    pub(crate) fn node_with(&self, store: &str, more: &[&str]) -> Node {
        let folder = self.folder.path().to_str().unwrap();
        let (key, store) = (format!("{folder}/key"), store.replace("SITE", folder));
        let provider = self.provider.url();
        let program = example("web_app");
        let options =
            ["--listen", "127.0.0.1:0", "--store", &store, "--key-file", &key, "--provider", provider];
        let words = [&[program.to_str().unwrap()], &options[..], more].concat();
        let log = self.folder.path().join(format!("log-{}", self.nodes.fetch_add(1, Ordering::Relaxed)));
        let process = Process::start(&log, &words);
        Node { url: url(&log), log, _process: process }
    }
}

/// As the node tells it, in its first line.
fn url(log: &Path) -> String {
    let begun = Instant::now();
    loop {
        let said = fs::read_to_string(log).unwrap_or_default();
        if let Some((line, _)) = said.split_once('\n') {
            let url = line.strip_prefix("listening on ").and_then(|rest| rest.split(' ').next());
            return url.unwrap_or_else(|| panic!("it does not start: {said}")).to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "it does not start: {said:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Ends when it is dropped.
pub(crate) struct Node {
    pub(crate) url: String,
    log: PathBuf,
    _process: Process,
}

impl Node {
    /// What it has said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

/// Where there is no shell, it outlives a test that is killed.
#[cfg(not(unix))]
struct Process(std::process::Child);

#[cfg(not(unix))]
impl Process {
    fn start(log: &Path, words: &[&str]) -> Self {
        let log = fs::File::create(log).unwrap();
        let mut command = std::process::Command::new(words[0]);
        command.args(&words[1..]).stderr(log.try_clone().unwrap()).stdout(log);
        Self(command.spawn().unwrap())
    }
}

#[cfg(not(unix))]
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
