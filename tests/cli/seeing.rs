//! `list`, `show` and `verify`: what is there, and never a secret.

use std::fs;

use sealed_cache::{Json, KeyFile, PersistedCache};
use serde_json::Value;

use crate::{
    home::{Home, Ran, SECRET},
    page::Page,
};

const SEALED: &str = "sealed:com.contoso.todo/tokens";
const PLAIN: &str = "azure-cli+plain";

fn with_both() -> Home {
    let home = Home::with_sealed();
    home.plain().update(|cache| cache.import(&crate::home::cache_of(&["frida"]))).unwrap();
    home
}

#[test]
fn list_tells_of_every_cache_that_is_known() {
    let mut page = Page::new("list");
    page.run(&Home::new(), &["list"]);
    let home = with_both();
    page.run(&home, &["list"]);
    fs::write(home.sealed_file(), b"no cache").unwrap();
    page.run(&home, &["list"]);
    page.compare();
}

/// Where there was no keyring, and the SDK was allowed to do without.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs Linux: only there SDKs do so")]
fn list_finds_what_an_sdk_left_in_plain_text() {
    let home = Home::new();
    fs::create_dir(home.path(".IdentityService")).unwrap();
    for (file, person) in [("msal.cache.nocae", "dora"), ("todo.cae", "emil")] {
        fs::write(home.path(".IdentityService").join(file), crate::home::json_of(&[person])).unwrap();
    }
    let list = home.json(&["list"]);
    let of = |name: &str| {
        let caches = list["caches"].as_array().unwrap();
        caches.iter().find(|cache| cache["name"] == name).unwrap_or_else(|| panic!("no {name} in {list:#}"))
    };
    assert_eq!(of("azure-identity-python+plain")["accounts"], serde_json::json!(["d..@contoso.example"]));
    assert_eq!(
        of("azure-identity-python+cae+plain:todo")["accounts"],
        serde_json::json!(["e..@contoso.example"])
    );
    home.run(&["show", "azure-identity-python+cae+plain:todo"]).is(0);
}

#[test]
fn show_tells_who_is_signed_in() {
    let home = with_both();
    let mut page = Page::new("show");
    for arguments in [
        &["show", SEALED][..],
        &["show", PLAIN],
        &["show", "--unmask", PLAIN],
        &["show", "data/com.contoso.todo"],
        &["show", "data/com.contoso.todo/tokens.sealed", "--key-file", "nowhere"],
        &["show", "sealed:com.contoso.other"],
        &["show", "azure-identity-python"],
        &["show", "data/com.contoso.todo/other.sealed"],
        &["show", "--reveal", PLAIN],
    ] {
        page.run(&home, arguments);
    }
    page.compare();
    assert_eq!(home.path("data").read_dir().unwrap().count(), 1, "looking makes nothing");
}

/// `PersistedCache<Json<T>>`: its key opens it, and that is what can be told.
#[test]
fn a_cache_of_the_applications_own_type_is_no_broken_one() {
    let home = Home::with_sealed();
    let folder = home.sealed_file().parent().unwrap().to_owned();
    let keys = home.path("state/com.contoso.todo");
    let builder = PersistedCache::<Json<Vec<u32>>>::builder("com.contoso.todo").name("list").folder(&folder);
    builder.protector(KeyFile::in_folder(&keys)).open().unwrap().update(|list| list.push(1)).unwrap();
    let list = home.json(&["list"]);
    assert_eq!(
        (&list["caches"][0]["holds_other"], &list["caches"][0]["problem"]),
        (&true.into(), &Value::Null)
    );
    let name = list["caches"][0]["name"].as_str().unwrap();
    home.run(&["list"]).is(0).says(&["something of the application's own"]);
    home.run(&["verify", name]).is(0).says(&["it opens, and holds something of the application's own"]);
    home.run(&["show", name]).is(65);
}

#[test]
fn verify_tells_whether_a_cache_opens() {
    let home = with_both();
    let mut page = Page::new("verify");
    page.run(&home, &["verify", SEALED]);
    page.run(&home, &["verify", PLAIN]);
    let sealed = fs::read(home.sealed_file()).unwrap();
    let mut damaged = sealed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(home.sealed_file(), damaged).unwrap();
    page.run(&home, &["verify", SEALED]);
    page.compare();
}

#[test]
fn what_scripts_get_is_as_the_schema_says() {
    let home = with_both();
    let list = home.json(&["list"]);
    let names: Vec<_> =
        list["caches"].as_array().unwrap().iter().map(|cache| cache["name"].as_str().unwrap()).collect();
    assert_eq!(names, [SEALED, PLAIN]);
    assert_eq!(list["caches"][1]["is_encrypted"], false);
    for name in [SEALED, PLAIN] {
        let show = home.json(&["show", name]);
        assert_eq!(show["access_tokens"][0]["is_valid"], true);
        assert!(show["access_tokens"][0].get("secret").is_none());
        assert_eq!(home.json(&["verify", name])["steps"][1]["is_fine"], true);
    }
    let error = home.json(&["show", "sealed:com.contoso.other"]);
    assert_eq!(
        (error["error"]["kind"].as_str(), error["error"]["exit_code"].as_u64()),
        (Some("NotFound"), Some(66))
    );
}

#[test]
fn accounts_are_masked_until_it_is_said_otherwise() {
    let home = with_both();
    for name in [SEALED, PLAIN] {
        let masked = home.run(&["show", name]).is(0);
        assert!(!masked.stdout.contains("dora@") && !masked.stdout.contains("frida@"), "{}", masked.stdout);
        let person = if name == SEALED { "dora@contoso.example" } else { "frida@contoso.example" };
        home.run(&["show", name, "--unmask"]).is(0).says(&[person]);
    }
}

#[test]
fn no_command_shows_a_secret_where_it_is_not_asked_for() {
    let home = with_both();
    let runs: [&[&str]; 8] = [
        &["list"],
        &["doctor"],
        &["show", "--unmask", SEALED],
        &["show", "--unmask", PLAIN],
        &["show", "--json", "--reveal", PLAIN],
        &["verify", PLAIN],
        &["unlock-stale", PLAIN],
        &["migrate", "--from", PLAIN, "--to", SEALED],
    ];
    for arguments in runs {
        for json in [&[][..], &["--json"]] {
            let Ran { stdout, stderr, .. } = home.run(&[arguments, json].concat());
            assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET), "{arguments:?}: {stdout}{stderr}");
        }
    }
    // The same look finds one where it is.
    assert!(home.run(&["export", PLAIN]).stdout.contains(SECRET));
    assert_eq!(home.files_with_secrets(), [home.plain_file()]);
}

#[test]
fn there_is_no_colour_in_a_pipe_unless_it_is_asked_for() {
    let home = with_both();
    assert!(!home.run(&["list"]).stdout.contains('\x1b'));
    assert!(home.run(&["list", "--color", "always"]).stdout.contains("\x1b[1m"));
}
