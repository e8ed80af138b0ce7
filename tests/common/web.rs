//! Nodes of the example `web_app`, as processes, and the identity provider that they share, in this one.

#![allow(dead_code, reason = "no test program uses all of it")]

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    example::example,
    identity_provider::{IdentityProvider, Settings},
};

/// A provider and a key for all nodes.
pub(crate) struct Site {
    pub(crate) provider: IdentityProvider,
    folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), [7; 32]).unwrap();
        Self { provider: IdentityProvider::start(Settings::default()).unwrap(), folder }
    }

    /// One more node. `SITE` in the name of its store is the folder of this site.
    pub(crate) fn node(&self, store: &str) -> Node {
        let folder = self.folder.path().to_str().unwrap();
        let key = format!("{folder}/key");
        let store = store.replace("SITE", folder);
        let provider = self.provider.url();
        let options =
            ["--listen", "127.0.0.1:0", "--store", &store, "--key-file", &key, "--provider", provider];
        let mut process =
            Command::new(example("web_app")).args(options).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let url = said.split_whitespace().nth(2).unwrap_or_else(|| panic!("it does not start: {said:?}"));
        Node { url: url.to_owned(), process }
    }
}

/// Killed when it is dropped.
pub(crate) struct Node {
    pub(crate) url: String,
    process: Child,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
