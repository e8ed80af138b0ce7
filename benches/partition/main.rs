//! The engines of the server half, each beside bare calls of the same engine in the same run.
//!
//! ```text
//! cargo bench --bench partition --all-features             all groups
//! cargo bench --bench partition --all-features -- redis    these groups
//! cargo bench --bench partition --all-features -- --smoke  one small round of each: does it work, is nothing lost
//! ```
//!
//! Each engine is started for the measurement, on loopback. Tables are printed and nothing is judged but one thing: a lost
//! update of ours is a failure.

#![allow(clippy::print_stdout, reason = "the tables are what it is for")]

#[cfg(feature = "redis")]
mod beside_msal;
#[cfg(any(feature = "redis", all(feature = "postgres", feature = "mysql", feature = "sqlite")))]
#[path = "../../tests/common/engine/mod.rs"]
mod engine;
#[cfg(feature = "redis")]
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/interop/msal/events.rs"]
mod events;
#[allow(dead_code, reason = "the other benchmarks use more of it")]
#[path = "../speed/options.rs"]
mod options;
#[cfg(feature = "redis")]
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/interop/msal/peer.rs"]
mod peer;
#[cfg(feature = "redis")]
mod redis;
#[allow(dead_code, reason = "the other benchmarks use more of it")]
#[path = "../speed/sample.rs"]
mod sample;
#[cfg(all(feature = "postgres", feature = "mysql", feature = "sqlite"))]
mod sql;
#[allow(dead_code, reason = "the other benchmarks use more of it")]
#[path = "../speed/table.rs"]
mod table;
mod tasks;

use options::Options;

const PREFACE: &str = "\
Time for one call, from the time that all calls of a round took together: medians over rounds in which floor and ours were
measured in turn, and the median of the rounds' ratios (lowest to highest in brackets). The engine shares the machine with us.
";

/// A group of measurements: its name on the command line, and what prints its tables.
type Group = (&'static str, fn(&Options));

const GROUPS: &[Group] = &[
    #[cfg(feature = "redis")]
    ("redis", redis::run),
    #[cfg(feature = "redis")]
    ("msal", beside_msal::run),
    #[cfg(all(feature = "postgres", feature = "mysql", feature = "sqlite"))]
    ("postgres", sql::postgres),
    #[cfg(all(feature = "postgres", feature = "mysql", feature = "sqlite"))]
    ("mariadb", sql::mariadb),
    #[cfg(all(feature = "postgres", feature = "mysql", feature = "sqlite"))]
    ("sqlite", sql::sqlite),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = Options::new(&arguments);
    if let Some(unknown) = options.groups().find(|wanted| GROUPS.iter().all(|(name, _)| name != wanted)) {
        let names: Vec<_> = GROUPS.iter().map(|(name, _)| *name).collect();
        println!("there is no group `{unknown}`; there are: {}", names.join(", "));
        std::process::exit(2);
    }
    println!("{PREFACE}");
    for (name, run) in GROUPS {
        if options.wants(name) {
            run(&options);
        }
    }
}
