//! The specification is enough: a reader and a writer made from `docs/format.md` alone, in another language, and the
//! library understand each other.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use sealed_cache::{CallerKey, DataKey, Json, PersistedCache};

type Cache = PersistedCache<Json<BTreeMap<String, String>>>;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// Argon2id of the passphrase of the fixtures.
const PASSPHRASE_KEY: &str = "a5c018c64ca4a709c5efa5b79d9a277befaee6d7fa15d98d82f337c8cfd20be1";

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The first Python that has `cryptography`. None is a failure: this test was asked for.
fn python() -> &'static str {
    static PYTHON: OnceLock<&str> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let has = |python: &&str| {
            let import = Command::new(python).args(["-c", "import cryptography"]).output();
            import.is_ok_and(|output| output.status.success())
        };
        let found = ["python3", "/usr/bin/python3", "python"].into_iter().find(has);
        found.expect("no Python here has `cryptography`: apt-get install python3-cryptography")
    })
}

fn run(script: &str, arguments: &[&OsStr], stdin: &[u8]) -> Output {
    let mut child = Command::new(python())
        .arg(tests().join("interop").join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    child.wait_with_output().unwrap()
}

/// The contents, or what the reader says is wrong.
fn read_by_python(file: &Path, key: &str) -> Result<Vec<u8>, String> {
    let output = run("read_sealed.py", &[file.as_os_str(), OsStr::new(key)], b"");
    if output.status.success() {
        return Ok(output.stdout);
    }
    assert!(output.stdout.is_empty(), "it failed, and yet printed something");
    Err(String::from_utf8(output.stderr).unwrap().trim_end().to_owned())
}

fn data_key() -> DataKey {
    DataKey::from_bytes(&std::array::from_fn(|index| index as u8))
}

fn open(folder: &Path) -> Cache {
    Cache::builder("com.contoso.todo")
        .name("tokens")
        .folder(folder)
        .protector(CallerKey::new(data_key()))
        .open()
        .unwrap()
}

/// One process for all files: the tab-separated path and key of each line to its contents in hexadecimal, or what is
/// wrong.
const READ_ALL: &str = r#"
import sys
sys.dont_write_bytecode = True
from read_sealed import read
for line in sys.stdin:
    path, key = line.rstrip("\n").split("\t")
    try:
        print("Contents", read(open(path, "rb").read(), bytes.fromhex(key)).hex())
    except SystemExit as wrong:
        print(wrong.code)
"#;

fn read_all_by_python(files: &str) -> Vec<String> {
    let mut child = Command::new(python())
        .args(["-c", READ_ALL])
        .env("PYTHONPATH", tests().join("interop"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(files.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Whether the other reader made of a fixture what it must, if that does not depend on who asks.
fn agrees(name: &str, outcome: &str, said: &str) -> bool {
    match outcome.split_once(' ') {
        Some(("Contents", contents)) => said == format!("Contents {}", hex(contents.as_bytes())),
        // The derivation from a passphrase is not its business: a forged one is another header to it.
        _ if name.starts_with("passphrase_") => said == "Damaged",
        _ if ["Damaged", "WrongKey", "UnsupportedVersion"].contains(&outcome) => said == outcome,
        // Whole files, and forged ones which others refuse before they ask for the key.
        _ if name.ends_with("_forged.sealed") => said == "Damaged",
        _ => said.starts_with("Contents"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
#[ignore = "needs python3-cryptography: cargo xtask test keychain"]
fn another_reader_made_from_the_specification_sees_the_fixtures_as_we_do() {
    let folder = tests().join("fixtures/v1");
    let table = fs::read_to_string(folder.join("expected.txt")).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let lines: Vec<_> = lines.map(|line| line.split_once(' ').unwrap()).collect();
    let key = |name: &str| if name.contains("passphrase") { PASSPHRASE_KEY } else { KEY };
    let line = |name: &str| format!("{}\t{}\n", folder.join(name).display(), key(name));
    let said = read_all_by_python(&lines.iter().map(|(name, _)| line(name)).collect::<String>());
    assert_eq!(said.len(), lines.len());
    for ((name, outcome), said) in lines.into_iter().zip(said) {
        assert!(agrees(name, outcome, &said), "{name}: {outcome} here, {said} there");
    }
}

#[test]
#[ignore = "needs python3-cryptography: cargo xtask test keychain"]
fn another_reader_reads_what_the_library_writes_now() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    for round in 0..3 {
        cache.update(|cache| cache.insert(format!("user {round}"), "☂".repeat(1000 * round))).unwrap();
        let expected = cache.read(|cache| serde_json::to_vec(&**cache).unwrap()).unwrap();
        let file = cache.location().unwrap();
        assert_eq!(read_by_python(file, KEY).unwrap(), expected);
        assert_eq!(read_by_python(file, PASSPHRASE_KEY).unwrap_err(), "WrongKey");
    }
}

#[test]
#[ignore = "needs python3-cryptography: cargo xtask test keychain"]
fn the_library_reads_what_another_writer_made_from_the_specification_writes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    let file = folder.path().join("tokens.sealed");
    for contents in [r#"{}"#, r#"{"alice":"a refresh token"}"#, r#"{"zoë":"ключ"}"#] {
        let (application, name) = (OsStr::new("com.contoso.todo"), OsStr::new("tokens"));
        let arguments = [file.as_os_str(), OsStr::new(KEY), application, name];
        let output = run("write_sealed.py", &arguments, contents.as_bytes());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = cache.read(|cache| serde_json::to_string(&**cache).unwrap()).unwrap();
        assert_eq!(read, contents);
    }
    cache.update(|cache| cache.insert("bob".into(), "new".into())).unwrap();
    assert!(String::from_utf8(read_by_python(&file, KEY).unwrap()).unwrap().contains("bob"));
}
