//! `doctor`, in environments that are broken in one way each: the right sentence, in time.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    home::{Home, Ran, cache_of},
    page::Page,
};

/// What is promised, with some patience for a busy machine.
pub(crate) const TIME: Duration = Duration::from_secs(8);

/// Ends with the command, which may not call `add_key` and `keyctl`: as in a container.
pub(crate) const WITHOUT_KEYCTL: &str = include_str!("without_keyctl.py");

fn examined(command: &mut Command) -> Value {
    let since = Instant::now();
    let ran = Ran::of(command.arg("--json"));
    assert!(since.elapsed() < TIME, "it took {:?}", since.elapsed());
    assert!(matches!(ran.code, Some(0 | 1)), "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert_eq!(ran.code == Some(0), report["is_fine"].as_bool().unwrap(), "{report}");
    report
}

fn of<'a>(report: &'a Value, list: &str, what: &str) -> &'a Value {
    let name = |it: &'a Value| it.get("what").or(it.get("protector")).and_then(Value::as_str).unwrap();
    let found = report[list].as_array().unwrap().iter().find(|it| name(it) == what);
    found.unwrap_or_else(|| panic!("no {what} in {:#}", report[list]))
}

#[track_caller]
fn says(report: &Value, parts: &[&str]) {
    let verdict = report["verdict"].as_str().unwrap();
    for part in parts {
        assert!(verdict.contains(part), "no {part:?} in: {verdict}");
    }
    assert!(verdict.ends_with('.') && !verdict.contains('\n'), "{verdict}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs Linux: elsewhere there is another keychain")]
fn without_a_bus() {
    let home = Home::with_sealed();
    let report = examined(&mut home.command(&["doctor"]));
    says(&report, &["because there is no session bus", "what works here"]);
    let keychain = of(&report, "protectors", "secret-service");
    assert_eq!((&keychain["is_available"], &keychain["is_default"]), (&false.into(), &true.into()));
    assert_eq!(of(&report, "protectors", "key-file")["is_available"], true);
    assert_eq!(report["round_trip"]["is_fine"], true, "a fallback works: {report:#}");
    assert_eq!(report["caches"][0]["problem"], Value::Null);
}

#[test]
fn nothing_is_left_of_the_examination() {
    let home = Home::new();
    examined(&mut home.command(&["doctor"]));
    assert_eq!(home.files(), Vec::<String>::new());
    let left: Vec<_> = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["tmp"]);
}

#[test]
fn the_text_says_what_to_do() {
    let home = Home::with_plain();
    let ran = home.run(&["doctor"]).says(&[
        "Who can keep a key here",
        "key-file: works here; protects copies and backups only",
        "a lock that is held keeps others out",
        "azure-cli+plain: it opens, and is NOT encrypted",
        "-> move it to a protected one: sealed-cache migrate",
    ]);
    let last = ran.stdout.trim_end().lines().last().unwrap();
    assert!(last.ends_with('.'), "one plain sentence: {last}");
}

#[test]
fn over_ssh_and_in_a_container() {
    let home = Home::new();
    let report = examined(home.command(&["doctor"]).env("SSH_CONNECTION", "a").env("container", "podman"));
    let session = of(&report, "machine", "session")["message"].as_str().unwrap();
    assert!(session.contains("in a container") && session.contains("over SSH"), "{session}");
}

#[test]
fn a_folder_that_others_can_write() {
    let home = Home::with_sealed();
    fs::set_permissions(home.path("data"), fs::Permissions::from_mode(0o777)).unwrap();
    let report = examined(&mut home.command(&["doctor"]));
    says(&report, &["can be written by other users (mode 0777)", "chmod go-w"]);
}

/// That it is not open to everybody is what was wanted.
#[test]
fn a_cache_with_a_passphrase_is_no_problem() {
    let home = Home::with_sealed();
    fs::write(home.path("passphrase"), "correct horse").unwrap();
    let name = "sealed:com.contoso.todo/tokens";
    home.run(&["rekey", name, "--protector", "passphrase", "--new-passphrase-file", "passphrase"]).is(0);
    let report = examined(&mut home.command(&["doctor"]));
    assert_eq!(report["caches"][0]["problem"]["kind"], "KeychainLocked");
    assert!(!report["verdict"].as_str().unwrap().contains("cannot be read"), "{report}");
    home.run(&["list"]).is(0);
    let report = examined(&mut home.command(&["doctor", "--passphrase-file", "passphrase"]));
    assert_eq!(report["caches"][0]["entries"], 8);
}

#[test]
fn a_cache_that_is_damaged() {
    let home = Home::with_sealed();
    fs::write(home.sealed_file(), b"no cache").unwrap();
    let report = examined(&mut home.command(&["doctor"]));
    assert_eq!(report["caches"][0]["problem"]["kind"], "Damaged");
    assert_eq!(report["is_fine"], false);
}

#[test]
fn without_a_home() {
    let home = Home::new();
    let mut command = home.command(&["doctor"]);
    let report = examined(
        command.env("HOME", "/nonexistent-home").env_remove("XDG_DATA_HOME").env_remove("XDG_STATE_HOME"),
    );
    assert_eq!(report["is_fine"], false);
}

/// What is left of a run with sudo.
#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn a_folder_that_is_another_users() {
    let home = Home::with_sealed();
    std::os::unix::fs::chown(home.sealed_file().parent().unwrap(), Some(12_345), None).unwrap();
    let report = examined(&mut home.command(&["doctor"]));
    says(&report, &["belongs to user id 12345", "was the program once run with sudo?", "sudo chown -R"]);
    let other = Home::new();
    std::os::unix::fs::chown(other.path(""), Some(12_345), None).unwrap();
    let report = examined(other.command(&["doctor"]).env("SUDO_USER", "dora"));
    says(&report, &["this runs with sudo, in the home of dora", "without sudo"]);
}

#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn a_home_that_is_read_only() {
    let home = Home::with_sealed();
    home.plain().update(|cache| cache.import(&cache_of(&["frida"]))).unwrap();
    let root = home.path("");
    let root = root.to_str().unwrap();
    let script =
        format!("mount --bind '{root}' '{root}' && mount -o remount,bind,ro '{root}' && exec \"$@\"");
    let before = ["unshare", "--mount", "sh", "-ec", &script, "sh"];
    let mut command = home.command_by(&before, &["doctor"]);
    command.current_dir("/");
    let report = examined(&mut command);
    says(&report, &["it cannot be written", "Read-only file system", "set XDG_DATA_HOME"]);
    assert_eq!(report["round_trip"]["is_fine"], false);
}

#[test]
#[ignore = "needs python3: cargo xtask test keychain"]
fn a_kernel_that_keeps_no_keys_for_us() {
    let home = Home::new();
    let before = ["/usr/bin/python3", "-c", WITHOUT_KEYCTL];
    let report = examined(&mut home.command_by(&before, &["doctor"]));
    let kernel = of(&report, "protectors", "kernel-keyring");
    assert_eq!((&kernel["is_available"], &kernel["kind"]), (&false.into(), &"KeychainUnavailable".into()));
    let mut page = Page::new("doctor");
    let mut command = home.command_by(&before, &["doctor"]);
    page.keep(&home.path(""), &["doctor"], &Ran::of(command.env("container", "podman")));
    page.compare();
    assert!(kernel["remedy"].as_str().unwrap().contains("add_key, keyctl and request_key"), "{kernel}");
    assert_eq!(report["round_trip"]["protector"], "key-file", "{report:#}");
    // The folder of the key was made for the examination.
    assert_eq!(home.files(), Vec::<String>::new());
    assert!(!home.path("state").exists());
}
