//! A Redis of its own for each test: on loopback, with its own port, folder and settings.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    certificates::Certificates,
    server::{Server, free_port},
};

/// Longer than a start takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who the harness is, whatever a test does to the other users.
const ADMIN: [&str; 3] = ["--user", "harness", "--pass"];
const PASSWORD: &str = "of-the-harness";

pub(crate) struct Redis {
    server: Option<Server>,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    /// Whether it counts as started while it loads what it had kept.
    may_load: bool,
}

impl Redis {
    /// Empty, keeping nothing on disk.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// One that keeps what it acknowledged: every write is in its append-only file before the answer.
    pub(crate) fn durable() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// With these words on its command line.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("sealed-cache-redis-").tempdir().unwrap();
        let settings = settings.iter().copied().map(str::to_owned).collect();
        let mut redis = Self { server: None, folder, port: 0, settings, may_load: false };
        while redis.server.is_none() {
            redis.port = free_port();
            redis.server = redis.try_start();
        }
        redis
    }

    /// One that speaks TLS on another port.
    pub(crate) fn with_tls(certificates: &Certificates) -> Self {
        let [issuer, certificate, key] = certificates.of(None);
        let files = ["--tls-ca-cert-file", &issuer, "--tls-cert-file", &certificate, "--tls-key-file", &key];
        Self::start_with(&[&files[..], &["--tls-auth-clients", "no"]].concat())
    }

    /// A part of a cluster, without slots and knowing no other part.
    pub(crate) fn of_cluster_without_slots() -> Self {
        Self::start_with(&["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"])
    }

    /// The same with these slots of the 16384.
    pub(crate) fn of_cluster(first: &str, last: &str) -> Self {
        let redis = Self::of_cluster_without_slots();
        redis.ask(&["CLUSTER", "ADDSLOTSRANGE", first, last]);
        redis.until("CLUSTER", "INFO", "cluster_state:ok");
        redis
    }

    /// Let it know another part, and that one know it.
    pub(crate) fn meet(&self, other: &Self) {
        let nodes = other.ask(&["CLUSTER", "NODES"]);
        let (_, bus) = nodes.split(' ').nth(1).and_then(|address| address.split_once('@')).unwrap();
        self.ask(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string(), bus]);
        for part in [self, other] {
            part.until("CLUSTER", "INFO", "cluster_known_nodes:2");
            part.until("CLUSTER", "INFO", "cluster_slots_assigned:16384");
        }
    }

    fn until(&self, command: &str, part: &str, wanted: &str) {
        let begun = Instant::now();
        while !self.ask(&[command, part]).contains(wanted) {
            assert!(begun.elapsed() < PATIENCE, "no {wanted}: {}", self.ask(&[command, part]));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// `None` if somebody else has the port now.
    fn try_start(&self) -> Option<Server> {
        let (folder, port) = (self.folder.path().to_str().unwrap(), self.port.to_string());
        let user = format!("--user harness on >{PASSWORD} ~* &* +@all");
        let ours = ["redis-server", "--bind", "127.0.0.1", "--port", &port, "--dir", folder, "--save", ""];
        let mut words: Vec<_> = ours.into_iter().map(str::to_owned).collect();
        words.extend(user.split(' ').map(str::to_owned));
        words.extend(self.settings.iter().cloned());
        for (with, port) in [("--cluster-enabled", "--cluster-port"), ("--tls-cert-file", "--tls-port")] {
            if self.settings.iter().any(|word| word == with) {
                words.extend([port.to_owned(), free_port().to_string()]);
            }
        }
        let server = Server::start(&self.log(), words);
        let begun = Instant::now();
        while !self.is_answered_by(&server) {
            if server.has_ended() {
                assert!(self.said().contains("Address already in use"), "it does not start: {}", self.said());
                return None;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not start: {}", self.said());
            thread::sleep(Duration::from_millis(5));
        }
        Some(server)
    }

    /// Somebody else's Redis could be on that port.
    fn is_answered_by(&self, server: &Server) -> bool {
        let said = self.run(&["INFO", "everything"]);
        let has = |wanted: &str| said.lines().any(|line| line.trim_end() == wanted);
        has(&format!("process_id:{}", server.number())) && (self.may_load || has("loading:0"))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn tls_port(&self) -> String {
        let said = self.ask(&["CONFIG", "GET", "tls-port"]);
        said.lines().nth(1).expect("the value comes after the name").to_owned()
    }

    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        format!("redis://{user}:{password}@127.0.0.1:{}/", self.port)
    }

    /// What it answers to a command, which must not be an error.
    #[track_caller]
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        let output = self.command(command);
        let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// The same where it may be an error.
    pub(crate) fn run(&self, command: &[&str]) -> String {
        let Output { stdout, stderr, .. } = self.command(command);
        format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
    }

    fn command(&self, command: &[&str]) -> Output {
        let port = self.port.to_string();
        let mut cli = Command::new("redis-cli");
        cli.args(["-e", "-h", "127.0.0.1", "-p", &port, "--no-auth-warning"]).args(ADMIN).arg(PASSWORD);
        cli.args(command).output().unwrap()
    }

    /// Stop its process: it neither answers nor ends. Dropped: it goes on.
    pub(crate) fn pause(&self) -> Pause<'_> {
        self.server().signal("STOP");
        Pause(self.server())
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.server().signal("KILL");
        self.server = None;
    }

    /// After [`kill`](Self::kill): on the same port, with what is in its folder.
    pub(crate) fn restart(&mut self) {
        assert!(self.server.is_none(), "it is running");
        let begun = Instant::now();
        while self.server.is_none() {
            // Somebody may have taken the port for a connection of theirs meanwhile.
            assert!(begun.elapsed() < PATIENCE, "the port is not free any more");
            thread::sleep(Duration::from_millis(5));
            self.server = self.try_start();
        }
    }

    /// The same without what it had kept.
    pub(crate) fn restart_empty(&mut self) {
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        }
        self.restart();
    }

    /// After [`kill`](Self::kill), with much to load: it answers that it is loading, until `key-load-delay` is set to 0.
    pub(crate) fn restart_slowly(&mut self) {
        let delay = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"];
        self.settings.extend(delay.map(str::to_owned));
        self.may_load = true;
        self.restart();
        assert!(self.ask(&["INFO", "persistence"]).contains("loading:1"), "it has loaded already");
    }

    /// Break the connections of all clients, subscribers included.
    pub(crate) fn break_connections(&self) {
        self.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        self.ask(&["CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes"]);
    }

    /// How many clients are connected, the harness left out.
    pub(crate) fn clients(&self) -> usize {
        self.ask(&["CLIENT", "LIST"]).lines().filter(|client| !client.contains("user=harness")).count()
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it was killed")
    }
}

pub(crate) struct Pause<'a>(&'a Server);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.signal("CONT");
    }
}
