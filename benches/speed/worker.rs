//! This program again, as another process.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sealed_cache::{Deadline, ErrorKind, FileLock};

use crate::{
    floor::Floor,
    tokens::{Token, key, open},
};

/// The first argument of a worker.
pub(crate) const WORKER: &str = "--worker";

/// A process that was started and waits to be told.
pub(crate) struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// What the process does, and for whom.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child =
            command(arguments).stdin(Stdio::piped()).spawn().expect("this program can be started again");
        let input = child.stdin.take().expect("it is piped");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        assert_eq!(line(&mut output), "ready");
        Self { child, input, output }
    }

    pub(crate) fn tell(&mut self) {
        writeln!(self.input).expect("the process listens");
    }

    /// The numbers that it says next.
    pub(crate) fn hear<const N: usize>(&mut self) -> [u64; N] {
        let line = line(&mut self.output);
        let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
        numbers.try_into().expect("as many as expected")
    }

    pub(crate) fn end(mut self) {
        drop(self.input);
        assert!(self.child.wait().expect("it is a child of ours").success());
    }
}

/// Run a process from its start to its end.
pub(crate) fn complete(arguments: &[&str]) {
    let output = command(arguments).stdin(Stdio::null()).output().expect("this program can be started again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it has a name"));
    command.arg(WORKER).args(arguments).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("the other process speaks");
    line.trim_end().to_owned()
}

/// What a worker does.
pub(crate) fn run(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["find", "floor", folder, wanted] => {
            assert!(Floor::open(Path::new(folder)).load_tokens().tokens.contains_key(wanted));
        }
        ["find", "ours", folder, wanted] => {
            assert!(
                open(Path::new(folder)).read(|stored| stored.tokens.contains_key(wanted)).expect("readable")
            );
        }
        ["update", "floor", folder, number, count, pause] => {
            let floor = Floor::open(Path::new(folder));
            update(number, count, pause, |key, token| {
                floor.update(|stored| _ = stored.tokens.insert(key, token));
                true
            });
        }
        ["update", "ours", folder, number, count, pause] => {
            let cache = open(Path::new(folder));
            update(number, count, pause, |key, token| {
                match cache.update(|stored| stored.tokens.insert(key, token)) {
                    Ok(_) => true,
                    Err(error) if error.kind() == ErrorKind::LockTimeout => false,
                    Err(error) => panic!("{error}"),
                }
            });
        }
        ["wait", "floor", folder] => {
            let floor = Floor::open(Path::new(folder));
            wait(|| {
                let file = floor.lock_file();
                file.lock().expect("the file system has locks");
                file
            });
        }
        ["wait", "ours", folder] => {
            let lock = FileLock::new(Path::new(folder).join("ours.lock")).expect("the folder is there");
            wait(|| lock.acquire(&Deadline::after(Duration::from_secs(60))).expect("in time"));
        }
        _ => panic!("no such worker: {arguments:?}"),
    }
}

/// Add tokens one after the other; say the time of the longest of these updates in microseconds, and how many timed out.
fn update(number: &str, count: &str, pause: &str, mut add: impl FnMut(String, Token) -> bool) {
    let [number, count, pause] =
        [number, count, pause].map(|argument| argument.parse::<usize>().expect("a number"));
    let (mut worst, mut timeouts) = (Duration::ZERO, 0);
    let mut chance = number as u64 + 1;
    told(|| {
        for turn in 0..count {
            if pause > 0 {
                chance =
                    chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                std::thread::sleep(
                    Duration::from_millis(pause as u64).mul_f64((chance >> 40) as f64 / 16_777_216.0),
                );
            }
            let start = Instant::now();
            if !add(key(1_000_000 + number * count + turn), Token::new(turn, 64)) {
                timeouts += 1;
            }
            worst = worst.max(start.elapsed());
        }
        vec![u64::try_from(worst.as_micros()).expect("not for ever"), timeouts]
    });
}

/// Wait for a lock each time when told; say when it was there, and how often this process woke while it waited.
fn wait<G>(mut acquire: impl FnMut() -> G) {
    told(|| {
        let before = wake_ups();
        let guard = acquire();
        let at = nanos_now();
        drop(guard);
        vec![at, wake_ups() - before]
    });
}

fn told(mut work: impl FnMut() -> Vec<u64>) {
    println!("ready");
    for _ in std::io::stdin().lines() {
        let numbers: Vec<String> = work().iter().map(u64::to_string).collect();
        println!("{}", numbers.join(" "));
    }
}

/// Nanoseconds by the clock that all processes share.
pub(crate) fn nanos_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_nanos()).expect("it is before 2554")
}

/// How often the threads of this process went to sleep and woke; 0 where the system does not say.
fn wake_ups() -> u64 {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return 0 };
    let statuses = threads.flatten().flat_map(|thread| fs::read_to_string(thread.path().join("status")));
    statuses
        .filter_map(|status| {
            let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            count.trim().parse::<u64>().ok()
        })
        .sum()
}
