//! `export` and `import`: JSON, from and to standard streams and files.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::{
    home::{Home, json_of},
    page::Page,
};

const NEW: &str = "sealed:com.contoso.new/tokens";

#[test]
fn what_is_exported_is_what_can_be_imported() {
    for home in [Home::with_sealed(), Home::with_plain()] {
        let name =
            if home.sealed_file().exists() { "sealed:com.contoso.todo/tokens" } else { "azure-cli+plain" };
        let exported = home.run(&["export", name]).is(0).stdout;
        assert_eq!(
            serde_json::from_str::<Value>(&exported).unwrap()["Account"].as_object().unwrap().len(),
            2
        );
        home.run_with(&["import", NEW, "--protector", "key-file"], &exported)
            .is(0)
            .says(&["2 accounts added"]);
        assert_eq!(home.run(&["export", NEW]).is(0).stdout, exported);
        let again = home.run_with(&["import", NEW], &exported).is(0);
        assert_eq!(again.stdout, format!("{NEW}: nothing new\n"));
    }
}

#[test]
fn an_exported_file_is_for_this_user_only_and_nothing_is_overwritten() {
    let home = Home::with_sealed();
    let arguments = ["export", "sealed:com.contoso.todo/tokens", "--output", "tokens.json"];
    home.run(&arguments).is(0).says(&["as good as passwords"]);
    assert_eq!(fs::metadata(home.path("tokens.json")).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(home.path("tokens.json")).unwrap();
    home.run(&arguments).is(74).says(&["cannot create the file"]);
    assert_eq!(fs::read(home.path("tokens.json")).unwrap(), before);
}

#[test]
fn import_says_what_it_brings() {
    let home = Home::with_plain();
    fs::write(home.path("more.json"), json_of(&["frida"])).unwrap();
    fs::write(home.path("empty.json"), " ").unwrap();
    fs::write(home.path("other.json"), "[1]").unwrap();
    let mut page = Page::new("import");
    for arguments in [
        &["import", "--dry-run", "azure-cli+plain", "more.json"][..],
        &["import", "azure-cli+plain", "more.json"],
        &["import", "azure-cli+plain", "more.json"],
        &["import", NEW, "more.json"],
        &["import", NEW, "more.json", "--protector", "key-file"],
        &["import", NEW, "empty.json"],
        &["import", NEW, "other.json"],
        &["import", NEW, "missing.json"],
    ] {
        page.run(&home, arguments);
    }
    page.compare();
    assert_eq!(home.plain().read(|cache| cache.accounts().count()).unwrap(), 3);
}

#[test]
fn a_dry_run_makes_nothing() {
    let home = Home::new();
    fs::write(home.path("more.json"), json_of(&["frida"])).unwrap();
    let before = home.files();
    for name in [NEW, "plain:new/cache.json"] {
        let report = home.json(&["import", "--dry-run", name, "more.json"]);
        assert_eq!((&report["done"], &report["brings"]["accounts"]["added"]), (&false.into(), &1.into()));
    }
    assert_eq!(home.files(), before);
    assert!(!home.path("new").exists() && !home.path("data").exists());
}
