//! The time of modification, by which the other members notice a change.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use crate::{Place, cache, response};

fn modified(place: &Place) -> SystemTime {
    fs::metadata(place.file()).unwrap().modified().unwrap()
}

#[test]
fn every_save_is_dated_later_by_what_the_coarsest_member_notices() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    let mut before = modified(&place);
    for round in 0..5 {
        tokens.update(|cache| cache.add(&response(&format!("c{round}")))).unwrap().unwrap();
        let after = modified(&place);
        assert!(after >= before + Duration::from_millis(1), "{before:?} {after:?}");
        before = after;
    }
}

/// MSAL Python takes a change for one that it has read if that is dated before it looked at its clock, after reading.
#[test]
fn a_save_is_dated_later_than_whoever_was_reading_meanwhile_looks_at_the_clock() {
    let place = Place::new();
    place.open().update(|cache| cache.add(&response("c"))).unwrap().unwrap();
    assert!(modified(&place) > SystemTime::now());
}

#[test]
fn a_time_in_the_future_is_no_obstacle() {
    let place = Place::with(cache(&["a"]));
    let future = SystemTime::now() + Duration::from_secs(86_400);
    fs::File::options().write(true).open(place.file()).unwrap().set_modified(future).unwrap();
    let tokens = place.open();
    tokens.update(|cache| cache.add(&response("c"))).unwrap().unwrap();
    assert!(modified(&place) > future);
}

#[test]
fn a_change_of_the_same_length_and_of_an_earlier_date_is_a_change() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    let keys = || {
        tokens.read(|cache| {
            cache.all_refresh_tokens().map(|token| token.key().into_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(keys().unwrap(), ["a"]);
    place.write(cache(&["b"]));
    let earlier = SystemTime::now() - Duration::from_secs(86_400);
    fs::File::options().write(true).open(place.file()).unwrap().set_modified(earlier).unwrap();
    assert_eq!(keys().unwrap(), ["b"]);
}
