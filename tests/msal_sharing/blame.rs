//! Writers of ours beside those of the family, each as fast as it can, on one cache: nothing of theirs is lost by us, and of
//! ours only what the log shows that one of them has dropped.
//!
//! Who excludes whom is not ours to choose. Python, .NET and Java read again under a lock that we take as well, so nothing
//! at all is lost beside one of them. Node decides whether to read before it has the lock, and Go never reads under it: both drop
//! what others stored meanwhile. And where all of them share one cache, each walks into the locks of some others.

use std::{
    io::{Write, stdout},
    time::Duration,
};

use super::{
    fault::{Fault, Lost, Verdict, table},
    party::Kind,
    place::Place,
    platform::{desktop::Desktop, folder::Folder},
    writers::{Pace, Story, run},
};

const PACE: Pace = Pace { count: 30, seconds: 3.0, searches: false };
/// portalocker waits so long for others to remove the lock file, and Java a second longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Python looks for a token before it adds one, as an application does: without the lock.
const SEARCHING: Pace = Pace { searches: true, ..PACE };

/// Past the capture of the harness: these are measurements.
fn show(table: &str) {
    stdout().write_all(table.as_bytes()).unwrap();
}

/// The first few tell what is wrong.
#[track_caller]
fn none<'a>(lost: impl Iterator<Item = &'a Lost>) {
    let lost: Vec<_> = lost.map(ToString::to_string).collect();
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost[..lost.len().min(10)].join("\n"));
}

struct Outcome {
    stories: Vec<Story>,
    verdict: Verdict,
}

impl Outcome {
    /// Let them write, and see that nothing is lost by us.
    fn of(name: &str, place: &Place, kinds: &[(Kind, usize)], pace: Pace, desktop: Option<&Desktop>) -> Self {
        let (stories, stored) = run(place, kinds, pace, desktop);
        let verdict = Verdict::of(&stories, &stored);
        show(&table(name, &stories, &verdict));
        // Among all kinds at once, one of the others may lose patience before its first turn; then it says so.
        let may_say_why = |story: &Story| kinds.len() > 3 && story.kind != Kind::Ours;
        for story in &stories {
            let had_a_turn = !story.added.is_empty() || (may_say_why(story) && !story.failures.is_empty());
            assert!(had_a_turn, "{:?} had no turn: {:?}", story.kind, story.failures);
        }
        let by_us = verdict.lost.iter().filter(|lost| lost.fault() == Fault::Of(Kind::Ours));
        none(by_us);
        Self { stories, verdict }
    }

    fn beside(kind: Kind, pace: Pace) -> Self {
        let folder = Folder::new();
        let place = Place::plain_file(folder.path()).with(&[kind]);
        let how = if pace.searches { ", which searches" } else { "" };
        let name = format!("plain file, we and {kind:?}{how}");
        Self::of(&name, &place, &[(Kind::Ours, 2), (kind, 2)], pace, None)
    }

    /// Unless the machine is so busy that one of them lost patience: it goes on without the lock then.
    fn nothing_is_lost(&self) {
        let theirs = || self.stories.iter().filter(|story| story.kind != Kind::Ours);
        if let Some(impatient) = theirs().find(|story| story.longest >= PATIENCE) {
            return self.of_ours_only_lost_by(impatient.kind);
        }
        none(self.verdict.lost.iter());
        self.ours_never_fail();
    }

    /// Of ours, only what the log shows that one of this kind has dropped.
    fn of_ours_only_lost_by(&self, peer: Kind) {
        let dropped = [Fault::Of(peer), Fault::IntoOursBroke(peer)];
        none(self.verdict.lost_of(Kind::Ours).filter(|lost| !dropped.contains(&lost.fault())));
        self.ours_never_fail();
    }

    fn ours_never_fail(&self) {
        let failures: Vec<_> = self.our_failures().collect();
        assert!(failures.is_empty(), "{failures:?}");
    }

    fn our_failures(&self) -> impl Iterator<Item = &String> {
        self.stories.iter().filter(|story| story.kind == Kind::Ours).flat_map(|story| &story.failures)
    }

