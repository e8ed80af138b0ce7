//! Memory of a loaded cache: how much a process that does nothing else grows when it loads some, by the kernel's own count.

use std::{env, fs, io::Write, process::Command};

use crate::{
    data::{Data, loaded},
    load::SIZES,
    options::Options,
    table::Table,
};

/// The first argument of that process; the others are the file, and how many times to load it.
pub(crate) const WORKER: &str = "--memory-of";

pub(crate) fn run(options: &Options) {
    let mut table =
        Table::new("Memory of a loaded cache", &["JSON", "access tokens", "memory", "ratio", "aim"]);
    for (size, bytes) in SIZES.into_iter().take(if options.smoke { 1 } else { 3 }) {
        let data = Data::of_size(bytes);
        let text = data.json();
        // So many that the pages of the allocator do not count.
        let copies = (40 << 20) / bytes;
        let [memory, ratio] = match grown(&text, copies) {
            Some(grown) => {
                [format!("{} KiB", grown >> 10), format!("**{:.2}**", grown as f64 / text.len() as f64)]
            }
            None => ["not known on this system".to_owned(), "-".to_owned()],
        };
        table.row(&[size, &data.tokens.to_string(), &memory, &ratio, "3"]);
    }
    table.print();
}

/// Bytes for each of so many loaded caches.
fn grown(text: &str, copies: usize) -> Option<u64> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a temporary file");
    let mut worker = Command::new(env::current_exe().expect("this program"));
    let output =
        worker.arg(WORKER).arg(file.path()).arg(copies.to_string()).output().expect("this program starts");
    assert!(output.status.success(), "the other process failed");
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// In that process: print by how many bytes it has grown for each.
pub(crate) fn work(arguments: &[String]) {
    let [path, copies] = arguments else { panic!("a file and a number") };
    let (text, copies) = (fs::read_to_string(path).expect("the file"), copies.parse().expect("a number"));
    let before = resident();
    let caches: Vec<_> = (0..copies).map(|_| loaded(&text)).collect();
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("{}", after.saturating_sub(before) / copies as u64);
    }
    drop(caches);
}

/// Bytes of this process that are in memory.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}
