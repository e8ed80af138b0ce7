//! P1 once more: processes that are killed while they save. Nothing is torn, lost or left over.

#[path = "common/bulk.rs"]
mod bulk;
#[path = "common/chance.rs"]
mod chance;
#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bulk::Bulk;
use chance::Chance;
use child::{Call, Child, PATIENCE};
use place::{builder, names, text};

const TEMPORARY: &str = "tokens.sealed.tmp";

/// Of an aimed kill, to begin with.
const WINDOW: Duration = Duration::from_millis(6);

/// The other process: saves one state after the other, and says which ones it has saved.
#[test]
fn saves_for_ever() {
    let Some(call) = Call::of("saves_for_ever") else { return };
    let cache = builder::<Bulk>(Path::new(call.argument(0))).open().unwrap();
    loop {
        let number = cache.update(|bulk| {
            bulk.set(bulk.number() + 1, call.number(1) as usize);
            bulk.number()
        });
        call.say(number.unwrap());
    }
}

/// What kills found, and when they came.
#[derive(Debug)]
struct Tally {
    kills: u32,
    /// How long after the temporary file appeared an aimed kill comes at most. A disk may take 10 ms for a save, or a
    /// tenth of that: a kill that came too late makes the next ones come sooner.
    window: Duration,
    /// The process was writing: its temporary file was there.
    while_writing: u32,
    /// The save was done, and not yet said.
    before_it_was_said: u32,
}

/// Aimed at the writing, which is a small part of a save in a build for debugging; or at any moment of a save.
fn wait_for_the_moment(folder: &Path, chance: &mut Chance, aimed: Option<Duration>) {
    let started = Instant::now();
    while aimed.is_some() && !folder.join(TEMPORARY).exists() && started.elapsed() < PATIENCE {
        thread::yield_now();
    }
    thread::sleep(chance.within(aimed.unwrap_or(Duration::from_millis(200))));
}

fn kill_and_look(folder: &Path, length: usize, chance: &mut Chance, tally: &mut Tally) {
    let mut child = Child::start("saves_for_ever", &[text(folder), &length.to_string()]);
    let mut said: u32 = child.hear().expect("a first save").parse().unwrap();
    let aimed = (!tally.kills.is_multiple_of(3)).then_some(tally.window);
    wait_for_the_moment(folder, chance, aimed);
    child.kill();
    said = child.rest().last().map_or(said, |last| last.parse().unwrap());

    let left = names(folder);
    tally.kills += 1;
    let was_writing = left.contains(&TEMPORARY.to_owned());
    tally.while_writing += u32::from(was_writing);
    if aimed.is_some() {
        tally.window = if was_writing { (tally.window * 3 / 2).min(WINDOW) } else { tally.window / 2 };
    }
    let cache = builder::<Bulk>(folder).open().unwrap();
    let found = cache.read(Bulk::number).unwrap();
    assert!(found == said || found == said + 1, "{found} is stored, {said} was said to be");
    tally.before_it_was_said += u32::from(found > said);
    assert_eq!(names(folder), ["tokens.lock", "tokens.sealed"], "{left:?} before");
}

/// At least this many kills, and so many more that this many came while the process was writing.
fn kills(number: u32, while_writing: u32, length: usize) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance::new();
    let mut tally = Tally { kills: 0, window: WINDOW, while_writing: 0, before_it_was_said: 0 };
    while tally.kills < number || (tally.while_writing < while_writing && tally.kills < 10 * number) {
        kill_and_look(folder.path(), length, &mut chance, &mut tally);
    }
    assert!(tally.while_writing >= while_writing, "the kills came at the wrong moments: {tally:?}");
    tally
}

#[test]
fn p1_twenty_kills_during_saves() {
    kills(20, 0, 1 << 17);
}

#[test]
#[ignore = "long: cargo xtask test keychain"]
fn p1_three_hundred_kills_during_saves_of_1_mib() {
    kills(300, 60, 1 << 20);
}
