//! Taking and giving back a lock that nobody else wants: beside the bare system calls.

use std::time::Duration;

use sealed_cache::{Deadline, FileLock};

use crate::{floor::Floor, options::Options, sample::compare, table::Table};

pub(crate) fn run(options: &Options) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let floor = Floor::create(folder.path());
    let lock = FileLock::new(folder.path().join("ours.lock")).expect("the folder is there");
    let compared = compare(
        options.sampling(61, 500),
        || {
            let file = floor.lock_file();
            file.lock().expect("the file system has locks");
            file.unlock().expect("it is locked");
        },
        || drop(lock.acquire(&Deadline::after(Duration::from_secs(10))).expect("nobody else has it")),
    );
    let mut table = Table::of_comparisons("Lock, nobody else wants it");
    table.comparison("acquire and release, beside open, flock, unlock, close", &compared, "-", "-");
    table.print();
}
