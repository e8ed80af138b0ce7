//! P9, refresh once: load, refresh over the network and save under one guard. One process refreshes, the others take
//! the result.
//!
//! The provider is the one of the examples: it revokes the whole family when a refresh token is used twice. So a
//! second refresh could not hide: it would sign everybody out.

#[path = "common/example.rs"]
mod example;
#[path = "../examples/identity_provider/mod.rs"]
mod identity_provider;
#[path = "../examples/oauth_client/mod.rs"]
mod oauth_client;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use example::example;
use identity_provider::{IdentityProvider, Settings};
use oauth_client::{OAuthClient, Tokens, play_the_person};
use sealed_cache::{Json, KeyFile, PersistedCache};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

const PROCESSES: usize = 8;

/// As in `examples/refresh_under_lock.rs`.
#[derive(Default, Serialize, Deserialize)]
struct Session {
    tokens: Option<Tokens>,
}

type Cache = PersistedCache<Json<Session>>;

/// Somebody signed in an hour ago.
struct Stage {
    folder: TempDir,
    provider: IdentityProvider,
    client: OAuthClient,
}

impl Stage {
    fn new(refresh_takes: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { interval: 0, refresh_takes, ..Settings::default() };
        let provider = IdentityProvider::start(settings).unwrap();
        let client = OAuthClient::new(provider.url());
        let stage = Self { folder, provider, client };
        let tokens = Tokens { expires_at: 0, ..stage.sign_in() };
        stage.open().update(|session| session.tokens = Some(tokens)).unwrap();
        stage
    }

    fn sign_in(&self) -> Tokens {
        let code = self.client.begin_sign_in().unwrap();
        play_the_person(&code).unwrap();
        self.client.finish_sign_in(&code).unwrap()
    }

    /// As in `examples/refresh_under_lock.rs`.
    fn open(&self) -> Cache {
        let folder = self.folder.path();
        PersistedCache::builder("com.example.refresh-under-lock")
            .folder(folder.join("cache"))
            .protector(KeyFile::in_folder(folder.join("key")))
            .lock_timeout(Duration::from_secs(60))
            .open()
            .unwrap()
    }

    /// One refresh, no reuse, and what is stored now is good.
    fn assert_refreshed_once(&self) {
        assert_eq!((self.provider.refresh_requests(), self.provider.reuses()), (1, 0));
        let tokens = self.open().read(|session| session.tokens.clone()).unwrap().unwrap();
        assert!(tokens.good_for().is_some());
        assert_eq!(self.client.user(&tokens.access_token).unwrap(), tokens.user);
    }
}

