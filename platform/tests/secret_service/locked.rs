//! A locked keyring is never an empty one.

use std::{fs, path::PathBuf, process::Child};

use super::{
    common::{desktop::Desktop, wait_until},
    program,
};

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_locked_keyring_is_locked_at_once_where_nobody_may_be_asked() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    desktop.lock();
    let prompts = PromptWatch::start(&desktop);
    for request in ["probe", "lookup", "store", "remove"] {
        program.ask(&format!("{request} quiet 5000 tokens text")).begins("locked:").took_less_than(1000);
    }
    // An item that is not there may be hidden by the lock.
    program.ask("lookup quiet 5000 others -").begins("locked:").took_less_than(1000);
    program.ask("remove quiet 5000 others -").begins("locked:").took_less_than(1000);
    program.end();
    prompts.expect_none();
}

#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn a_locked_keyring_is_locked_where_no_program_can_ask() {
    let desktop = Desktop::new();
    let mut program = program(&desktop);
    program.ask("store quiet 5000 tokens text").is("stored");
    desktop.lock();
    for request in ["probe", "lookup", "store", "remove"] {
        program.ask(&format!("{request} ask 5000 tokens text")).begins("locked:").took_less_than(2500);
    }
    program.ask("lookup ask 5000 others -").begins("locked:").took_less_than(2500);
    program.end();
}

/// Sees every message of the bus, of which prompts are some.
struct PromptWatch {
    monitor: Child,
    file: PathBuf,
}

impl PromptWatch {
    fn start(desktop: &Desktop) -> Self {
        let file = desktop.folder().path().join("messages");
        let output = fs::File::create(&file).expect("a file");
        let monitor = desktop.command("dbus-monitor").arg("--session").stdout(output).spawn();
        let this = Self { monitor: monitor.expect("dbus-monitor starts"), file };
        wait_until("the monitor has begun", || this.messages().contains("NameLost"));
        this
    }

    fn messages(&self) -> String {
        fs::read_to_string(&self.file).unwrap_or_default()
    }

    fn expect_none(mut self) {
        let _ = self.monitor.kill();
        let _ = self.monitor.wait();
        let messages = self.messages();
        assert!(messages.contains("member=SearchItems"), "the monitor saw nothing: {messages}");
        assert!(!messages.contains("member=Prompt\n") && !messages.contains("member=Unlock\n"), "{messages}");
    }
}

impl Drop for PromptWatch {
    fn drop(&mut self) {
        let _ = self.monitor.kill();
        let _ = self.monitor.wait();
    }
}
