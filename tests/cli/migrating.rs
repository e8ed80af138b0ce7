//! `migrate`: from any layout to any other; first as a plan, and nothing is removed that was not read back.

use std::fs;

use crate::{
    home::{Home, cache_of},
    page::Page,
};

const SEALED: &str = "sealed:com.contoso.todo/tokens";
const PLAIN: &str = "azure-cli+plain";

#[test]
fn without_yes_nothing_is_changed() {
    let home = Home::with_plain();
    let before = home.files();
    let text = fs::read(home.plain_file()).unwrap();
    let mut page = Page::new("migrate");
    page.run(&home, &["migrate", "--from", PLAIN, "--to", SEALED]);
    page.run(&home, &["migrate", "--from", PLAIN, "--to", SEALED, "--yes"]);
    assert_eq!((home.files(), fs::read(home.plain_file()).unwrap()), (before, text));
    page.run(&home, &["migrate", "--from", PLAIN, "--to", SEALED, "--yes", "--protector", "key-file"]);
    page.run(&home, &["migrate", "--from", PLAIN, "--to", SEALED]);
    page.run(&home, &["migrate", "--from", PLAIN, "--to", SEALED, "--yes", "--remove-source"]);
    page.run(&home, &["migrate", "--from", PLAIN, "--to", SEALED]);
    page.run(&home, &["migrate", "--from", SEALED, "--to", "data/com.contoso.todo"]);
    page.compare();
    assert!(!home.plain_file().exists());
    assert_eq!(home.sealed().read(|cache| cache.accounts().count()).unwrap(), 2);
}

#[test]
fn a_sealed_cache_becomes_a_shared_one_and_back() {
    let home = Home::with_sealed();
    let whole = home.run(&["export", SEALED]).stdout;
    let to_plain = home.json(&["migrate", "--from", SEALED, "--to", PLAIN, "--yes", "--remove-source"]);
    assert_eq!((&to_plain["done"], &to_plain["removed_source"]), (&true.into(), &true.into()));
    assert_eq!(home.run(&["export", PLAIN]).stdout, whole);
    assert!(!home.sealed_file().exists() && !home.files().iter().any(|path| path.ends_with(".key")));
    let back = ["migrate", "--from", PLAIN, "--to", SEALED, "--yes", "--protector", "key-file"];
    assert_eq!(home.json(&back)["removed_source"], false);
    assert_eq!(home.run(&["export", SEALED]).stdout, whole);
}

#[test]
fn what_the_target_has_stays() {
    let home = Home::with_sealed();
    home.plain().update(|cache| cache.import(&cache_of(&["frida"]))).unwrap();
    let report = home.json(&["migrate", "--from", SEALED, "--to", PLAIN, "--yes"]);
    assert_eq!(report["brings"]["accounts"]["added"], 2);
    assert_eq!(home.plain().read(|cache| cache.accounts().count()).unwrap(), 3);
    assert_eq!(home.sealed().read(|cache| cache.accounts().count()).unwrap(), 2);
}

#[test]
fn a_source_that_cannot_be_read_is_left_alone() {
    let home = Home::with_sealed();
    let mut damaged = fs::read(home.sealed_file()).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(home.sealed_file(), &damaged).unwrap();
    let ran = home.run(&["migrate", "--from", SEALED, "--to", PLAIN, "--yes", "--remove-source"]).is(65);
    ran.says(&["damaged", "restore it from a backup, or remove it with `sealed-cache clear`"]);
    assert_eq!(fs::read(home.sealed_file()).unwrap(), damaged);
    assert!(!home.plain_file().exists());
}

/// An item and its signal share one file with the plain form of the same preset.
#[test]
fn one_file_is_not_removed_under_the_target() {
    let home = Home::new();
    home.plain().update(|cache| cache.import(&cache_of(&["dora"]))).unwrap();
    let file = home.plain_file();
    let with_lock = format!("plain+folder-lock:{}", file.display());
    let ran = home.run(&["migrate", "--from", PLAIN, "--to", &with_lock, "--yes", "--remove-source"]).is(64);
    ran.says(&["one file between them"]);
    assert_eq!(home.plain().read(|cache| cache.accounts().count()).unwrap(), 1);
}
