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
#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    /// The process was writing: its temporary file was there.
    while_writing: u32,
    /// The save was done, and not yet said.
    before_it_was_said: u32,
}

/// Aimed at the writing, which is a small part of a save in a build for debugging; or at any moment of a save.
fn wait_for_the_moment(folder: &Path, chance: &mut Chance, aimed: bool) {
    let started = Instant::now();
    while aimed && !folder.join(TEMPORARY).exists() && started.elapsed() < PATIENCE {
        thread::yield_now();
    }
    thread::sleep(chance.within(Duration::from_millis(if aimed { 6 } else { 200 })));
}

fn kill_and_look(folder: &Path, length: usize, chance: &mut Chance, tally: &mut Tally) {
    let mut child = Child::start("saves_for_ever", &[text(folder), &length.to_string()]);
    let mut said: u32 = child.hear().expect("a first save").parse().unwrap();
    wait_for_the_moment(folder, chance, !tally.kills.is_multiple_of(3));
    child.kill();
    said = child.rest().last().map_or(said, |last| last.parse().unwrap());

    let left = names(folder);
    tally.kills += 1;
    tally.while_writing += u32::from(left.contains(&TEMPORARY.to_owned()));
    let cache = builder::<Bulk>(folder).open().unwrap();
    let found = cache.read(Bulk::number).unwrap();
    assert!(found == said || found == said + 1, "{found} is stored, {said} was said to be");
    tally.before_it_was_said += u32::from(found > said);
    assert_eq!(names(folder), ["tokens.lock", "tokens.sealed"], "{left:?} before");
}

fn kills(number: u32, length: usize) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let (mut chance, mut tally) = (Chance::new(), Tally::default());
    (0..number).for_each(|_| kill_and_look(folder.path(), length, &mut chance, &mut tally));
    tally
}

#[test]
fn p1_twenty_kills_during_saves() {
    kills(20, 1 << 17);
}

#[test]
#[ignore = "long: cargo xtask test keychain"]
fn p1_three_hundred_kills_during_saves_of_1_mib() {
    let tally = kills(300, 1 << 20);
    assert!(tally.while_writing >= 60, "the kills came at the wrong moments: {tally:?}");
}
