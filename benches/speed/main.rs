//! What the design promises under "Speed", each work beside its raw floor: a plain program of the same system calls,
//! measured in the same run.
//!
//! ```text
//! cargo bench --bench speed                        all groups, about two minutes
//! cargo bench --bench speed -- contention load     these groups
//! cargo bench --bench speed -- --smoke             one small round of each: does it work, is nothing lost
//! ```
//!
//! It prints Markdown tables and judges nothing: machines differ, ratios between two columns of one table less so. What
//! it fails on is a lost update. The files are in the folder for temporary files: `TMPDIR` picks the disk.

#![allow(clippy::print_stdout, reason = "the tables are what it is for")]

mod contention;
mod floor;
mod hand_over;
mod keychain;
mod load;
mod lock;
mod options;
mod process;
mod read;
mod sample;
mod save;
mod table;
mod tokens;
mod worker;

use options::Options;

/// A group of measurements: its name on the command line, and what prints its table.
type Group = (&'static str, fn(&Options));

const GROUPS: [Group; 8] = [
    ("read", read::run),
    ("load", load::run),
    ("save", save::run),
    ("process", process::run),
    ("lock", lock::run),
    ("hand-over", hand_over::run),
    ("contention", contention::run),
    ("keychain", keychain::run),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((worker::WORKER, rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        return worker::run(rest);
    }
    let options = Options::new(&arguments);
    if let Some(unknown) = options.groups().find(|wanted| GROUPS.iter().all(|(name, _)| name != wanted)) {
        let names = GROUPS.map(|(name, _)| name).join(", ");
        println!("there is no group `{unknown}`; there are: {names}");
        std::process::exit(2);
    }
    println!("{}", table::PREFACE);
    for (name, run) in GROUPS {
        if options.wants(name) {
            run(&options);
        }
    }
}
