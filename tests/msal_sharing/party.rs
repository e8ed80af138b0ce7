//! A party: one of the libraries, or we, in a process that is told what to do.

use std::{env, process::Command};

use serde_json::{Value, json};

use super::{
    events::Event,
    peer::{Peer, driver, installed},
    place::Place,
    platform::{desktop::Desktop, program::Program},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ours,
    /// Without the optional `portalocker`: it locks by the existence of a file.
    Python,
    PythonPortalocker,
    Node,
    DotNetModel,
    JavaModel,
    GoModel,
}

impl Kind {
    pub(crate) const PEERS: [Self; 6] = [
        Self::Python,
        Self::PythonPortalocker,
        Self::Node,
        Self::DotNetModel,
        Self::JavaModel,
        Self::GoModel,
    ];

    fn command(self, desktop: Option<&Desktop>) -> Command {
        let place = |name| installed(name).unwrap_or_else(|missing| panic!("{missing}"));
        let (program, arguments) = match self {
            Self::Ours => (env::current_exe().unwrap(), vec![]),
            Self::Python => {
                (place("python/bin/python"), vec![driver("sharing_python.py"), "without-portalocker".into()])
            }
            Self::PythonPortalocker => (place("python/bin/python"), vec![driver("sharing_python.py")]),
            Self::Node => (place("python/bin/node"), vec![driver("sharing_node.mjs"), place("node")]),
            Self::DotNetModel => (place("python/bin/python"), vec![driver("model_dotnet.py")]),
            Self::JavaModel => (place("python/bin/python"), vec![driver("model_java.py")]),
            Self::GoModel => (place("python/bin/python"), vec![driver("model_go.py")]),
        };
        let mut command = desktop.map_or_else(|| Command::new(&program), |desktop| desktop.command(&program));
        // Node leaves its lock files open where another deleted them, and is told so each time.
        command.args(arguments).env("NODE_NO_WARNINGS", "1");
        command
    }
}

enum Process {
    Ours(Program),
    Peer(Peer),
}

pub(crate) struct Party {
    pub(crate) kind: Kind,
    process: Process,
}

impl Party {
    /// A process of this kind that has opened the cache.
    pub(crate) fn at(place: &Place, kind: Kind, desktop: Option<&Desktop>) -> Self {
        let mut command = kind.command(desktop);
        let process = match kind {
            Kind::Ours => Process::Ours(Program::start(&mut command)),
            _ => Process::Peer(Peer::start(&mut command)),
        };
        let mut party = Self { kind, process };
        party.open(place);
        party
    }

    /// Open it anew: nothing is known of it.
    pub(crate) fn open(&mut self, place: &Place) {
        self.ask(&json!({"do": "open", "layout": place.layout(self.kind)}));
    }

    /// What it answers, which must not be an error.
    #[track_caller]
    pub(crate) fn ask(&mut self, command: &Value) -> Value {
        self.send(command);
        self.answer()
    }

    pub(crate) fn send(&mut self, command: &Value) {
        match &mut self.process {
            Process::Ours(program) => program.send(&command.to_string()),
            Process::Peer(peer) => peer.send(command),
        }
    }

    #[track_caller]
    pub(crate) fn answer(&mut self) -> Value {
        let answer = match &mut self.process {
            Process::Ours(program) => ours(&program.answer().text),
            Process::Peer(peer) => peer.answer(),
        };
        answer.unwrap_or_else(|error| panic!("{:?}: {error}", self.kind))
    }

    pub(crate) fn add(&mut self, event: &Event) {
        self.ask(&event.for_python());
    }

    /// The whole cache, as it has loaded it.
    #[track_caller]
    pub(crate) fn list(&mut self) -> Value {
        self.ask(&json!({"do": "list"}))
    }

    /// What is stored, as it reads it; nothing is null.
    #[track_caller]
    pub(crate) fn stored(&mut self) -> Value {
        let text = self.ask(&json!({"do": "load"}));
        text.as_str().map_or(Value::Null, |text| serde_json::from_str(text).expect("JSON"))
    }

    pub(crate) fn store(&mut self, cache: &Value) {
        self.ask(&json!({"do": "save", "text": cache.to_string()}));
    }

    pub(crate) fn remove_account(&mut self, home: &str, environment: &str, client: &str) {
        self.ask(
            &json!({"do": "remove_account", "home": home, "environment": environment, "client": client}),
        );
    }
}

fn ours(text: &str) -> Result<Value, String> {
    let mut answer: Value = serde_json::from_str(text).expect("we answer in JSON");
    match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer["ok"].take()),
    }
}
