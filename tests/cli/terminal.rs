//! What needs a person at a terminal: questions, and secrets that are typed. The terminal is Python's `pty`.

use std::process::Command;

use crate::home::{COMMAND, Home, Ran, SECRET};

const SEALED: &str = "sealed:com.contoso.todo/tokens";

/// Types each answer when its question was asked; prints what was seen, and ends with the exit code of the command.
const TERMINAL: &str = r#"
import os, pty, select, sys
answers = [a.split('=', 1) for a in os.environ['ANSWERS'].split('|') if a]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = since = b''
while True:
    ready, _, _ = select.select([terminal], [], [], 30)
    try:
        piece = os.read(terminal, 4096) if ready else b''
    except OSError:
        piece = b''
    if not piece:
        break
    seen += piece
    since += piece
    if answers and answers[0][0].encode() in since:
        os.write(terminal, answers.pop(0)[1].encode().decode('unicode_escape').encode())
        since = b''
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

/// `answers`: `part of the question=what is typed`, with `|` between them.
fn at_terminal(home: &Home, arguments: &[&str], answers: &str) -> Ran {
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", TERMINAL, COMMAND]).args(arguments);
    home.settle(&mut command);
    Ran::of(command.env("ANSWERS", answers).env("TERM", "xterm"))
}

#[test]
#[ignore = "needs python3: cargo xtask test keychain"]
fn tokens_are_shown_after_a_question_only() {
    let home = Home::with_sealed();
    let arguments = ["show", SEALED, "--reveal"];
    let shown = at_terminal(&home, &arguments, "Type yes=yes\\n").is(0);
    assert!(shown.stdout.contains(&format!("{SECRET}-dora")), "{}", shown.stdout);
    let refused = at_terminal(&home, &arguments, "Type yes=no\\n").is(64);
    assert!(!refused.stdout.contains(SECRET), "{}", refused.stdout);
}

#[test]
#[ignore = "needs python3: cargo xtask test keychain"]
fn a_passphrase_is_asked_for_and_not_shown() {
    let home = Home::with_sealed();
    let rekey = ["rekey", SEALED, "--protector", "passphrase"];
    let ran = at_terminal(&home, &rekey, "New passphrase=horse\\n|once more=house\\n").is(64);
    assert!(ran.stdout.contains("not the same") && !ran.stdout.contains("horse"), "{}", ran.stdout);
    // With a letter too many, taken back.
    let ran = at_terminal(&home, &rekey, "New passphrase=horses\\x7f\\n|once more=horse\\n").is(0);
    assert!(!ran.stdout.contains("horse"), "{}", ran.stdout);
    at_terminal(&home, &["show", SEALED], "Passphrase of cache=horse\\n").is(0).says(&["2 accounts"]);
    at_terminal(&home, &["show", SEALED], "Passphrase of cache=house\\n").is(65);
    // Ctrl-C while it is typed.
    let ran = at_terminal(&home, &["show", SEALED], "Passphrase of cache=ho\\x03").is(130);
    assert!(ran.stdout.contains("interrupted"), "{}", ran.stdout);
    at_terminal(&home, &["show", SEALED, "--no-prompt"], "").is(75).says(&["nobody to ask"]);
}

#[test]
#[ignore = "needs python3: cargo xtask test keychain"]
fn a_cache_is_removed_after_a_question_only() {
    let home = Home::with_sealed();
    at_terminal(&home, &["clear", SEALED], "Type yes=n\\n").is(64).says(&["nothing was removed"]);
    assert!(home.sealed_file().exists());
    at_terminal(&home, &["clear", SEALED], "Type yes=yes\\n").is(0);
    assert!(!home.sealed_file().exists());
}

#[test]
#[ignore = "needs python3: cargo xtask test keychain"]
fn colour_and_progress_are_for_terminals() {
    let home = Home::with_sealed();
    let ran = at_terminal(&home, &["show", SEALED], "").is(0);
    assert!(
        ran.stdout.contains("\x1b[1m2 accounts\x1b[0m") && ran.stdout.contains("reading .."),
        "{}",
        ran.stdout
    );
    // NO_COLOR is heard; `at_terminal` sets nothing of the kind.
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", TERMINAL, COMMAND, "show", SEALED]);
    home.settle(&mut command);
    let ran = Ran::of(command.env("ANSWERS", "").env("NO_COLOR", "1")).is(0);
    assert!(!ran.stdout.contains("\x1b[1m"), "{}", ran.stdout);
    // An export is not for eyes.
    at_terminal(&home, &["export", SEALED], "").is(64).says(&["this is a terminal"]);
}
