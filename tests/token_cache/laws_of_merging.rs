//! What every merge keeps to, for bases, changes of ours and changes of theirs by chance.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::Index};
use sealed_cache::token_cache::TokenCache;
use serde_json::{Value, json};

use super::{
    against_a_model::{Step, step},
    common::{read, value, write},
    lossless::cases,
};

/// What a peer does to a cache besides adding and removing.
#[derive(Clone, Debug)]
enum Habit {
    /// Write it with its own indentation.
    Reformat,
    /// Put an entry under another key.
    Rekey(Index),
    /// Add a field to an entry.
    Mark(Index),
    /// Add or change a member of the whole cache.
    Unknown(u8),
}

fn habit() -> impl Strategy<Value = Habit> {
    prop_oneof![
        Just(Habit::Reformat),
        any::<Index>().prop_map(Habit::Rekey),
        any::<Index>().prop_map(Habit::Mark),
        (0..3_u8).prop_map(Habit::Unknown),
    ]
}

/// Where all entries are: section and key.
fn places(cache: &Value) -> Vec<(String, String)> {
    let sections = cache.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with("unknown"));
    sections
        .flat_map(|(name, section)| {
            section.as_object().unwrap().keys().map(|key| (name.clone(), key.clone()))
        })
        .collect()
}

impl Habit {
    fn take(&self, cache: &mut TokenCache, mark: &str) {
        let mut text = value(cache);
        let places = places(&text);
        match self {
            Self::Rekey(index) if !places.is_empty() => {
                let (section, key) = index.get(&places);
                let section = text[section].as_object_mut().unwrap();
                let entry = section.remove(key).unwrap();
                section.insert(format!("{key}-{mark}"), entry);
            }
            Self::Mark(index) if !places.is_empty() => {
                let (section, key) = index.get(&places);
                text[section][key][mark] = json!({"by": mark});
            }
            Self::Unknown(number) => text[format!("unknown {number}")] = json!(mark),
            _ => {}
        }
        let is_pretty = matches!(self, Self::Reformat);
        *cache = read(&if is_pretty { format!("{text:#}") } else { text.to_string() });
    }
}

/// A base and what each side made of it.
#[derive(Debug)]
struct Three {
    base: TokenCache,
    ours: TokenCache,
    theirs: TokenCache,
}

type Plan = (Vec<Step>, Vec<Step>, Vec<Step>, Vec<Habit>, Vec<Habit>);

fn plan() -> impl Strategy<Value = Plan> {
    let ours = prop_oneof![
        Just(Habit::Reformat),
        any::<Index>().prop_map(Habit::Mark),
        (0..3_u8).prop_map(Habit::Unknown)
    ];
    (vec(step(), 0..12), vec(step(), 0..6), vec(step(), 0..6), vec(ours, 0..3), vec(habit(), 0..4))
}

fn three((before, ours, theirs, our_habits, their_habits): &Plan) -> Three {
    let mut base = TokenCache::new();
    Habit::Unknown(0).take(&mut base, "base");
    let take = |cache: &mut TokenCache, steps: &[Step], from: usize| {
        for (number, step) in steps.iter().enumerate() {
            step.take(cache, from + number);
        }
    };
    take(&mut base, before, 0);
    let (mut one, mut other) = (base.clone(), base.clone());
    take(&mut one, ours, 1000);
    take(&mut other, theirs, 2000);
    our_habits.iter().for_each(|habit| habit.take(&mut one, "ours"));
    their_habits.iter().for_each(|habit| habit.take(&mut other, "theirs"));
    Three { base, ours: one, theirs: other }
}

/// Without sections that are empty: they say nothing.
fn meaning(cache: &TokenCache) -> Value {
    let mut value = value(cache);
    value.as_object_mut().unwrap().retain(|_, section| *section != json!({}));
    value
}

/// The entries of a cache with their section and key.
fn entries(cache: &TokenCache) -> Vec<(String, String, Value)> {
    let value = value(cache);
    places(&value)
        .into_iter()
        .map(|(section, key)| (section.clone(), key.clone(), value[section][key].clone()))
        .collect()
}

fn secrets(cache: &TokenCache) -> BTreeSet<String> {
    entries(cache).iter().filter_map(|(_, _, entry)| Some(entry["secret"].as_str()?.to_owned())).collect()
}

fn cloud(entry: &Value) -> String {
    entry["environment"].as_str().unwrap().replace("login.windows.net", "login.microsoftonline.com")
}

/// The account of an entry, in its cloud.
fn account(entry: &Value) -> Option<(String, String)> {
    Some((entry["home_account_id"].as_str()?.to_owned(), cloud(entry)))
}

fn accounts(cache: &TokenCache) -> BTreeSet<(String, String)> {
    entries(cache)
        .iter()
        .filter(|(section, ..)| section == "Account")
        .filter_map(|(_, _, entry)| account(entry))
        .collect()
}

/// Accounts of the base that have nothing left on a side.
fn signed_out(base: &TokenCache, side: &TokenCache) -> BTreeSet<(String, String)> {
    let left: BTreeSet<_> = entries(side).iter().filter_map(|(_, _, entry)| account(entry)).collect();
    accounts(base).difference(&left).cloned().collect()
}

