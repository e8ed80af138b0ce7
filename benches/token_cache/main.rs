//! `TokenCache`, in memory: beside MSAL Python's own on the same data in the same run, and beside the floor.
//!
//! ```text
//! cargo bench --bench token_cache                 all groups, about three minutes
//! cargo bench --bench token_cache -- load memory  these groups
//! cargo bench --bench token_cache -- --smoke      one small round of each: does it work
//! ```
//!
//! `cargo xtask test peers` installs MSAL Python; without it, its column says so. Tables are printed and nothing is judged.

#![allow(clippy::print_stdout, reason = "the tables are what it is for")]

mod add;
mod beside;
mod data;
mod find;
mod load;
mod memory;
#[path = "../speed/options.rs"]
mod options;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/interop/msal/peer.rs"]
mod peer;
#[path = "../speed/sample.rs"]
mod sample;
#[allow(dead_code, reason = "the other benchmark uses more of it")]
#[path = "../speed/table.rs"]
mod table;

use options::Options;

const PREFACE: &str = "\
Medians over rounds in which floor and ours were measured in turn, and the median of the rounds' ratios (lowest to highest in
brackets). MSAL Python was measured on the same data in the same run, in a process of its own.
";

/// A group of measurements: its name on the command line, and what prints its table.
type Group = (&'static str, fn(&Options));

const GROUPS: [Group; 4] =
    [("memory", memory::run), ("find", find::run), ("add", add::run), ("load", load::run)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((memory::WORKER, rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        return memory::work(rest);
    }
    let options = Options::new(&arguments);
    if let Some(unknown) = options.groups().find(|wanted| GROUPS.iter().all(|(name, _)| name != wanted)) {
        println!("there is no group `{unknown}`; there are: {}", GROUPS.map(|(name, _)| name).join(", "));
        std::process::exit(2);
    }
    println!("{PREFACE}");
    for (name, run) in GROUPS {
        if options.wants(name) {
            run(&options);
        }
    }
}
