//! Whose fault it is when an entry is lost: for each that was stored once and is missing in the end, the logs name the save
//! that dropped it, and the writer of that save is at fault.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use super::{
    party::Kind,
    writers::{Save, Story},
};

/// An entry that was stored, and is not there in the end.
#[derive(Debug)]
pub(crate) struct Lost {
    id: String,
    pub(crate) of: Kind,
    /// The last save with it.
    with: Option<Save>,
    /// The save that dropped it.
    without: Option<Save>,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Of(Kind),
    /// Ours, but while we saved, one of this kind saved as well: it walked into our lock, or another had taken that away.
    IntoOursBroke(Kind),
    /// It was gone when its dropper looked, though no log says why: two wrote into the file at the same time.
    OfNobody,
}

impl Lost {
    /// `saves` are in the order in which they came to their end. The first without the entry that ended after the last one
    /// with it has dropped it. Where that is ours, it did so only if no save of another, that was under way before, can
    /// have: what it had dropped is not there for us to keep.
    fn of(id: &str, of: Kind, saves: &[&Save]) -> Self {
        let with = saves.iter().rev().find(|save| save.ids.contains(id)).copied();
        let suspects = || {
            let began = with.map_or(u64::MAX, |with| with.before);
            saves.iter().filter(move |save| save.after > began && !save.ids.contains(id))
        };
        let first = suspects().next();
        let earlier = first
            .filter(|first| first.kind == Kind::Ours)
            .and_then(|ours| suspects().find(|save| save.kind != Kind::Ours && save.before < ours.before));
        Self {
            id: id.to_owned(),
            of,
            with: with.cloned(),
            without: earlier.or(first).map(|save| (*save).clone()),
        }
    }

    pub(crate) fn fault(&self) -> Fault {
        match (&self.with, &self.without) {
            (Some(with), Some(without)) if without.kind == Kind::Ours && with.after > without.before => {
                Fault::IntoOursBroke(with.kind)
            }
            (Some(with), Some(without)) if without.had_lost(&self.id, with) => Fault::OfNobody,
            (_, Some(without)) => Fault::Of(without.kind),
            _ => Fault::OfNobody,
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}", self.id, self.of)?;
        for (how, save) in [("last stored by", &self.with), ("dropped by", &self.without)] {
            let start = self.with.as_ref().map_or(0, |save| save.before);
            let Some(save) = save else { continue };
            let [from, to] =
                [save.before, save.after].map(|time| (i128::from(time) - i128::from(start)) / 1000);
            write!(f, ", {how} {:?} {} in {from}..{to} us", save.kind, save.writer)?;
        }
        Ok(())
    }
}

/// What became of the entries of all writers.
pub(crate) struct Verdict {
    pub(crate) lost: Vec<Lost>,
}

impl Verdict {
    pub(crate) fn of(stories: &[Story], stored: &BTreeSet<String>) -> Self {
        let mut saves: Vec<_> = stories.iter().flat_map(|story| &story.saves).collect();
        saves.sort_by_key(|save| save.after);
        let missing = |story: &Story| {
            story.added.difference(stored).map(|id| Lost::of(id, story.kind, &saves)).collect::<Vec<_>>()
        };
        Self { lost: stories.iter().flat_map(missing).collect() }
    }

    pub(crate) fn lost_of(&self, kind: Kind) -> impl Iterator<Item = &Lost> {
        self.lost.iter().filter(move |lost| lost.of == kind)
    }

    fn faults(&self, of: Kind) -> String {
        let mut faults = BTreeMap::new();
        for lost in self.lost_of(of) {
            *faults.entry(lost.fault()).or_insert(0) += 1;
        }
        faults.iter().map(|(who, count)| format!("{count} {who:?} ")).collect()
    }
}

pub(crate) fn table(name: &str, stories: &[Story], verdict: &Verdict) -> String {
    let mut table = format!("\n{name}\n");
    let kinds: BTreeSet<_> = stories.iter().map(|story| story.kind).collect();
    for kind in kinds {
        let of = || stories.iter().filter(move |story| story.kind == kind);
        let added: usize = of().map(|story| story.added.len()).sum();
        let failed: usize = of().map(|story| story.failures.len()).sum();
        let merged = of().flat_map(|story| &story.saves).filter(|save| save.is_merged).count();
        let lost = verdict.lost_of(kind).count();
        writeln!(
            table,
            "  {} x {:<18} added {added:>4}  failed {failed:>2}  merged {merged:>3}  lost {lost:>3}  {}",
            of().count(),
            format!("{kind:?}"),
            verdict.faults(kind)
        )
        .unwrap();
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(kind: Kind, before: u64, after: u64, ids: &[&str]) -> Save {
        let ids = ids.iter().map(ToString::to_string).collect();
        Save { kind, writer: 0, before, after, ids, is_merged: false, seen: None }
    }

    fn fault(saves: &[Save]) -> Fault {
        let mut saves: Vec<_> = saves.iter().collect();
        saves.sort_by_key(|save| save.after);
        Lost::of("x", Kind::Python, &saves).fault()
    }

    #[test]
    fn the_first_save_without_it_after_the_last_one_with_it_is_at_fault() {
        let theirs = save(Kind::Python, 10, 20, &["x"]);
        let saves = [theirs, save(Kind::Ours, 30, 40, &["y"]), save(Kind::GoModel, 50, 60, &["y"])];
        assert_eq!(fault(&saves), Fault::Of(Kind::Ours));
        let kept = save(Kind::Ours, 41, 42, &["x", "y"]);
        assert_eq!(fault(&[saves.to_vec(), vec![kept]].concat()), Fault::Of(Kind::GoModel));
    }

    #[test]
    fn who_saves_while_we_hold_the_lock_has_broken_in() {
        let saves = [save(Kind::Ours, 10, 40, &[]), save(Kind::GoModel, 20, 30, &["x"])];
        assert_eq!(fault(&saves), Fault::IntoOursBroke(Kind::GoModel));
    }

    #[test]
    fn what_another_may_have_dropped_before_was_not_there_for_us_to_keep() {
        let saves = [
            save(Kind::Python, 10, 20, &["x"]),
            save(Kind::GoModel, 15, 60, &[]),
            save(Kind::Ours, 30, 40, &[]),
        ];
        assert_eq!(fault(&saves), Fault::Of(Kind::GoModel));
        let mut ours = save(Kind::Ours, 30, 40, &[]);
        ours.seen = Some((25, BTreeSet::new()));
        assert_eq!(fault(&[save(Kind::Python, 10, 20, &["x"]), ours.clone()]), Fault::OfNobody);
        ours.seen = Some((5, BTreeSet::new()));
        assert_eq!(
            fault(&[save(Kind::Python, 10, 20, &["x"]), ours]),
            Fault::Of(Kind::Ours),
            "it was to look again"
        );
    }
}
