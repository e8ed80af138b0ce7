//! The mixed fleet: processes of ours and of the MSAL peers that take one lock, again and again.
//!
//! Who runs: the real locks of MSAL Python (with and without portalocker) and of MSAL Node, and models of those of .NET, Go
//! and Java, which are written from a description. The programs are in `tests/interop/msal/locks/`.
//!
//! What is proven, by what everybody sees who is inside:
//!
//! * With each peer whose lock is sound, no section of ours overlaps with any other, and none loses its lock file.
//! * With peers that delete lock files of others (Go after its unlocking, the plugin of MSAL Node) or that may lock a deleted one
//!   (older .NET), and with all together, that cannot be: there, a third process comes in by no doing of ours. What is
//!   asserted is that in each overlap with a section of ours one of the two no longer had the file of that name, which
//!   ours can tell: `is_held()`.
//!
//! Overlaps of peers with each other are counted, and are theirs.
#![cfg(unix)]

#[path = "../common/child.rs"]
mod child;
mod process;
mod tally;

use std::{fs, path::Path, thread, time::Duration};

use child::Call;
use process::{Kind, Member, OURS};
use sealed_cache::{Deadline, FamilyLock};
use tally::Tally;

/// How many processes of each kind.
const PROCESSES: usize = 4;
/// How often each peer takes the lock.
const SECTIONS: usize = 12;
/// And each process of ours, which looks for it more often and so has it sooner.
const SECTIONS_OF_OURS: usize = 24;

/// Peers that leave the lock of another alone.
const SOUND: [Kind; 6] = [
    OURS,
    Kind::python("python", "msal_python.py", &[]),
    Kind::python("portalocker", "msal_python.py", &["--portalocker"]),
    Kind::node("node", &[]),
    Kind::python("dotnet", "dotnet.py", &[]),
    Kind::python("java", "java.py", &[]),
];
/// Peers that do not.
const UNSOUND: [Kind; 3] = [
    Kind::python("go", "go.py", &[]),
    Kind::python("dotnet-old", "dotnet.py", &["--old"]),
    Kind::node("node-plugin", &["--plugin"]),
];

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn no_section_of_ours_overlaps_with_a_peer() {
    let alone = SOUND.map(|kind| run(kind.name, &[OURS, kind]));
    let deprived = UNSOUND.map(|kind| run(kind.name, &[OURS, kind]));
    let [_, peers @ ..] = SOUND;
    let fleet: Vec<_> = peers.into_iter().chain([OURS, UNSOUND[0]]).collect();
    let all = run("all", &fleet);

    print(alone.iter().chain(&deprived).chain([&all]));
    for tally in &alone {
        assert_excludes_all(tally);
    }
    for tally in deprived.iter().chain([&all]) {
        assert!(tally.unexplained().is_empty(), "{}: {:?}", tally.name, tally.unexplained());
    }
}

/// Nobody overlapped with ours, and nobody lost a lock. But a peer that found the file there for 5 s goes on with the file that
/// it finds then, and may end up with one that was removed: should the machine be so busy, what holds for the others holds.
fn assert_excludes_all(tally: &Tally) {
    if tally.longest_of_peers() >= 5000 {
        return assert!(tally.unexplained().is_empty(), "{}: {:?}", tally.name, tally.unexplained());
    }
    assert!(tally.with_ours().is_empty(), "{}: {:?}", tally.name, tally.with_ours());
    assert_eq!(tally.lost(true), 0, "{}: a lock of ours was lost", tally.name);
    assert_eq!(tally.lost(false), 0, "{}: a lock of a peer was lost", tally.name);
}

/// Let processes of these kinds take one lock.
fn run(name: &str, kinds: &[Kind]) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let [path, inside] = ["cache.bin.lockfile", "inside"].map(|name| folder.path().join(name));
    fs::create_dir(&inside).unwrap();
    let with_java = kinds.iter().any(|kind| kind.name == "java");
    let sections = |kind: &Kind| if *kind == OURS { SECTIONS_OF_OURS } else { SECTIONS };
    let start = |kind: &Kind| Member::start(kind, &path, &inside, sections(kind), with_java);
    let mut members: Vec<_> =
        kinds.iter().flat_map(|kind| (0..PROCESSES).map(move |_| start(kind))).collect();
    members.iter().for_each(|member| member.expect("ready"));
    members.iter_mut().for_each(|member| member.tell("go"));
    let lines: Vec<_> = members.into_iter().flat_map(Member::rest).collect();
    let tally = Tally::count(name, &lines);
    let ours = kinds.iter().filter(|kind| **kind == OURS).count() * PROCESSES * SECTIONS_OF_OURS;
    assert_eq!(tally.sections(true), ours, "{name}: not every section of ours came to its end");
    let peers = kinds.iter().filter(|kind| **kind != OURS).count() * PROCESSES * SECTIONS;
    assert!(tally.sections(false) >= peers / 2, "{name}: the peers hardly came in");
    assert_eq!(fs::read_dir(&inside).unwrap().count(), 0, "{name}: somebody is still inside");
    tally
}

#[allow(clippy::print_stdout, reason = "the table of docs/sharing.md")]
fn print<'a>(tallies: impl Iterator<Item = &'a Tally>) {
    println!("{}", tally::HEAD);
    tallies.for_each(|tally| println!("{tally}"));
}

/// Another process of ours: what section.py does.
#[test]
fn takes_the_lock() {
    let Some(call) = Call::of("takes_the_lock") else { return };
    let lock = FamilyLock::new(call.argument(0)).unwrap();
    let lock = if call.argument(4) == "with Java" { lock.with_folder_lock() } else { lock };
    let inside = Path::new(call.argument(1));
    call.say("ready");
    call.hear();
    for number in 0..call.number(3) {
        // Not in step with the others.
        thread::sleep(Duration::from_millis(u64::from((std::process::id() + number) * 7 % 30)));
        let name = format!("{}.{}.{number}", call.argument(2), std::process::id());
        let deadline = Deadline::after(Duration::from_secs(60));
        let started = std::time::Instant::now();
        let guard = lock.acquire(&deadline).unwrap();
        let waited = started.elapsed().as_millis();
        let met = look(inside, &name);
        let held = u8::from(guard.is_held());
        fs::remove_file(inside.join(&name)).unwrap();
        drop(guard);
        call.say(format!("section {name} {held} {waited} {}", met.join(" ")));
    }
}

/// Who else is inside, at the start of a section of 3 ms and at its end.
fn look(inside: &Path, name: &str) -> Vec<String> {
    fs::File::create_new(inside.join(name)).unwrap();
    let others = || -> Vec<String> {
        let names =
            fs::read_dir(inside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|other| other != name).collect()
    };
    let mut met = others();
    thread::sleep(Duration::from_millis(3));
    met.extend(others());
    met.sort();
    met.dedup();
    met
}
