//! How late a process that waits for a lock notices that it is free: beside a process that waits in the system.

use std::{fs::File, path::Path, thread, time::Duration};

use sealed_cache::{Deadline, FileLock, FileLockGuard};

use crate::{
    floor::Floor,
    options::Options,
    sample::median,
    table::{Table, time},
    worker::{Worker, nanos_now},
};

/// How long the lock was held before it was given back: as by a save, and as by refreshes over a network.
const HOLDS: [(&str, Duration, usize); 4] = [
    ("2 ms", Duration::from_millis(2), 200),
    ("20 ms", Duration::from_millis(20), 60),
    ("200 ms", Duration::from_millis(200), 20),
    ("2 s", Duration::from_secs(2), 4),
];

pub(crate) fn run(options: &Options) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let floor = Floor::create(folder.path());
    let lock = FileLock::new(folder.path().join("ours.lock")).expect("the folder is there");
    let mut columns = vec!["held for", "floor: median", "worst", "ours: median", "worst"];
    columns.extend(["floor: wake-ups of the waiter a second", "ours"]);
    let mut table = Table::new("Lock hand-over to one waiting process, after the release", &columns);
    for (name, hold, count) in if options.smoke { &HOLDS[..2] } else { &HOLDS } {
        let (hold, count) = (*hold, if options.smoke { 2 } else { *count });
        let mut waiters = ["floor", "ours"].map(|whose| waiter(whose, folder.path()));
        let [mut bare, mut ours] = [Vec::new(), Vec::new()];
        for _ in 0..count {
            bare.push(hand_over(&mut waiters[0], hold, || held(&floor)));
            ours.push(hand_over(&mut waiters[1], hold, || held_by_us(&lock)));
        }
        waiters.into_iter().for_each(Worker::end);
        let ([bare, bare_worst, bare_wakes], [ours, ours_worst, ours_wakes]) =
            (cells(&bare, hold), cells(&ours, hold));
        table.row(&[name, &bare, &bare_worst, &ours, &ours_worst, &bare_wakes, &ours_wakes]);
    }
    table.print();
}

fn waiter(whose: &str, folder: &Path) -> Worker {
    Worker::start(&["wait", whose, folder.to_str().expect("UTF-8")])
}

fn held(floor: &Floor) -> File {
    let file = floor.lock_file();
    file.lock().expect("the file system has locks");
    file
}

fn held_by_us(lock: &FileLock) -> FileLockGuard {
    lock.acquire(&Deadline::after(Duration::from_secs(60))).expect("in time")
}

/// From the release to the moment when the other process has it, and how often that woke before.
fn hand_over<G>(waiter: &mut Worker, hold: Duration, take: impl FnOnce() -> G) -> (Duration, u64) {
    let guard = take();
    waiter.tell();
    thread::sleep(hold);
    let released = nanos_now();
    drop(guard);
    let [taken, wakes] = waiter.hear();
    (Duration::from_nanos(taken.saturating_sub(released)), wakes)
}

fn cells(measured: &[(Duration, u64)], hold: Duration) -> [String; 3] {
    let late = || measured.iter().map(|(late, _)| *late);
    let wakes: u64 = measured.iter().map(|(_, wakes)| wakes).sum();
    let waited = hold.as_secs_f64() * measured.len() as f64;
    [time(median(late())), time(late().max().unwrap_or_default()), format!("{:.0}", wakes as f64 / waited)]
}
