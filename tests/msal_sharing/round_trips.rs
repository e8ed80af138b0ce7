//! What one writes the other reads: values, keys, and what nobody knows. Both ways, with each library.

use serde_json::{Value, json};

use super::{
    events::COM,
    party::{Kind, Party},
    place::Place,
    platform::{desktop::Desktop, folder::Folder},
    writers::sign_in,
};

const SECTIONS: [&str; 5] = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];

/// They write and we read, we write and they read, and again.
pub(crate) fn both_ways(place: &Place, kind: Kind, desktop: Option<&Desktop>) {
    let mut peer = Party::at(place, kind, desktop);
    let mut ours = Party::at(place, Kind::Ours, desktop);
    peer.add(&sign_in("u1", "c1", "user.read"));
    let with_unknown = plus_unknown(peer.stored());
    peer.store(&with_unknown);
    peer.open(place);

    assert_eq!(ours.list(), with_unknown, "{kind:?} wrote, we read");
    assert_eq!(find(&mut ours, "u1", "user.read"), json!(["AT-u1-c1-user.read", "RT-u1-c1"]));

    ours.add(&sign_in("u2", "c1", "mail.read"));
    let (stored, listed) = (peer.stored(), ours.list());
    assert_eq!(stored, listed, "we wrote, {kind:?} reads");
    assert_eq!(peer.list(), listed, "we wrote, {kind:?} loads");
    is_kept(&with_unknown, &stored);
    assert_eq!(of_account(&stored, "u2.t1"), 4, "{stored}");

    peer.add(&sign_in("u3", "c1", "files.read"));
    let stored = peer.stored();
    assert_eq!(ours.list(), stored, "{kind:?} wrote after us");
    is_kept(&listed, &stored);
    for (uid, scope) in [("u1", "user.read"), ("u2", "mail.read"), ("u3", "files.read")] {
        let expected = json!([format!("AT-{uid}-c1-{scope}"), format!("RT-{uid}-c1")]);
        assert_eq!(find(&mut ours, uid, scope), expected, "{kind:?}");
    }
    signed_out_stays_out(&mut peer, &mut ours);
}

/// What a peer removed is no longer there for us, and does not come back with what we add.
fn signed_out_stays_out(peer: &mut Party, ours: &mut Party) {
    peer.remove_account("u1.t1", COM, "c1");
    assert_eq!(of_account(&ours.list(), "u1.t1"), 0, "{:?} signed out", peer.kind);
    ours.add(&sign_in("u4", "c1", "tasks.read"));
    let stored = peer.stored();
    assert_eq!(of_account(&stored, "u1.t1"), 0, "{:?} signed out, we wrote", peer.kind);
    assert_eq!([2, 3, 4].map(|number| of_account(&stored, &format!("u{number}.t1"))), [4; 3]);
}

fn find(ours: &mut Party, uid: &str, scope: &str) -> Value {
    ours.ask(&json!({"do": "find", "client": "c1", "home": format!("{uid}.t1"), "scope": scope}))
}

/// A member that nobody knows beside the sections and in each entry.
fn plus_unknown(mut cache: Value) -> Value {
    let unknown = json!({"kept": [1.5, null, "ü"]});
    for section in SECTIONS {
        let entries = cache.get_mut(section).and_then(Value::as_object_mut);
        entries
            .into_iter()
            .flat_map(|entries| entries.values_mut())
            .for_each(|entry| entry["x_unknown"] = unknown.clone());
    }
    cache["Unknown"] = unknown;
    cache
}

/// Every entry is as it was, under its key. What is of an application, and not of one account, may have been written again.
fn is_kept(before: &Value, after: &Value) {
    assert_eq!(after["Unknown"], before["Unknown"]);
    for section in &SECTIONS[..4] {
        for (key, entry) in before[section].as_object().unwrap() {
            assert_eq!(&after[section][key], entry, "{key}");
        }
    }
}

fn of_account(cache: &Value, home: &str) -> usize {
    let entries =
        SECTIONS.iter().filter_map(|section| cache[section].as_object()).flat_map(|entries| entries.values());
    entries.filter(|entry| entry["home_account_id"] == home).count()
}

fn in_a_plain_file(kind: Kind) {
    let folder = Folder::new();
    both_ways(&Place::plain_file(folder.path()).with(&[kind]), kind, None);
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn python_and_we_read_each_other_in_a_plain_file() {
    in_a_plain_file(Kind::Python);
    in_a_plain_file(Kind::PythonPortalocker);
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn node_and_we_read_each_other_in_a_plain_file() {
    in_a_plain_file(Kind::Node);
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn the_models_and_we_read_each_other_in_a_plain_file() {
    in_a_plain_file(Kind::DotNetModel);
    in_a_plain_file(Kind::JavaModel);
    in_a_plain_file(Kind::GoModel);
}
