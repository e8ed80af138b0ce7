//! A PostgreSQL of its own for each test: on loopback, with its own port, folder and settings.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    certificates::Certificates,
    other_user::{family, give_away, instead_of_root, run, said, signal_all, wait_until_stopped},
    server::{Server, free_port},
};

/// Longer than a start takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of the harness.
const PASSWORD: &str = "of-the-harness";
/// Made by Debian's package.
const USER: &str = "postgres";

pub(crate) struct Postgres {
    server: Option<Server>,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With these settings, `name=value`.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("sealed-cache-postgres-").tempdir().unwrap();
        give_away(folder.path(), USER);
        let settings = settings.iter().copied().map(str::to_owned).collect();
        let mut postgres = Self { server: None, folder, port: 0, settings };
        let data = postgres.data();
        let password = postgres.folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        let words =
            ["-A", "scram-sha-256", "-U", "harness", "-E", "UTF8", "--locale=C", "--no-sync", "--pwfile"];
        let words =
            words.map(str::to_owned).into_iter().chain([text(&password), "-D".to_owned(), text(&data)]);
        run(as_user("initdb").into_iter().chain(words));
        while postgres.server.is_none() {
            postgres.port = free_port();
            postgres.server = postgres.try_start();
        }
        postgres
    }

    pub(crate) fn with_tls(certificates: &Certificates) -> Self {
        let [_, certificate, key] = certificates.of(Some(USER));
        let files = [format!("ssl_cert_file={certificate}"), format!("ssl_key_file={key}")];
        Self::start_with(&["ssl=on", &files[0], &files[1]])
    }

    /// `None` if somebody else has the port now.
    fn try_start(&self) -> Option<Server> {
        let mut words = as_user("postgres");
        words.extend(["-D".to_owned(), text(&self.data()), "-p".to_owned(), self.port.to_string()]);
        let ours = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB"];
        for setting in ours.into_iter().chain(self.settings.iter().map(String::as_str)) {
            words.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let server = Server::start(&self.folder.path().join("log"), words);
        let begun = Instant::now();
        while !self.is_ready() {
            if server.has_ended() {
                let said = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                assert!(said.contains("Address already in use"), "it does not start: {said}");
                return None;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not start");
            thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    /// It says so in a file of its folder; a stale one is gone when it is asked for.
    fn is_ready(&self) -> bool {
        let said = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        said.lines().nth(7).is_some_and(|line| line.trim_end() == "ready")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// As the harness, who may do everything.
    pub(crate) fn url(&self) -> String {
        self.url_of("harness", PASSWORD, "postgres")
    }

    pub(crate) fn url_of(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// What it answers, which must not be an error.
    #[track_caller]
    pub(crate) fn ask(&self, statement: &str) -> String {
        let url = self.url();
        said(&run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", statement]))
    }

    /// Stop its processes: it neither answers nor ends. Dropped: it goes on.
    pub(crate) fn pause(&self) -> Pause {
        let numbers = family(self.number());
        signal_all("STOP", &numbers);
        wait_until_stopped(&numbers);
        Pause(numbers)
    }

    /// As a crash: nothing is written that was not written before.
    pub(crate) fn crash(&mut self) {
        let server = self.server.take().expect("it runs");
        server.signal("QUIT");
        ended(&server);
        let _ = fs::remove_file(self.data().join("postmaster.pid"));
    }

    /// After [`crash`](Self::crash): on the same port, with what is in its folder.
    pub(crate) fn restart(&mut self) {
        let begun = Instant::now();
        while self.server.is_none() {
            assert!(begun.elapsed() < PATIENCE, "somebody else has the port");
            self.server = self.try_start();
        }
    }

    /// End every other connection to it.
    pub(crate) fn break_connections(&self) {
        let others = "pid <> pg_backend_pid() AND backend_type = 'client backend'";
        self.ask(&format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}"));
    }

    /// How many connections of ours there are.
    pub(crate) fn clients(&self) -> usize {
        let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sealed-cache'";
        self.ask(ours).parse().unwrap()
    }

    fn number(&self) -> u32 {
        self.server.as_ref().expect("it runs").number()
    }
}

impl Drop for Postgres {
    /// Its other processes end before it: then the folder can be removed.
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.signal("QUIT");
            ended(server);
        }
    }
}

fn ended(server: &Server) {
    let begun = Instant::now();
    while !server.has_ended() && begun.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
}

/// One of its programs, which are not on the path.
fn as_user(program: &str) -> Vec<String> {
    let mut words = instead_of_root(USER);
    words.push(text(&programs().join(program)));
    words
}

/// Of the newest version that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("postgresql is installed");
    let newest = versions.map(|version| version.unwrap().path()).max_by_key(|path| {
        path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok())
    });
    newest.expect("a version of postgresql").join("bin")
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

pub(crate) struct Pause(Vec<u32>);

impl Drop for Pause {
    fn drop(&mut self) {
        signal_all("CONT", &self.0);
    }
}
