//! The processes of the fleet: each kind, and how it is started.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use crate::child::{Child, PATIENCE};

/// A kind of process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    program: Program,
    options: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Ours,
    Python(&'static str),
    Node,
}

pub(crate) const OURS: Kind = Kind { name: "ours", program: Program::Ours, options: &[] };

impl Kind {
    pub(crate) const fn python(
        name: &'static str,
        script: &'static str,
        options: &'static [&'static str],
    ) -> Self {
        Self { name, program: Program::Python(script), options }
    }

    pub(crate) const fn node(name: &'static str, options: &'static [&'static str]) -> Self {
        Self { name, program: Program::Node, options }
    }
}

/// A process.
pub(crate) enum Member {
    Ours(Child),
    Peer(Peer),
}

impl Member {
    pub(crate) fn start(kind: &Kind, path: &Path, inside: &Path, sections: usize, with_java: bool) -> Self {
        let sections = sections.to_string();
        let [path, inside] = [path, inside].map(|path| path.to_str().unwrap());
        let java = if with_java { "with Java" } else { "" };
        let arguments = [path, inside, kind.name, &sections];
        let mut command = match kind.program {
            Program::Ours => {
                let [a, b, c, d] = arguments;
                return Self::Ours(Child::start("takes_the_lock", &[a, b, c, d, java]));
            }
            Program::Python(script) => program("python/bin/python", script),
            Program::Node => program("python/bin/node", "msal_node.mjs"),
        };
        command.args(arguments);
        if kind.program == Program::Node {
            command.arg(installed("node"));
        }
        Self::Peer(Peer::start(command.args(kind.options)))
    }

    pub(crate) fn expect(&self, line: &str) {
        match self {
            Self::Ours(child) => child.expect(line),
            Self::Peer(peer) => assert_eq!(peer.said.recv_timeout(PATIENCE).as_deref(), Ok(line)),
        }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        match self {
            Self::Ours(child) => child.tell(line),
            Self::Peer(peer) => writeln!(peer.process.stdin.as_mut().unwrap(), "{line}").unwrap(),
        }
    }

    /// All that it says until its end.
    pub(crate) fn rest(self) -> Vec<String> {
        match self {
            Self::Ours(child) => child.rest(),
            Self::Peer(mut peer) => {
                let lines = peer.said.iter().collect();
                assert!(peer.process.wait().unwrap().success(), "a peer failed");
                lines
            }
        }
    }
}

/// A program of a peer. Dropped: killed.
pub(crate) struct Peer {
    process: process::Child,
    said: Receiver<String>,
}

impl Peer {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, said) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { process, said }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program(interpreter: &str, script: &str) -> Command {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/msal/locks");
    let mut command = Command::new(installed(interpreter));
    // No compiled copies beside the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(scripts.join(script));
    command
}

fn installed(name: &str) -> PathBuf {
    let folder = env::var_os("SEALED_CACHE_PEERS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{} is not there. Install the peers: cargo xtask test peers", path.display());
    path
}
