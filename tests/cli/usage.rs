//! Help, completions, the man page, and what is mistyped.

use std::{fs, process::Stdio};

use crate::{
    home::{Home, Ran},
    page::Page,
    schema,
};

const COMMANDS: [&str; 13] = [
    "doctor",
    "list",
    "show",
    "export",
    "import",
    "migrate",
    "rekey",
    "clear",
    "verify",
    "unlock-stale",
    "watch",
    "completions",
    "man",
];

#[test]
fn every_command_has_help_with_examples() {
    let home = Home::new();
    let overview = home.run(&["--help"]).is(0).says(&["Exit codes:", "130"]).stdout;
    for command in COMMANDS {
        assert!(overview.contains(&format!("\n  {command} ")), "{command}");
        home.run(&[command, "--help"]).is(0).says(&["Examples:\n  sealed-cache", "--json"]);
    }
    assert_eq!(home.files(), Vec::<String>::new());
}

#[test]
fn what_is_mistyped_is_told() {
    let home = Home::new();
    let mut page = Page::new("usage");
    for arguments in [
        &["shwo"][..],
        &["show"],
        &["show", "com.contoso.todo"],
        &["show", "sealed:../x"],
        &["show", "azure-cli:x"],
        &["show", "azure-identity-python+cea"],
        &["show", "secret-service:/x"],
        &["migrate", "--from", "plain:a.json"],
        &["list", "--timeout", "0"],
    ] {
        page.run(&home, arguments);
    }
    page.compare();
}

#[test]
fn a_script_gets_its_error_as_json() {
    let home = Home::new();
    for (arguments, code) in [
        (&["show", "nothing"][..], 64),
        (&["show", "sealed:com.contoso.todo"], 66),
        (&["import", "plain:x.json", "missing.json"], 66),
    ] {
        let ran = home.run(&[arguments, &["--json"]].concat()).is(code);
        assert_eq!(ran.json()["error"]["exit_code"], code);
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn completions_and_man_pages_are_made() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        home.run(&["completions", shell]).is(0).says(&["unlock-stale"]);
    }
    home.run(&["man"]).is(0).says(&[".TH sealed", "doctor"]);
    home.run(&["man", "--folder", "man1"]).is(0);
    for command in COMMANDS {
        let page = fs::read_to_string(home.path(&format!("man1/sealed-cache-{command}.1"))).unwrap();
        assert!(page.contains("EXTRA") && page.contains("Examples:"), "{command}: {page}");
    }
}

/// Who reads has enough: no message, and no panic.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::with_plain();
    let mut child = home.command(&["list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap()).is(0);
    assert_eq!(ran.stderr, "");
}

/// The validator of these tests knows only a part of JSON Schema. This one knows all of it.
#[test]
#[ignore = "needs python3-jsonschema: cargo xtask test keychain"]
fn another_validator_says_the_same() {
    let home = Home::with_sealed();
    home.plain().update(|cache| cache.import(&crate::home::cache_of(&["frida"]))).unwrap();
    fs::write(home.path("schema.json"), schema::schema().to_string()).unwrap();
    let (sealed, plain) = ("sealed:com.contoso.todo/tokens", "azure-cli+plain");
    let runs: [&[&str]; 10] = [
        &["doctor"],
        &["list"],
        &["show", sealed],
        &["show", "nothing"],
        &["verify", plain],
        &["unlock-stale", plain],
        &["migrate", "--from", plain, "--to", sealed],
        &["migrate", "--from", plain, "--to", sealed, "--yes", "--remove-source"],
        &["rekey", sealed],
        &["clear", sealed, "--yes"],
    ];
    let documents: String =
        runs.iter().map(|arguments| home.run(&[*arguments, &["--json"]].concat()).stdout).collect();
    fs::write(home.path("documents.jsonl"), documents).unwrap();
    let script = "import json, jsonschema
schema = json.load(open('schema.json'))
validator = jsonschema.Draft202012Validator(schema)
validator.check_schema(schema)
documents = [json.loads(line) for line in open('documents.jsonl')]
for document in documents: validator.validate(document)
assert not validator.is_valid({'version': 1, 'command': 'list', 'caches': [1]})
print(len(documents))";
    let output = std::process::Command::new("/usr/bin/python3")
        .args(["-c", script])
        .current_dir(home.path(""))
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "10\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