/// A process of the example `refresh_under_lock`, killed if a test fails before it ends.
struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(stage: &Stage) -> Self {
        let mut child = Command::new(example("refresh_under_lock"))
            .arg("--process")
            .args([stage.folder.path().as_os_str(), stage.provider.url().as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    fn says(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// So many processes, each of which has seen the expired token and waits for its "go".
fn processes(stage: &Stage, number: usize) -> Vec<Process> {
    let mut processes: Vec<Process> = (0..number).map(|_| Process::start(stage)).collect();
    for process in &mut processes {
        assert_eq!(process.says(), "sees an expired token");
    }
    processes
}

/// One refreshes, the others take what it got, and the provider's API accepts the token of each.
fn go(mut processes: Vec<Process>) {
    processes.iter_mut().for_each(Process::go);
    let said: Vec<String> = processes.iter_mut().map(Process::says).collect();
    for process in &mut processes {
        assert!(process.child.wait().unwrap().success());
    }
    let count = |text: &str| said.iter().filter(|line| *line == text).count();
    let refreshed = count("refreshed the token; the API knows it as alex@contoso.example");
    let took = count("took the token of another; the API knows it as alex@contoso.example");
    assert_eq!((refreshed, took), (1, processes.len() - 1), "{said:#?}");
}

#[test]
fn eight_processes_refresh_once() {
    let stage = Stage::new(Duration::ZERO);
    go(processes(&stage, PROCESSES));
    stage.assert_refreshed_once();
}

#[test]
fn eight_processes_refresh_once_at_a_slow_provider() {
    let stage = Stage::new(Duration::from_millis(200));
    go(processes(&stage, PROCESSES));
    stage.assert_refreshed_once();
}

#[test]
fn threads_and_handles_of_one_process_refresh_once() {
    let stage = Stage::new(Duration::from_millis(20));
    let shared = stage.open();
    thread::scope(|scope| {
        for number in 0..PROCESSES {
            let cache = if number % 2 == 0 { shared.clone() } else { stage.open() };
            let client = &stage.client;
            scope.spawn(move || {
                let mut session = cache.lock().unwrap();
                let tokens = session.tokens.as_ref().unwrap();
                if tokens.good_for().is_none() {
                    let fresh = client.refresh(&tokens.refresh_token).unwrap();
                    session.tokens = Some(fresh);
                    session.commit().unwrap();
                }
            });
        }
    });
    stage.assert_refreshed_once();
}

/// The same with the async face: the guard is held across an `.await`.
#[cfg(feature = "tokio")]
#[test]
fn tasks_refresh_once() {
    use std::sync::Arc;

    let stage = Stage::new(Duration::from_millis(20));
    let shared = stage.open();
    let client = Arc::new(OAuthClient::new(stage.provider.url()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..PROCESSES)
            .map(|number| {
                let cache = if number % 2 == 0 { shared.clone() } else { stage.open() }.into_async();
                let client = Arc::clone(&client);
                tokio::spawn(async move {
                    let mut session = cache.lock().await.unwrap();
                    let tokens = session.tokens.clone().unwrap();
                    if tokens.good_for().is_none() {
                        let refresh = move || client.refresh(&tokens.refresh_token).unwrap();
                        let fresh = tokio::task::spawn_blocking(refresh).await.unwrap();
                        session.tokens = Some(fresh);
                        session.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    stage.assert_refreshed_once();
}

#[test]
fn a_refresh_that_fails_leaves_the_tokens_and_the_lock_to_others() {
    let stage = Stage::new(Duration::ZERO);
    let unreachable = OAuthClient::new("http://127.0.0.1:1");
    let cache = stage.open();
    {
        let session = cache.lock().unwrap();
        let tokens = session.tokens.as_ref().unwrap();
        assert!(unreachable.refresh(&tokens.refresh_token).is_err());
    }
    go(processes(&stage, PROCESSES));
    stage.assert_refreshed_once();
}

#[test]
fn when_the_process_that_refreshes_is_killed_another_one_refreshes() {
    let stage = Stage::new(Duration::from_secs(1));
    let mut processes = processes(&stage, PROCESSES);
    let mut first = processes.pop().unwrap();
    first.go();
    let begun = Instant::now();
    while stage.provider.refresh_requests() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "no refresh has begun");
        thread::sleep(Duration::from_millis(1));
    }
    drop(first); // killed while the provider thinks, so that the refresh token is not used up
    go(processes);
    assert_eq!((stage.provider.refresh_requests(), stage.provider.reuses()), (2, 0));
}

/// The judge of the tests above is just: without the lock they would fail.
#[test]
fn the_provider_revokes_the_family_when_a_refresh_token_is_used_twice() {
    let stage = Stage::new(Duration::ZERO);
    let first = stage.sign_in();
    let second = stage.client.refresh(&first.refresh_token).unwrap();
    assert_eq!(stage.client.user(&second.access_token).unwrap(), "alex@contoso.example");

    for revoked in [&first, &second] {
        let refused = stage.client.refresh(&revoked.refresh_token).err().unwrap();
        assert!(refused.needs_sign_in());
    }
    assert!(stage.client.user(&second.access_token).is_err());
    assert_eq!((stage.provider.refresh_requests(), stage.provider.reuses()), (3, 1));
}
