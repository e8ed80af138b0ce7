//! On a private desktop with a real keyring: sealed caches whose key is there, a family cache that is an item there, and
//! `doctor` with that keyring locked, hanging, gone.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::{
    desktop_cache::platform::desktop::Desktop,
    doctor::{TIME, WITHOUT_KEYCTL},
    home::{COMMAND, Ran, json_of},
    page::Page,
};

const SEALED: &str = "sealed:com.contoso.todo/tokens";
const ITEM: &str = "azure-identity-python:todo";

fn command(desktop: &Desktop, arguments: &[&str]) -> Command {
    let mut command = desktop.command(COMMAND);
    command.args(arguments).env_remove("XDG_STATE_HOME").env_remove("SSH_CONNECTION");
    command
}

fn run(desktop: &Desktop, arguments: &[&str]) -> Ran {
    Ran::of(&mut command(desktop, arguments))
}

fn json(desktop: &Desktop, arguments: &[&str]) -> Value {
    run(desktop, &[arguments, &["--json"]].concat()).json()
}

/// A desktop on which somebody is signed in, in both.
fn with_caches() -> Desktop {
    let desktop = Desktop::new();
    let file = desktop.folder().path().join("tokens.json");
    std::fs::write(&file, json_of(&["dora", "emil"])).unwrap();
    for name in [SEALED, ITEM] {
        run(&desktop, &["import", name, file.to_str().unwrap()]).is(0).says(&["2 accounts added"]);
    }
    desktop
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn every_command_works_on_a_sealed_cache_and_on_an_item_of_the_keyring() {
    let desktop = with_caches();
    for name in [SEALED, ITEM] {
        let show = json(&desktop, &["show", name]);
        assert_eq!(show["accounts"].as_array().unwrap().len(), 2);
        assert!(show["protection"].as_str().unwrap().contains("Secret Service"), "{show}");
        let steps = json(&desktop, &["verify", name])["steps"].clone();
        assert!(steps.as_array().unwrap().iter().all(|step| step["is_fine"] == true), "{steps}");
        assert_eq!(json(&desktop, &["unlock-stale", name])["locks"][0]["state"], "free");
    }
    run(&desktop, &["rekey", SEALED]).is(0);
    let exported = run(&desktop, &["export", ITEM]).is(0).stdout;
    assert_eq!(run(&desktop, &["export", SEALED]).is(0).stdout, exported);
    for name in [SEALED, ITEM] {
        run(&desktop, &["clear", name, "--yes"]).is(0);
        run(&desktop, &["show", name]).is(66);
    }
    assert_eq!(desktop.search(&["xdg:schema", "org.sealed_cache.DataKey"]), "");
    assert_eq!(desktop.search(&["xdg:schema", "todo.nocae"]), "");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_cache_moves_from_an_item_to_a_plain_file_and_to_a_sealed_one() {
    let desktop = with_caches();
    let whole = run(&desktop, &["export", ITEM]).stdout;
    for (from, to) in [
        (ITEM, "azure-identity-java+cae:todo"),
        ("azure-identity-java+cae:todo", "azure-cli+plain"),
        ("azure-cli+plain", "sealed:com.contoso.moved/tokens"),
        ("sealed:com.contoso.moved/tokens", ITEM),
    ] {
        let report = json(&desktop, &["migrate", "--from", from, "--to", to, "--yes", "--remove-source"]);
        assert_eq!(report["removed_source"], true, "{from} -> {to}: {report}");
        assert_eq!(run(&desktop, &["export", to]).stdout, whole, "{from} -> {to}");
        run(&desktop, &["show", from]).is(66);
    }
}

/// What a person reads, with the keyring working, locked and hanging. The kernel keeps no keys here, as in a container.
#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn what_people_read() {
    let mut page = Page::new("keyring");
    let desktop = with_caches();
    let root = desktop.folder().path().to_owned();
    let mut keep = |arguments: &[&str]| {
        let mut command = desktop.command("/usr/bin/python3");
        command.args(["-c", WITHOUT_KEYCTL, COMMAND]).args(arguments);
        command
            .env("container", "podman")
            .env_remove("SSH_CONNECTION")
            .env_remove("SSH_TTY")
            .env_remove("XDG_STATE_HOME");
        page.keep(&root, arguments, &Ran::of(&mut command));
    };
    for name in [SEALED, ITEM] {
        keep(&["show", name]);
        keep(&["verify", name]);
    }
    keep(&["list"]);
    keep(&["migrate", "--from", ITEM, "--to", SEALED]);
    keep(&["doctor"]);
    desktop.lock();
    keep(&["show", ITEM]);
    keep(&["doctor"]);
    desktop.stop_daemon();
    keep(&["show", SEALED, "--timeout", "1"]);
    keep(&["doctor"]);
    desktop.continue_daemon();
    page.compare();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_change_of_an_item_is_told_with_who_made_it() {
    let desktop = with_caches();
    let mut watching =
        command(&desktop, &["watch", ITEM, "--count", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("watching"));
    let file = desktop.folder().path().join("tokens.json");
    std::fs::write(&file, json_of(&["frida"])).unwrap();
    run(&desktop, &["import", ITEM, file.to_str().unwrap()]).is(0);
    let told: Vec<_> = lines.collect();
    assert!(told[0].contains("changed by sealed-cache (pid "), "{told:?}");
    assert_eq!(told[1], "  + f..@contoso.example");
    assert!(watching.wait().unwrap().success());
}

/// Python's own library reads what was brought there: `secret-tool` finds the item by its attributes.
#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn list_finds_what_the_sdks_keep_by_default() {
    let desktop = with_caches();
    run(&desktop, &["migrate", "--from", SEALED, "--to", "azure-identity-python", "--yes"]).is(0);
    let list = json(&desktop, &["list"]);
    let names: Vec<_> =
        list["caches"].as_array().unwrap().iter().map(|cache| cache["name"].as_str().unwrap()).collect();
    assert_eq!(names, [SEALED, "azure-identity-python", ITEM]);
    assert!(
        desktop.search(&["MsalClientID", "Microsoft.Developer.IdentityService"]).contains("msal.cache.nocae")
    );
}

/// What it found, in time.
fn examined(desktop: &Desktop) -> Value {
    let since = Instant::now();
    let report = json(desktop, &["doctor"]);
    assert!(since.elapsed() < TIME, "it took {:?}", since.elapsed());
    report
}

#[track_caller]
fn says(report: &Value, parts: &[&str]) {
    let verdict = report["verdict"].as_str().unwrap();
    for part in parts {
        assert!(verdict.contains(part), "no {part:?} in: {verdict}");
    }
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn doctor_on_a_desktop_that_works() {
    let desktop = with_caches();
    let report = examined(&desktop);
    says(&report, &["Everything works here", "both caches open", "a new key is kept by secret-service"]);
    assert_eq!(report["round_trip"]["protector"], "secret-service");
    run(&desktop, &["doctor"]).is(0);
    // Nothing of the examination is left in the keyring.
    assert_eq!(desktop.search(&["application", "sealed-cache.doctor"]), "");
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn doctor_with_a_locked_keyring() {
    let desktop = with_caches();
    desktop.lock();
    let report = examined(&desktop);
    says(&report, &["the keyring is locked", "no program here that could ask"]);
    assert_eq!(report["caches"][0]["problem"]["kind"], "KeychainLocked");
    assert_eq!(report["is_fine"], false);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn doctor_with_a_keyring_that_hangs() {
    let desktop = with_caches();
    desktop.stop_daemon();
    let report = examined(&desktop);
    desktop.continue_daemon();
    says(&report, &["because the keyring hangs", "restart it"]);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn doctor_with_a_bus_that_hangs() {
    let desktop = with_caches();
    desktop.stop_bus();
    let report = examined(&desktop);
    says(&report, &["the keyring hangs"]);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn doctor_without_a_keyring() {
    let mut desktop = with_caches();
    desktop.kill_daemon();
    let report = examined(&desktop);
    says(&report, &["no keyring is running"]);
    let desktop = Desktop::without_service();
    says(&examined(&desktop), &["no keyring is running"]);
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn doctor_where_nobody_has_made_a_keyring() {
    let mut desktop = Desktop::without_service();
    desktop.start_daemon_without_keyring();
    says(&examined(&desktop), &["nobody has made a keyring yet"]);
}

/// The library is there; a program that cannot find it behaves as where it is not.
#[test]
#[ignore = "needs root: cargo xtask test keychain"]
fn doctor_without_libsecret() {
    let desktop = Desktop::new();
    let script = "for l in $(ldconfig -p | awk '/libsecret-1.so.0/ { print $NF }'); do mount --bind /dev/null $l; done; exec \"$@\"";
    let mut wrapped = desktop.command("unshare");
    wrapped.args(["--mount", "sh", "-ec", script, "sh", COMMAND, "doctor", "--json"]);
    says(&Ran::of(&mut wrapped).json(), &["libsecret is not installed", "apt install libsecret-1-0"]);
}
