//! Writers of all kinds at work on one cache at the same time, and what each says that it saw and stored.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::{
    events::{COM, Event, client_info, endpoint, id_token},
    party::{Kind, Party},
    place::Place,
    platform::desktop::Desktop,
};

/// Long before today, and good for years: peers drop what has expired.
const SIGNED_IN: u64 = 1_790_000_000;
const YEARS: u64 = 1_000_000_000;

/// How long and how fast each of them writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) count: u32,
    pub(crate) seconds: f64,
    /// Python: look for each token first, as an application does. It reads without a lock then.
    pub(crate) searches: bool,
}

/// What one writer did.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) kind: Kind,
    /// The entries whose add came back without an error.
    pub(crate) added: BTreeSet<String>,
    pub(crate) saves: Vec<Save>,
    pub(crate) failures: Vec<String>,
    /// The longest that one entry took.
    pub(crate) longest: Duration,
}

/// One save: from when to when, and which entries it stored.
#[derive(Clone, Debug)]
pub(crate) struct Save {
    pub(crate) kind: Kind,
    pub(crate) writer: usize,
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) ids: BTreeSet<String>,
    pub(crate) is_merged: bool,
    /// What the same writer last loaded before: when that began, and which entries were there.
    pub(crate) seen: Option<(u64, BTreeSet<String>)>,
}

impl Save {
    /// Whether its writer looked after that save with this entry, and no longer found it.
    pub(crate) fn had_lost(&self, id: &str, with: &Self) -> bool {
        self.seen.as_ref().is_some_and(|(time, seen)| *time > with.after && !seen.contains(id))
    }
}

/// A token response, as a sign-in brings it.
pub(crate) fn sign_in(uid: &str, client: &str, scope: &str) -> Event {
    let claims =
        json!({"sub": uid, "oid": uid, "tid": "t1", "preferred_username": format!("{uid}@contoso.test")});
    let answer = json!({
        "access_token": format!("AT-{uid}-{client}-{scope}"), "refresh_token": format!("RT-{uid}-{client}"),
        "id_token": id_token(&claims), "client_info": client_info(uid, "t1"), "token_type": "Bearer",
        "expires_in": YEARS, "scope": scope,
    });
    Event::new(client, &endpoint(COM, "t1"), &[scope], answer, SIGNED_IN)
        .with("grant_type", "authorization_code")
}

/// Let so many writers of each kind work on this cache; then tell what each did, and which entries are stored in the end.
pub(crate) fn run(
    place: &Place,
    kinds: &[(Kind, usize)],
    pace: Pace,
    desktop: Option<&Desktop>,
) -> (Vec<Story>, BTreeSet<String>) {
    let kinds = kinds.iter().flat_map(|&(kind, count)| vec![kind; count]);
    let mut parties: Vec<_> = kinds.map(|kind| Party::at(place, kind, desktop)).collect();
    let event = sign_in("u1", "c1", "x").for_python()["event"].take();
    for (number, party) in parties.iter_mut().enumerate() {
        if pace.searches && matches!(party.kind, Kind::Python | Kind::PythonPortalocker) {
            party.ask(&json!({"do": "search_first"}));
        }
        party.send(&json!({
            "do": "loop", "writer": format!("w{number}"), "count": pace.count, "seconds": pace.seconds,
            "pause": pause(party.kind), "event": event,
        }));
    }
    let told: Vec<_> = parties.iter_mut().map(|party| (party.kind, party.answer())).collect();
    drop(parties);
    let stories = told.iter().enumerate().map(|(writer, (kind, told))| story(writer, *kind, &told["log"]));
    let stories = stories.collect();
    (stories, ids_stored(&Party::at(place, Kind::Ours, desktop).stored()))
}

/// At most so long between two entries, by chance, in seconds. Who looks ten or a hundred times a second whether the lock is
/// free leaves no turn to those who look four times.
const fn pause(kind: Kind) -> f64 {
    match kind {
        Kind::Ours | Kind::GoModel => 0.15,
        _ => 0.0,
    }
}

fn ids_stored(cache: &Value) -> BTreeSet<String> {
    let tokens = cache["AccessToken"].as_object().expect("a cache with tokens");
    tokens.values().map(|token| token["target"].as_str().unwrap().to_owned()).collect()
}

fn story(writer: usize, kind: Kind, log: &Value) -> Story {
    let lines = log.as_array().unwrap();
    let of = |op: &'static str| lines.iter().filter(move |line| line["op"] == op);
    let took = |line: &Value| Duration::from_nanos(time(line, "after") - time(line, "before"));
    let mut story = Story {
        kind,
        added: of("added").map(|line| line["id"].as_str().unwrap().to_owned()).collect(),
        saves: Vec::new(),
        failures: of("failed").map(|line| line["error"].as_str().unwrap().to_owned()).collect(),
        longest: of("added").chain(of("failed")).map(took).max().unwrap_or_default(),
    };
    let mut seen = None;
    for line in lines {
        match line["op"].as_str().unwrap() {
            "load" => seen = ids(line).map(|ids| (time(line, "before"), ids)),
            "save" => story.saves.push(Save {
                kind,
                writer,
                before: time(line, "before"),
                after: time(line, "after"),
                ids: ids(line).expect("what is saved is whole"),
                is_merged: line["merged"] == true,
                seen: seen.clone(),
            }),
            _ => {}
        }
    }
    story
}

fn time(line: &Value, name: &str) -> u64 {
    line[name].as_u64().unwrap()
}

/// None where the text was not whole.
fn ids(line: &Value) -> Option<BTreeSet<String>> {
    Some(line["ids"].as_array()?.iter().map(|id| id.as_str().unwrap().to_owned()).collect())
}