/// What entries are known by, whatever their keys.
fn identity(section: &str, entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let mut scopes: Vec<_> = text("target").to_lowercase().split(' ').map(str::to_owned).collect();
    scopes.sort();
    let fields = ["home_account_id", "client_id", "realm", "key_id", "ext_cache_key"].map(text);
    format!("{section} {fields:?} {} {scopes:?}", cloud(entry))
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn without_a_change_of_ours_theirs_is_the_result(plan in plan()) {
        let Three { base, theirs, .. } = three(&plan);
        let merged = base.merge(&base, &theirs);
        prop_assert_eq!(write(&merged), write(&theirs));
        prop_assert!(!sealed_cache::SerializableCache::has_state_changed(&merged));
    }

    #[test]
    fn without_a_change_of_theirs_ours_is_the_result(plan in plan()) {
        let Three { base, ours, .. } = three(&plan);
        prop_assert_eq!(meaning(&ours.merge(&base, &base)), meaning(&ours));
    }

    #[test]
    fn the_same_change_on_both_sides_is_one_change(plan in plan()) {
        let Three { base, ours, .. } = three(&plan);
        prop_assert_eq!(write(&ours.merge(&base, &ours)), write(&ours));
    }

    #[test]
    fn merging_the_result_again_changes_nothing(plan in plan()) {
        let Three { base, ours, theirs } = three(&plan);
        let merged = ours.merge(&base, &theirs);
        let again = ours.merge(&base, &merged);
        prop_assert_eq!(write(&again), write(&merged));
        let read_again = ours.merge(&base, &read(&write(&merged)));
        prop_assert_eq!(write(&read_again), write(&merged));
        prop_assert!(!sealed_cache::SerializableCache::has_state_changed(&read_again));
    }

    #[test]
    fn no_entry_is_invented(plan in plan()) {
        let Three { base, ours, theirs } = three(&plan);
        let merged = ours.merge(&base, &theirs);
        let [known, other] = [&ours, &theirs].map(secrets);
        for secret in secrets(&merged) {
            prop_assert!(known.contains(&secret) || other.contains(&secret), "{}", secret);
        }
        let places: BTreeSet<_> = [&ours, &theirs].into_iter().flat_map(entries).map(|(section, key, _)| (section, key)).collect();
        for (section, key, _) in entries(&merged) {
            prop_assert!(places.contains(&(section, key)));
        }
    }

    /// A token that one side got is there afterwards, or a newer one of the same identity is.
    #[test]
    fn no_new_token_is_lost(plan in plan()) {
        let Three { base, ours, theirs } = three(&plan);
        let merged = ours.merge(&base, &theirs);
        let (old, left, held) = (secrets(&base), secrets(&merged), entries(&merged));
        for (side, other) in [(&ours, &theirs), (&theirs, &ours)] {
            let gone: BTreeSet<_> = accounts(&base).difference(&accounts(other)).cloned().collect();
            for (section, key, entry) in entries(side) {
                let Some(secret) = entry["secret"].as_str() else { continue };
                let is_dropped = account(&entry).is_some_and(|account| gone.contains(&account));
                if old.contains(secret) || left.contains(secret) || is_dropped {
                    continue;
                }
                let is_replaced = held.iter().any(|(of, at, other)| {
                    *of == section && (*at == key || identity(of, other) == identity(&section, &entry)) && other["secret"] != entry["secret"]
                });
                prop_assert!(is_replaced, "{} {} of {:?}", section, key, side);
            }
        }
    }

    #[test]
    fn an_entry_that_both_sides_have_stays(plan in plan()) {
        let Three { base, ours, theirs } = three(&plan);
        let merged = value(&ours.merge(&base, &theirs));
        let [ours, theirs] = [&ours, &theirs].map(|side| places(&value(side)).into_iter().collect::<BTreeSet<_>>());
        for (section, key) in ours.intersection(&theirs) {
            prop_assert!(merged[section].get(key).is_some(), "{} {}", section, key);
        }
    }

    #[test]
    fn who_signed_out_on_either_side_stays_signed_out(plan in plan()) {
        let Three { base, ours, theirs } = three(&plan);
        let merged = ours.merge(&base, &theirs);
        let gone = [&ours, &theirs].into_iter().flat_map(|side| signed_out(&base, side));
        let left: BTreeSet<_> = entries(&merged).iter().filter_map(|(_, _, entry)| account(entry)).collect();
        for account in gone {
            prop_assert!(!left.contains(&account), "{:?}", account);
        }
    }

    #[test]
    fn unknown_fields_of_both_sides_are_kept_by_chance_too(plan in plan()) {
        let Three { base, ours, theirs } = three(&plan);
        let [merged, ours, theirs] = [&ours.merge(&base, &theirs), &ours, &theirs].map(value);
        for (section, key) in places(&merged) {
            for (side, mark) in [(&ours, "ours"), (&theirs, "theirs")] {
                let marked = &side[&section][&key][mark];
                prop_assert!(marked.is_null() || merged[&section][&key][mark] == *marked, "{} {}", section, key);
            }
        }
    }
}
