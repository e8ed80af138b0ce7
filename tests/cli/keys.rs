//! `rekey`, and the keys of sealed caches: from a file, from the environment, never from an argument.

use std::fs;

use sealed_cache::persistence::SealedFile;

use crate::{
    home::{Home, Ran, json_of},
    page::Page,
};

const SEALED: &str = "sealed:com.contoso.todo/tokens";

fn protector(home: &Home) -> String {
    SealedFile::inspect(home.sealed_file()).unwrap().unwrap().protector
}

fn with_passphrase(home: &Home, arguments: &[&str], old: &str, new: &str) -> Ran {
    let mut command = home.command(arguments);
    Ran::of(command.env("SEALED_CACHE_PASSPHRASE", old).env("SEALED_CACHE_NEW_PASSPHRASE", new))
}

#[test]
fn rekey_gives_a_new_key() {
    let home = Home::with_sealed();
    fs::write(home.path("passphrase"), "correct horse\n").unwrap();
    fs::write(home.path("another"), "battery staple\n").unwrap();
    let key =
        || fs::read(home.path("state/com.contoso.todo").read_dir().unwrap().next().unwrap().unwrap().path());
    let before = key().unwrap();
    let mut page = Page::new("rekey");
    page.run(&home, &["rekey", SEALED]);
    assert_ne!(key().unwrap(), before);
    for arguments in [
        &["rekey", SEALED, "--protector", "passphrase"][..],
        &["rekey", SEALED, "--protector", "passphrase", "--new-passphrase-file", "passphrase"],
        &["show", SEALED],
        &["verify", SEALED, "--passphrase-file", "passphrase"],
        &["rekey", SEALED, "--passphrase-file", "passphrase", "--new-passphrase-file", "another"],
        &["verify", SEALED, "--passphrase-file", "passphrase"],
        &["verify", SEALED, "--passphrase-file", "another"],
        &["list"],
        &["rekey", SEALED, "--passphrase-file", "another", "--protector", "systemd-credential"],
        &["rekey", "azure-cli+plain"],
    ] {
        page.run(&home, arguments);
    }
    page.compare();
    assert_eq!(protector(&home), "passphrase");
}

#[test]
fn a_passphrase_may_be_in_the_environment() {
    let home = Home::with_sealed();
    with_passphrase(&home, &["rekey", SEALED, "--protector", "passphrase"], "", "first").is(0);
    with_passphrase(&home, &["show", SEALED], "first", "").is(0).says(&["key derived from a passphrase"]);
    with_passphrase(&home, &["show", SEALED], "wrong", "").is(65).says(&["try again with the passphrase"]);
    with_passphrase(&home, &["rekey", SEALED, "--protector", "key-file"], "first", "").is(0);
    assert_eq!(protector(&home), "key-file");
    home.run(&["verify", SEALED]).is(0);
}

#[test]
fn a_systemd_credential_is_found_by_the_name_in_the_header() {
    let home = Home::new();
    fs::create_dir(home.path("credentials")).unwrap();
    fs::write(home.path("credentials/todo-key"), [7; 32]).unwrap();
    fs::write(home.path("tokens.json"), json_of(&["dora"])).unwrap();
    let run = |arguments: &[&str]| {
        Ran::of(home.command(arguments).env("CREDENTIALS_DIRECTORY", home.path("credentials")))
    };
    let import =
        ["import", SEALED, "tokens.json", "--protector", "systemd-credential", "--credential", "todo-key"];
    run(&import).is(0);
    run(&["show", SEALED]).is(0).says(&["key from the systemd credential `todo-key`"]);
    home.run(&["show", SEALED]).is(75).says(&["systemd gave this program no credentials"]);
}

#[test]
fn key_files_may_be_in_another_folder() {
    let home = Home::new();
    let input = json_of(&["dora"]);
    let import = ["import", SEALED, "--protector", "key-file", "--key-file", "keys"];
    home.run_with(&import, &input).is(0);
    assert_eq!(home.path("keys").read_dir().unwrap().count(), 1);
    home.run(&["show", SEALED, "--key-file", "keys"]).is(0);
    home.run(&["show", SEALED]).is(65).says(&["which is gone", "restore the key from a backup"]);
}

/// The key of the kernel is gone when the cache is cleared.
#[test]
#[ignore = "needs a kernel keyring: cargo xtask test keychain"]
fn the_kernel_may_have_the_key() {
    let home = Home::with_sealed();
    home.run(&["rekey", SEALED, "--protector", "kernel-keyring"]).is(0).says(&["key in the kernel keyring"]);
    home.run(&["show", SEALED]).is(0).says(&["2 accounts"]);
    home.run(&["clear", SEALED, "--yes"]).is(0);
}
