//! The kernel keyring, seen from outside by `keyctl`.

use std::{collections::BTreeSet, fs, path::Path, process::Command, thread, time::Duration};

use sealed_cache::{KernelKeyring, KeyLifetime, RecoveryReason};

use super::{Cache, add, names, numbers, open, protector_data};

/// A cache whose key the kernel has. Dropped: the kernel has it no more.
struct InKernel {
    folder: tempfile::TempDir,
}

impl InKernel {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn open(&self) -> Cache {
        open(self.path(), KernelKeyring::new())
    }

    /// Run a line of shell in a session that possesses the key `$k` in the keyring `$r`.
    fn keyctl(&self, line: &str) -> String {
        let file = fs::read(self.path().join("tokens.sealed")).unwrap();
        let item = String::from_utf8(protector_data(&file).to_vec()).unwrap();
        let script = format!(
            "r=$(keyctl get_persistent @s) && k=$(keyctl search $r user 'sealed-cache:com.example.proofs:{item}') \
             && {line}"
        );
        let output = Command::new("keyctl").args(["session", "-", "sh", "-c", &script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is left when the kernel has lost the key.
    fn has_expired(&self) {
        let cache = self.open();
        assert_eq!(numbers(&cache), [0; 0]);
        let recoveries = cache.recoveries();
        assert_eq!(recoveries.len(), 1);
        assert_eq!(recoveries[0].reason, RecoveryReason::Expired);
        assert_eq!(recoveries[0].kept, self.path().canonicalize().unwrap().join("tokens.sealed.expired"));
        assert_eq!(names(self.path()), ["tokens.lock", "tokens.sealed.expired"]);
        assert!(self.open().recoveries().is_empty(), "it is reported once");
        add(&self.open(), 2).unwrap();
        assert_eq!(numbers(&self.open()), [2]);
    }
}

impl Drop for InKernel {
    fn drop(&mut self) {
        let _ = self.open().clear();
    }
}

/// The serial numbers of the keys of `verify`, whoever made them.
fn keys_of_verify() -> BTreeSet<String> {
    let keys = fs::read_to_string("/proc/keys").unwrap();
    let keys = keys.lines().filter(|line| line.contains("sealed-cache:com.example.proofs:verify-"));
    keys.map(|line| line[..8].to_owned()).collect()
}

/// What was removed is there for a moment longer.
#[track_caller]
fn soon(what: impl Fn() -> bool) {
    let is_so = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        what()
    });
    assert!(is_so, "it took too long");
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn keyctl_sees_the_key_as_long_as_there_is_the_cache() {
    let kernel = InKernel::new();
    let cache = kernel.open();
    add(&cache, 1).unwrap();
    assert!(kernel.keyctl("keyctl print $k").starts_with("sealed-cache-key-1:"));
    assert!(kernel.keyctl("keyctl rdescribe $k").contains("sealed-cache:com.example.proofs:tokens~"));
    let protection = cache.protection().unwrap();
    assert_eq!(protection.lifetime, KeyLifetime::UntilRestart);
    assert_eq!(
        protection.to_string(),
        "AES-256-GCM file, key in the kernel keyring until the machine restarts"
    );
    let before = kernel.keyctl("keyctl print $k");
    cache.rekey().unwrap();
    assert_ne!(kernel.keyctl("keyctl print $k"), before);
    assert_eq!(numbers(&kernel.open()), [1]);
    let before = keys_of_verify();
    cache.verify().unwrap();
    soon(|| keys_of_verify().is_subset(&before));
    let serial = kernel.keyctl("echo $k");
    cache.clear().unwrap();
    let print = || Command::new("keyctl").args(["print", serial.trim()]).output().unwrap();
    soon(|| !print().status.success());
}

#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_key_that_the_kernel_lost_has_expired_with_its_cache() {
    for lose in ["keyctl unlink $k $r", "keyctl revoke $k", "keyctl invalidate $k", "keyctl timeout $k 1"] {
        let kernel = InKernel::new();
        let warm = kernel.open();
        add(&warm, 1).unwrap();
        assert_eq!(numbers(&kernel.open()), [1]);
        kernel.keyctl(lose);
        if lose.contains("timeout") {
            thread::sleep(Duration::from_millis(1500));
        }
        kernel.has_expired();
        assert_eq!(numbers(&warm), [2], "{lose}: a handle that had the old key follows");
    }
}

/// The old file is kept once, however often it happens.
#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn an_expired_cache_takes_the_place_of_the_one_before() {
    let kernel = InKernel::new();
    for _ in 0..3 {
        add(&kernel.open(), 1).unwrap();
        kernel.keyctl("keyctl unlink $k $r");
        // By a change, which finds the same as a look.
        let cache = kernel.open();
        add(&cache, 7).unwrap();
        assert_eq!(numbers(&cache), [7]);
        assert_eq!(cache.recoveries().len(), 1);
        assert_eq!(names(kernel.path()), ["tokens.lock", "tokens.sealed", "tokens.sealed.expired"]);
        cache.clear().unwrap();
    }
}

/// A restart that hits two handles of one program, one of which is in the middle of a change.
#[test]
#[ignore = "needs the kernel keyring: cargo xtask test keychain"]
fn a_key_that_is_lost_while_the_cache_is_locked() {
    let kernel = InKernel::new();
    let cache = kernel.open();
    add(&cache, 1).unwrap();
    let mut guard = cache.lock().unwrap();
    guard.push(2);
    kernel.keyctl("keyctl unlink $k $r");
    guard.commit().unwrap();
    assert_eq!(numbers(&cache), [1, 2], "the handle has the key");
    kernel.has_expired();
}
