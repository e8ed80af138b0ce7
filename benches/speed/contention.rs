//! Several processes that add tokens to one cache: beside the same under a bare lock that waits without a deadline.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    floor::Floor,
    options::Options,
    sample::{Compared, median},
    table::{Table, ratio, time},
    tokens::{Tokens, json, open, open_with},
    worker::Worker,
};

const UPDATES: usize = 50;

/// The fastest peer that lost nothing in any round: `msal-extensions` on a plain file. The Go cache loses most updates,
/// Node's some.
const PEERS: [(usize, &str, &str); 5] = [
    (1, "34 ms", "280 ms"),
    (2, "310 ms, worst wait 250 ms", "550 ms, worst wait 250 ms"),
    (4, "840 ms, worst wait 760 ms", "1.57 s, worst wait 760 ms"),
    (8, "1.92 s, worst wait 1.77 s", "3.66 s, worst wait 1.51 s"),
    (16, "5.14 s, worst wait 4.78 s", "7.74 s, worst wait 3.26 s"),
];

/// One run of all processes.
struct Outcome {
    total: Duration,
    worst: Duration,
    timeouts: u64,
    lost: usize,
}

pub(crate) fn run(options: &Options) {
    let (rounds, updates) = if options.smoke { (1, 3) } else { (5, UPDATES) };
    for (how, pause) in [("one after the other", 0), ("pauses of 0-10 ms", 10)] {
        let title = format!("N processes x {updates} updates of one 64 KiB cache, {how}");
        let columns = ["processes", "floor", "ours", "ratio", "aim", "lost", "time-outs"];
        let columns = [columns.as_slice(), &["worst wait: floor", "ours", "peers' best"]].concat();
        let mut table = Table::new(&title, &columns);
        for (processes, tight, pausing) in PEERS {
            let measured: Vec<_> = (0..rounds).map(|_| round(processes, updates, pause)).collect();
            row(&mut table, processes, &measured, if pause == 0 { tight } else { pausing });
        }
        table.print();
    }
}

fn row(table: &mut Table, processes: usize, rounds: &[(Outcome, Outcome)], peers: &str) {
    let times: Vec<_> = rounds.iter().map(|(floor, ours)| (floor.total, ours.total)).collect();
    let compared = Compared::of(&times);
    let lost: usize = rounds.iter().map(|(_, ours)| ours.lost).sum();
    let timeouts: u64 = rounds.iter().map(|(_, ours)| ours.timeouts).sum();
    assert_eq!(lost, 0, "updates were lost");
    table.row(&[
        &processes.to_string(),
        &time(compared.floor),
        &time(compared.ours),
        &ratio(&compared),
        "2",
        &lost.to_string(),
        &timeouts.to_string(),
        &worst(rounds.iter().map(|(floor, _)| floor.worst)),
        &worst(rounds.iter().map(|(_, ours)| ours.worst)),
        peers,
    ]);
}

/// The worst wait of any process: in the median round, and in all rounds.
fn worst(rounds: impl Iterator<Item = Duration> + Clone) -> String {
    let most = rounds.clone().max().unwrap_or_default();
    format!("{} (in any round {})", time(median(rounds)), time(most))
}

fn round(processes: usize, updates: usize, pause: usize) -> (Outcome, Outcome) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tokens = Tokens::of_size(64 << 10);
    let floor = Floor::create(folder.path());
    floor.save(json(&tokens));
    drop(open_with(folder.path(), &tokens));
    let all = tokens.tokens.len() + processes * updates;
    let count = |whose| contend(whose, folder.path(), processes, updates, pause);
    let (mut bare, mut ours) = (count("floor"), count("ours"));
    bare.lost = all - floor.load_tokens().tokens.len();
    let stored = open(folder.path()).read(|stored| stored.tokens.len()).expect("it can be read");
    ours.lost = all - stored - usize::try_from(ours.timeouts).expect("few");
    (bare, ours)
}

fn contend(whose: &str, folder: &Path, processes: usize, updates: usize, pause: usize) -> Outcome {
    let folder = folder.to_str().expect("UTF-8");
    let mut workers: Vec<_> = (0..processes)
        .map(|number| {
            let numbers = [number, updates, pause].map(|number| number.to_string());
            Worker::start(&["update", whose, folder, &numbers[0], &numbers[1], &numbers[2]])
        })
        .collect();
    let start = Instant::now();
    workers.iter_mut().for_each(Worker::tell);
    let heard: Vec<[u64; 2]> = workers.iter_mut().map(Worker::hear).collect();
    let total = start.elapsed();
    workers.into_iter().for_each(Worker::end);
    let worst = heard.iter().map(|[worst, _]| *worst).max().unwrap_or_default();
    let timeouts = heard.iter().map(|[_, timeouts]| timeouts).sum();
    Outcome { total, worst: Duration::from_micros(worst), timeouts, lost: 0 }
}
