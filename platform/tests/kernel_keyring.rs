//! The keys that the kernel holds, against the real kernel, and against kernels and sandboxes that have less.

#![cfg(target_os = "linux")]

mod common;

use std::{
    env,
    ffi::CString,
    fs, io,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::PathBuf,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use common::{
    folder::Folder,
    program::{Program, serve},
    wait_until,
};
use sealed_cache_platform::{KeychainError, kernel_keyring};

/// Not a test: the code under test, in a process of its own. A request is: operation, description, text (`*N` is N
/// stars).
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    serve(|request| {
        let words: Vec<_> = request.splitn(3, ' ').collect();
        let &[operation, description, text] = &words[..] else { panic!("what is {request}?") };
        let text =
            text.strip_prefix('*').map_or(text.into(), |count| "*".repeat(count.parse().expect("a number")));
        match operation {
            "probe" => said(kernel_keyring::probe().map(|()| "usable".into())),
            "read" => said(kernel_keyring::read(description).map(|text| {
                text.map_or("none".into(), |text| format!("some:{}", String::from_utf8_lossy(&text)))
            })),
            "write" => said(kernel_keyring::write(description, text.as_bytes()).map(|()| "written".into())),
            "remove" => said(kernel_keyring::remove(description).map(|removed| format!("removed:{removed}"))),
            _ => panic!("what is {operation}?"),
        }
    });
}

fn said(result: Result<String, KeychainError>) -> String {
    match result {
        Ok(text) => text,
        Err(KeychainError::Unavailable(text)) => format!("unavailable:{text}"),
        Err(KeychainError::Denied(text)) => format!("denied:{text}"),
        Err(KeychainError::Failed(text)) => format!("failed:{text}"),
        Err(error) => format!("{error:?}"),
    }
}

/// A description that no other test has, whose key is removed at the end.
struct Key(String);

impl Key {
    fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Self(format!("sealed-cache-test:{}:{number}", process::id()))
    }

    fn read(&self) -> Option<Vec<u8>> {
        kernel_keyring::read(&self.0).expect("the kernel keyring can be read").map(|text| text.to_vec())
    }

    fn write(&self, text: &[u8]) {
        kernel_keyring::write(&self.0, text).expect("the kernel keyring can be written");
    }

    /// Run a line of shell with `keyctl`, in a session of its own that possesses the key `$k` in the keyring `$r`.
    fn shell(&self, line: &str) -> String {
        let script =
            format!("r=$(keyctl get_persistent @s) && k=$(keyctl search $r user '{}') && {line}", self.0);
        let output = Command::new("keyctl").args(["session", "-", "sh", "-c", &script]).output();
        let output = output.expect("keyctl starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("keyctl prints text")
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        let _ = kernel_keyring::remove(&self.0);
    }
}

