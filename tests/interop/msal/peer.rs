//! A peer: a process that speaks for MSAL Python or MSAL Node, a line of JSON for a line of JSON.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use sealed_cache::{SecretBytes, SerializableCache, token_cache::TokenCache};
use serde_json::{Value, json};

/// Longer than any command takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Peer {
    process: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Peer {
    pub(crate) fn python() -> Self {
        Self::try_python().unwrap_or_else(|missing| panic!("{missing}"))
    }

    /// Or what is missing.
    pub(crate) fn try_python() -> Result<Self, String> {
        Ok(Self::start(Command::new(installed("python/bin/python")?).arg(driver("msal_python.py"))))
    }

    pub(crate) fn node() -> Self {
        let [node, modules] = ["python/bin/node", "node"]
            .map(|name| installed(name).unwrap_or_else(|missing| panic!("{missing}")));
        Self::start(Command::new(node).arg(driver("msal_node.mjs")).arg(modules))
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, answers) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { commands: process.stdin.take(), process, answers }
    }

    /// What it answers to this command, which must succeed.
    pub(crate) fn ask(&mut self, command: &Value) -> Value {
        self.try_ask(command).unwrap_or_else(|error| panic!("{}: {error}", command["do"]))
    }

    pub(crate) fn try_ask(&mut self, command: &Value) -> Result<Value, String> {
        self.send(command);
        self.answer()
    }

    /// Tell it to begin, so that several work at the same time.
    pub(crate) fn send(&mut self, command: &Value) {
        writeln!(self.commands.as_mut().unwrap(), "{command}").expect("the peer lives");
    }

    pub(crate) fn answer(&mut self) -> Result<Value, String> {
        let answer = self.answers.recv_timeout(PATIENCE).expect("the peer answers");
        let mut answer: Value = serde_json::from_str(&answer).expect("the peer answers in JSON");
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["ok"].take()),
        }
    }

    /// Give it this cache.
    pub(crate) fn load(&mut self, text: &str) {
        self.ask(&json!({"do": "deserialize", "text": text}));
    }

    /// Its cache as it would store it.
    pub(crate) fn save(&mut self) -> String {
        self.ask(&json!({"do": "serialize"})).as_str().unwrap().to_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // At the end of its input it ends; should it not, it is ended.
        drop(self.commands.take());
        if thread::panicking() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

pub(crate) fn installed(name: &str) -> Result<PathBuf, String> {
    let folder = env::var_os("SEALED_CACHE_PEERS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Ok(path);
    }
    Err(format!("{} is not there. Install the peers: cargo xtask test peers", path.display()))
}

pub(crate) fn driver(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/msal").join(name)
}

/// Our cache of this text.
pub(crate) fn ours(text: &str) -> TokenCache {
    TokenCache::deserialize(SecretBytes::from(text.as_bytes())).expect("a cache that a peer wrote")
}

/// The text of our cache.
pub(crate) fn text(cache: &TokenCache) -> String {
    String::from_utf8(cache.serialize().unwrap().to_vec()).expect("ASCII")
}

pub(crate) fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
