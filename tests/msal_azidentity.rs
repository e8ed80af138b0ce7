//! The cache of Go's azidentity on Linux, with a real key of the kernel, as `keyctl` puts it there in Go's place; the file is
//! from an independent writer.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use sealed_cache::{
    ErrorKind, PersistedCache, TokenCache, persistence::msal::Layout, token_cache::TokenResponse,
};
use tempfile::TempDir;

/// As Go writes it, with an access token whose secret is `AT`.
const CONTENTS: &str = include_str!("../fuzz/seeds/token_cache/go.json");
/// The persistent keyring, which Go prefers, and the plain one of the user.
const KEYRINGS: [&str; 2] = ["$(keyctl get_persistent @s)", "@u"];

/// A file, and its key in this keyring. Dropped: both are there no more.
struct OfGo {
    folder: TempDir,
    name: String,
    keyring: &'static str,
}

impl OfGo {
    fn new(keyring: &'static str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sealed-cache-test.{}.{number}", std::process::id());
        let this = Self { folder: tempfile::tempdir().unwrap(), name, keyring };
        this.write(1);
        this.set_key(1);
        this
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("msal.cache")
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.file()).unwrap()
    }

    fn open(&self) -> PersistedCache<TokenCache> {
        PersistedCache::msal(Layout::azidentity_file(self.file(), &self.name)).open().unwrap()
    }

    /// By the independent writer, with a key that is 32 times this byte.
    fn write(&self, key: u8) {
        let writer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/write_azidentity.py");
        let mut command = Command::new("python3");
        command.arg(writer).arg("one").arg(self.file()).arg(format!("{key:02x}").repeat(32));
        fed(&mut command, CONTENTS.as_bytes());
    }

    /// As Go does it: with a NUL at its end.
    fn set_key(&self, key: u8) {
        let mut key = [key; 33];
        key[32] = 0;
        self.keyctl(r#"keyctl padd user "$name" $keyring"#, &key);
    }

    fn remove_key(&self) {
        self.keyctl(r#"keyctl unlink $(keyctl search $keyring user "$name") $keyring"#, b"");
    }

    /// In a session that possesses the keyring, as one after a login does.
    fn keyctl(&self, line: &str, input: &[u8]) {
        let script = format!("keyctl link @u @s && keyring={} && {line}", self.keyring);
        let mut command = Command::new("keyctl");
        fed(command.args(["session", "-", "sh", "-c", &script]).env("name", &self.name), input);
    }
}

impl Drop for OfGo {
    fn drop(&mut self) {
        self.set_key(1);
        self.remove_key();
    }
}

/// Run a command with this input. It must succeed.
fn fed(command: &mut Command, input: &[u8]) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
}

fn response() -> TokenResponse {
    TokenResponse::of_access_token("client", "secret", 3600)
        .token_endpoint("https://login.microsoftonline.com/t/oauth2/v2.0/token")
        .grant_type("client_credentials")
}

#[test]
#[ignore = "needs the kernel keyring and the Python module `cryptography`: cargo xtask test keychain"]
fn it_is_read_with_the_key_in_either_keyring() {
    for keyring in KEYRINGS {
        let of_go = OfGo::new(keyring);
        let cache = of_go.open();
        let secrets = || {
            let secrets =
                cache.read(|cache| cache.access_tokens().map(|token| token.secret().to_string()).collect());
            secrets.map(|secrets: Vec<_>| secrets.join(" "))
        };
        assert_eq!(secrets().unwrap(), "AT", "{keyring}");
        // As Go makes a new one: the old key is replaced in place.
        of_go.set_key(2);
        of_go.write(2);
        assert_eq!(secrets().unwrap(), "AT", "{keyring}");
    }
}

#[test]
#[ignore = "needs the kernel keyring and the Python module `cryptography`: cargo xtask test keychain"]
fn it_is_never_written() {
    let of_go = OfGo::new(KEYRINGS[0]);
    let before = of_go.bytes();
    let error = of_go.open().update(|cache| cache.add(&response())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("and not written"), "{error}");
    assert_eq!(of_go.bytes(), before);
}

#[test]
#[ignore = "needs the kernel keyring and the Python module `cryptography`: cargo xtask test keychain"]
fn p4_a_key_that_is_gone_and_one_that_is_another_are_two_errors_and_the_file_is_untouched() {
    for keyring in KEYRINGS {
        let of_go = OfGo::new(keyring);
        let before = of_go.bytes();
        of_go.remove_key();
        let error = of_go.open().read(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeyMissing, "{keyring}: {error}");
        assert!(error.to_string().contains(&of_go.name), "{error}");
        of_go.set_key(2);
        let error = of_go.open().read(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongKey, "{keyring}: {error}");
        of_go.keyctl(r#"printf short | keyctl padd user "$name" $keyring"#, b"");
        let error = of_go.open().read(|_| ()).unwrap_err();
        assert!(error.to_string().contains("none of azidentity"), "{keyring}: {error}");
        assert_eq!(of_go.bytes(), before);
    }
}