    /// Nobody saved while we did.
    fn nobody_broke_in(&self) {
        assert_eq!(self.broke_in(), 0);
    }

    /// Now and then one that opens the lock file of another and locks that is inside as well: no lock can keep it out. Without
    /// our lock it would be so with every second entry.
    fn few_broke_in(&self) {
        let added: usize = self.stories.iter().map(|story| story.added.len()).sum();
        assert!(self.broke_in() * 10 <= added, "{} of {added}", self.broke_in());
    }

    fn broke_in(&self) -> usize {
        let is_so = |fault| matches!(fault, Fault::IntoOursBroke(_));
        self.verdict.lost.iter().filter(|lost| is_so(lost.fault())).count()
    }
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_python_nothing_is_lost() {
    Outcome::beside(Kind::Python, PACE).nothing_is_lost();
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_python_with_portalocker_nothing_is_lost() {
    Outcome::beside(Kind::PythonPortalocker, PACE).nothing_is_lost();
}

/// A search that loads takes the time afterwards: what another stores in between it never sees, and its next save drops it.
#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_python_that_searches_nothing_is_lost_by_our_doing() {
    let outcome = Outcome::beside(Kind::Python, SEARCHING);
    outcome.of_ours_only_lost_by(Kind::Python);
    outcome.nobody_broke_in();
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_a_model_of_dotnet_nothing_is_lost() {
    Outcome::beside(Kind::DotNetModel, PACE).nothing_is_lost();
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_a_model_of_java_nothing_is_lost() {
    Outcome::beside(Kind::JavaModel, PACE).nothing_is_lost();
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_node_nothing_is_lost_by_our_doing() {
    let outcome = Outcome::beside(Kind::Node, PACE);
    outcome.of_ours_only_lost_by(Kind::Node);
    outcome.nobody_broke_in();
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_a_model_of_go_nothing_is_lost_by_our_doing() {
    let outcome = Outcome::beside(Kind::GoModel, PACE);
    outcome.of_ours_only_lost_by(Kind::GoModel);
    outcome.few_broke_in();
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn beside_all_of_them_nothing_is_lost_by_our_doing() {
    let folder = Folder::new();
    let place = Place::plain_file(folder.path()).with(&Kind::PEERS);
    let kinds: Vec<_> = [(Kind::Ours, 2)].into_iter().chain(Kind::PEERS.map(|kind| (kind, 1))).collect();
    let outcome = Outcome::of("plain file, all", &place, &kinds, PACE, None);
    outcome.few_broke_in();
    // Two of the others at once leave half of each text. We say so, and leave it as it is.
    outcome.our_failures().for_each(|failure| assert!(failure.contains("is not JSON"), "{failure}"));
}

#[test]
#[ignore = "needs gnome-keyring and the MSAL peers: cargo xtask test keychain"]
fn in_one_item_with_python_and_node_nothing_is_lost_by_our_doing() {
    let desktop = Desktop::new();
    let place = Place::raw_item(desktop.folder().path());
    let kinds = [(Kind::Ours, 2), (Kind::PythonPortalocker, 1), (Kind::Node, 1)];
    let outcome = Outcome::of("Secret Service, raw", &place, &kinds, PACE, Some(&desktop));
    outcome.of_ours_only_lost_by(Kind::Node);
    outcome.nobody_broke_in();
}

#[test]
#[ignore = "needs gnome-keyring and the MSAL peers: cargo xtask test keychain"]
fn in_one_item_with_models_of_dotnet_and_java_nothing_of_ours_is_lost() {
    let desktop = Desktop::new();
    let place = Place::encoded_item(desktop.folder().path()).with(&[Kind::JavaModel]);
    let kinds = [(Kind::Ours, 2), (Kind::DotNetModel, 1), (Kind::JavaModel, 1)];
    let outcome = Outcome::of("Secret Service, base64", &place, &kinds, PACE, Some(&desktop));
    none(outcome.verdict.lost_of(Kind::Ours));
    outcome.ours_never_fail();
    outcome.nobody_broke_in();
}
