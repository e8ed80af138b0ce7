//! The first open with a keychain: how many round trips it makes, and how long it takes.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use sealed_cache::{Json, PersistedCache, Prompt, Result, SecretService};

use crate::{
    options::Options,
    sample::median,
    table::{Table, time},
    tokens::{APPLICATION, Tokens},
};

pub(crate) fn run(options: &Options) {
    let columns = ["work", "calls on the bus", "of these for the item", "time", "aim", "peers' best"];
    let mut table = Table::new("First open with a keychain (Secret Service)", &columns);
    let folder = tempfile::tempdir().expect("a temporary folder");
    match prepared(folder.path()) {
        Err(error) => {
            let why = format!("not measured: no Secret Service answers here ({:?})", error.kind());
            table.row(&[&why, "-", "-", "-", "1 round trip for the item", "-"]);
        }
        Ok(cache) => {
            let rounds = if options.smoke { 1 } else { 15 };
            row(&mut table, folder.path(), rounds);
            cache.clear().expect("the key can be removed");
        }
    }
    table.print();
}

fn row(table: &mut Table, folder: &Path, rounds: usize) {
    let times: Vec<_> = (0..rounds).map(|_| first_read(folder)).collect();
    let calls = calls_of(|| _ = first_read(folder));
    let (all, lookups) = match &calls {
        Some(calls) => (calls.len().to_string(), lookups(calls).to_string()),
        None => ("not counted: no dbus-monitor here".into(), "-".into()),
    };
    table.row(&[
        "`open`, first `read` of a 64 KiB cache; the process knows the keychain already",
        &all,
        &lookups,
        &time(median(times.into_iter())),
        "1 round trip for the item",
        "1.39 ms (Python), 1.86 ms (Go)",
    ]);
}

/// A cache whose key lies in the Secret Service, if there is one that answers without asking a person.
fn prepared(folder: &Path) -> Result<PersistedCache<Json<Tokens>>> {
    let cache = open(folder)?;
    cache.update(|stored| *stored = Json::new(Tokens::of_size(64 << 10)))?;
    Ok(cache)
}

fn open(folder: &Path) -> Result<PersistedCache<Json<Tokens>>> {
    PersistedCache::builder(APPLICATION)
        .name("speed")
        .folder(folder)
        .protector(SecretService::new())
        .prompt(Prompt::Never)
        .keychain_timeout(Duration::from_secs(5))
        .open()
}

fn first_read(folder: &Path) -> Duration {
    let start = Instant::now();
    let found = open(folder).and_then(|cache| cache.read(|stored| !stored.tokens.is_empty()));
    assert!(found.expect("the cache can be read"));
    start.elapsed()
}

/// The members of the D-Bus calls to the Secret Service that this work makes.
fn calls_of(work: impl FnOnce()) -> Option<Vec<String>> {
    let (mut monitor, calls) = monitor()?;
    work();
    // The monitor hears of a call before its answer goes out, but is a process of its own.
    thread::sleep(Duration::from_millis(300));
    monitor.kill().expect("it is a child of ours");
    monitor.wait().expect("it is a child of ours");
    Some(calls.iter().collect())
}

fn monitor() -> Option<(Child, mpsc::Receiver<String>)> {
    let calls_to = "type='method_call',destination='org.freedesktop.secrets'";
    let mut command = Command::new("dbus-monitor");
    let mut monitor =
        command.args(["--session", "--profile", calls_to]).stdout(Stdio::piped()).spawn().ok()?;
    let output = BufReader::new(monitor.stdout.take()?);
    let (sender, calls) = mpsc::channel();
    thread::spawn(move || {
        for line in output.lines().map_while(std::result::Result::ok) {
            // Kind, time, serial, sender, destination, path, interface, member.
            if let Some(member) = line.strip_prefix("mc").and_then(|call| call.split('\t').next_back()) {
                let _ = sender.send(member.to_owned());
            }
        }
    });
    thread::sleep(Duration::from_millis(300));
    Some((monitor, calls))
}

/// Those that ask for an item or its secret; the others set up the session, once a process.
fn lookups(calls: &[String]) -> usize {
    let asks = ["SearchItems", "GetSecret", "GetSecrets", "Unlock"];
    calls.iter().filter(|call| asks.contains(&call.as_str())).count()
}
