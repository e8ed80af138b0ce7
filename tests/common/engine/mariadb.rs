//! A MariaDB of its own for each test: on loopback, with its own port, folder and settings.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    certificates::Certificates,
    other_user::{give_away, instead_of_root, run, said, wait_until_stopped},
    server::{Server, free_port},
};

/// Longer than a start takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// The package with no more than the programs makes no user.
const USER: &str = "nobody";
/// Root has it on the path, others have not.
const PROGRAM: &str = "/usr/sbin/mariadbd";
/// Small ones: it is for one test.
const OURS: [&str; 5] = [
    "--bind-address=127.0.0.1",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=32M",
    "--skip-name-resolve",
    "--skip-log-bin",
];

pub(crate) struct Mariadb {
    server: Option<Server>,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl Mariadb {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With these words on its command line. It has a database `todo` and a user `todo` who may do everything in it.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("sealed-cache-mariadb-").tempdir().unwrap();
        give_away(folder.path(), USER);
        let settings = settings.iter().copied().map(str::to_owned).collect();
        let mut mariadb = Self { server: None, folder, port: 0, settings };
        let ours = [
            "mariadb-install-db",
            "--no-defaults",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ];
        let ours = ours.map(str::to_owned).into_iter().chain([mariadb.data(), mariadb.temporary()]);
        run(instead_of_root(USER).into_iter().chain(ours));
        while mariadb.server.is_none() {
            mariadb.port = free_port();
            mariadb.server = mariadb.try_start();
        }
        mariadb
            .ask("CREATE DATABASE todo; CREATE USER todo IDENTIFIED BY 'todo'; GRANT ALL ON todo.* TO todo");
        mariadb
    }

    pub(crate) fn with_tls(certificates: &Certificates) -> Self {
        let [issuer, certificate, key] = certificates.of(Some(USER));
        let files =
            [format!("--ssl-ca={issuer}"), format!("--ssl-cert={certificate}"), format!("--ssl-key={key}")];
        Self::start_with(&files.each_ref().map(String::as_str))
    }

    /// `None` if somebody else has the port now.
    fn try_start(&self) -> Option<Server> {
        let mut words = instead_of_root(USER);
        words.extend([PROGRAM.to_owned(), "--no-defaults".to_owned(), self.data(), self.temporary()]);
        words.extend([format!("--port={}", self.port), format!("--socket={}", self.socket())]);
        words.extend(OURS.iter().map(|word| (*word).to_owned()).chain(self.settings.iter().cloned()));
        let log = self.folder.path().join("log");
        let server = Server::start(&log, words);
        let begun = Instant::now();
        while !self.is_ready() {
            if server.has_ended() {
                let said = fs::read_to_string(&log).unwrap_or_default();
                assert!(said.contains("Address already in use"), "it does not start: {said}");
                return None;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not start");
            thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    fn is_ready(&self) -> bool {
        self.client("SELECT 1").output().unwrap().status.success()
    }

    fn data(&self) -> String {
        format!("--datadir={}", self.folder.path().join("data").display())
    }

    /// Two servers that are set up at once get in each other's way in a shared one.
    fn temporary(&self) -> String {
        format!("--tmpdir={}", self.folder.path().display())
    }

    /// Nobody else's server has it.
    fn socket(&self) -> String {
        let path: PathBuf = self.folder.path().join("socket");
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self) -> String {
        self.url_of("todo", "todo", "todo")
    }

    pub(crate) fn url_of(&self, user: &str, password: &str, database: &str) -> String {
        format!("mysql://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// What it answers to root, which must not be an error.
    #[track_caller]
    pub(crate) fn ask(&self, statement: &str) -> String {
        let output = self.client(statement).output().unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        said(&output)
    }

    pub(crate) fn client(&self, statement: &str) -> Command {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--user=root", "--batch", "--skip-column-names", "--socket"]);
        client.arg(self.socket()).args(["--execute", statement]);
        client
    }

    /// Stop its process: it neither answers nor ends. Dropped: it goes on.
    pub(crate) fn pause(&self) -> Pause<'_> {
        self.server().signal("STOP");
        wait_until_stopped(&[self.server().number()]);
        Pause(self.server())
    }

    /// As `kill -9` does.
    pub(crate) fn crash(&mut self) {
        self.server().signal("KILL");
        self.server = None;
    }

    /// After [`crash`](Self::crash): on the same port, with what is in its folder.
    pub(crate) fn restart(&mut self) {
        let begun = Instant::now();
        while self.server.is_none() {
            assert!(begun.elapsed() < PATIENCE, "somebody else has the port");
            self.server = self.try_start();
        }
    }

    /// End every connection of ours.
    pub(crate) fn break_connections(&self) {
        self.ask("KILL HARD USER todo");
    }

    /// How many connections of ours there are.
    pub(crate) fn clients(&self) -> usize {
        self.ask("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'todo'").parse().unwrap()
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }
}

pub(crate) struct Pause<'a>(&'a Server);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.signal("CONT");
    }
}