fn this_binary() -> PathBuf {
    env::current_exe().expect("this program has a path")
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_key_is_written_read_replaced_in_place_and_removed_once() {
    let key = Key::new();
    assert_eq!(key.read(), None);
    key.write(b"first");
    assert_eq!(key.read().as_deref(), Some(&b"first"[..]));
    let number = key.shell("echo $k");
    key.write(b"second \0 and longer");
    assert_eq!(key.read().as_deref(), Some(&b"second \0 and longer"[..]));
    assert_eq!(key.shell("echo $k"), number, "replaced in place");
    assert_eq!(kernel_keyring::remove(&key.0), Ok(true));
    assert_eq!(kernel_keyring::remove(&key.0), Ok(false));
    assert_eq!(key.read(), None);
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_key_may_be_as_long_as_the_kernel_allows() {
    let key = Key::new();
    for length in [1, 255, 256, 257, 15_000] {
        key.write(&vec![b'*'; length]);
        assert_eq!(key.read(), Some(vec![b'*'; length]));
    }
    assert!(matches!(kernel_keyring::write(&key.0, &[b'*'; 32_768]), Err(KeychainError::Failed(_))));
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn another_session_of_the_user_reads_replaces_and_removes_the_key() {
    let key = Key::new();
    key.write(b"text");
    let mut command = Command::new("keyctl");
    let mut program = Program::start(command.args(["session", "-"]).arg(this_binary()));
    assert_eq!(program.ask(&format!("read {} -", key.0)).text, "some:text");
    assert_eq!(program.ask(&format!("write {} other", key.0)).text, "written");
    assert_eq!(key.read().as_deref(), Some(&b"other"[..]));
    assert_eq!(program.ask(&format!("remove {} -", key.0)).text, "removed:true");
    assert_eq!(key.read(), None);
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn the_user_may_read_the_key_without_possessing_it() {
    let key = Key::new();
    key.write(b"text");
    let number = key.shell("echo $k");
    // In another session, which leads to no keyring that has it.
    let output = Command::new("keyctl").args(["session", "-", "keyctl", "print", number.trim()]).output();
    assert_eq!(output.expect("keyctl starts").stdout, b"text\n");
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_key_that_was_revoked_is_none_and_can_be_written_anew() {
    let key = Key::new();
    key.write(b"text");
    key.shell("keyctl revoke $k");
    assert_eq!(key.read(), None);
    assert_eq!(kernel_keyring::remove(&key.0), Ok(false));
    key.write(b"again");
    assert_eq!(key.read().as_deref(), Some(&b"again"[..]));
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_key_that_has_expired_is_none_and_can_be_written_anew() {
    let key = Key::new();
    key.write(b"text");
    key.shell("keyctl timeout $k 1");
    wait_until("it has expired", || key.read().is_none());
    key.write(b"again");
    assert_eq!(key.read().as_deref(), Some(&b"again"[..]));
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn writing_takes_away_a_time_to_live() {
    let key = Key::new();
    key.write(b"text");
    key.shell("keyctl timeout $k 1000");
    key.write(b"again");
    let number: u32 = key.shell("echo $k").trim().parse().expect("a number");
    let keys = fs::read_to_string("/proc/keys").expect("the kernel shows its keys");
    let line = keys.lines().find(|line| line.starts_with(&format!("{number:08x}"))).expect("ours is there");
    assert!(line.split_whitespace().any(|word| word == "perm"), "{line}");
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_probe_leaves_no_key() {
    assert_eq!(kernel_keyring::probe(), Ok(()));
    assert_eq!(keys_of_probes(), [""; 0]);
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn the_thread_possesses_the_key_no_longer_than_the_call() {
    let key = Key::new();
    key.write(b"text");
    assert!(key.read().is_some());
    let description = CString::new(key.0.as_str()).expect("no NUL");
    // SAFETY: the strings end with a NUL, and the kernel copies them.
    let found = unsafe {
        let (search, thread) = (libc::KEYCTL_SEARCH, libc::KEY_SPEC_THREAD_KEYRING);
        libc::syscall(libc::SYS_keyctl, search, thread, c"user".as_ptr(), description.as_ptr(), 0)
    };
    assert_eq!((found, io::Error::last_os_error().raw_os_error()), (-1, Some(libc::ENOKEY)));
}

/// The descriptions of the keys that were made by this library, but not for a test.
fn keys_of_probes() -> Vec<String> {
    let keys = fs::read_to_string("/proc/keys").expect("the kernel shows its keys");
    let names = keys.lines().filter_map(|line| line.split_whitespace().nth(8));
    names
        .filter(|name| *name == "sealed-cache" || name.starts_with("sealed-cache:"))
        .map(Into::into)
        .collect()
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_full_quota_is_told_in_plain_words() {
    // The kernel allows root far more than one key can hold.
    let folder = Folder::new();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("our folder");
    let copy = folder.path().join("test");
    // Not `fs::copy`: a file that is open for writing here may be so in a child of another test, and cannot be run.
    assert!(Command::new("cp").arg(this_binary()).arg(&copy).status().expect("cp starts").success());
    let mut command = Command::new(copy);
    if fs::metadata("/proc/self").is_ok_and(|this| std::os::unix::fs::MetadataExt::uid(&this) == 0) {
        command.uid(64_321).gid(64_321);
    }
    let mut program = Program::start(command.current_dir("/"));
    let key = Key::new();
    let answer = program.ask(&format!("write {} *30000", key.0));
    assert!(answer.text.starts_with("failed:this user has as many keys"), "{answer:?}");
    assert_eq!(program.ask(&format!("read {} -", key.0)).text, "none");
    program.end();
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_kernel_without_persistent_keyrings_uses_the_user_keyring() {
    let key = Key::new();
    let forbid = || forbid(&[libc::SYS_keyctl], Some(libc::KEYCTL_GET_PERSISTENT), libc::EOPNOTSUPP);
    let start = || program_with(forbid, Command::new("keyctl").args(["session", "-"]).arg(this_binary()));
    let mut writer = start();
    assert_eq!(writer.ask("probe - -").text, "usable");
    assert_eq!(writer.ask(&format!("write {} text", key.0)).text, "written");
    assert_eq!(key.read(), None, "it is not in the persistent keyring");
    let mut reader = start();
    assert_eq!(reader.ask(&format!("read {} -", key.0)).text, "some:text");
    assert_eq!(reader.ask(&format!("remove {} -", key.0)).text, "removed:true");
    assert_eq!(writer.ask(&format!("read {} -", key.0)).text, "none");
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_key_of_another_program_is_found_in_either_keyring() {
    let key = Key::new();
    let find = || {
        let found = kernel_keyring::read_from_any_keyring(&key.0).expect("the kernel keyring can be read");
        found.map(|text| text.to_vec())
    };
    assert_eq!(find(), None);
    let plain = PlainKey::add(&key.0, "plain");
    assert_eq!(key.read(), None, "it is not in the persistent keyring");
    assert_eq!(find().as_deref(), Some(&b"plain"[..]));
    key.write(b"persistent");
    assert_eq!(find().as_deref(), Some(&b"persistent"[..]), "the persistent one is the first");
    assert_eq!(kernel_keyring::remove(&key.0), Ok(true));
    assert_eq!(find().as_deref(), Some(&b"plain"[..]));
    drop(plain);
    assert_eq!(find(), None);
}

/// A key that `keyctl` has put into the user keyring, linked to its session as a login links it. Dropped: it is there no more.
struct PlainKey(String);

impl PlainKey {
    fn add(description: &str, text: &str) -> Self {
        let line = format!("keyctl link @u @s && keyctl add user '{description}' '{text}' @u");
        Self(in_a_session(&line).trim().to_owned())
    }
}

impl Drop for PlainKey {
    fn drop(&mut self) {
        in_a_session(&format!("keyctl link @u @s && keyctl unlink {} @u", self.0));
    }
}

fn in_a_session(line: &str) -> String {
    let output = Command::new("keyctl").args(["session", "-", "sh", "-c", line]).output();
    let output = output.expect("keyctl starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("keyctl prints text")
}

#[test]
fn a_sandbox_that_forbids_the_calls_is_unavailable() {
    static ALL: [libc::c_long; 3] = [libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key];
    for (calls, error) in [(&ALL[..], libc::EPERM), (&ALL[..], libc::ENOSYS), (&ALL[1..2], libc::EPERM)] {
        let mut program = program_with(move || forbid(calls, None, error), &mut Command::new(this_binary()));
        let probed = program.ask("probe - -");
        assert!(
            probed.text.starts_with("unavailable:") && probed.text.contains("containers forbid"),
            "{probed:?}"
        );
        let written = program.ask("write sealed-cache-test:forbidden text");
        assert!(written.text.starts_with("unavailable:"), "{written:?}");
        program.end();
    }
}

fn program_with(
    before: impl FnMut() -> io::Result<()> + Send + Sync + Copy + 'static,
    command: &mut Command,
) -> Program {
    // SAFETY: `before` is `forbid`, which makes two system calls and allocates nothing.
    Program::start(unsafe { command.pre_exec(before) })
}

/// Let the kernel answer these system calls (if given, only this operation of them) with the error from now on.
fn forbid(calls: &[libc::c_long], operation: Option<u32>, error: i32) -> io::Result<()> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    // Offsets in `seccomp_data`: the number of the call, and the lower half of the first argument.
    const NUMBER: u32 = 0;
    const ARGUMENT: u32 = if cfg!(target_endian = "little") { 16 } else { 20 };

    let mut filter = [statement(RETURN, libc::SECCOMP_RET_ALLOW); 24];
    let mut length = 0;
    let mut push = |line| {
        filter[length] = line;
        length += 1;
    };
    for call in calls {
        push(statement(LOAD, NUMBER));
        push(jump(IF_EQUAL, *call as u32, if operation.is_some() { 3 } else { 1 }));
        if let Some(operation) = operation {
            push(statement(LOAD, ARGUMENT));
            push(jump(IF_EQUAL, operation, 1));
        }
        push(statement(RETURN, libc::SECCOMP_RET_ERRNO | error as u32));
    }
    push(statement(RETURN, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog { len: length as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program has as many lines as we say, and lives through the call.
    let result = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            | libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

const fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

/// If not equal, skip as many lines.
const fn jump(code: u32, k: u32, skip: u8) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: skip, k }
}
