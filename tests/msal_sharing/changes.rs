//! After each change of ours, every library loads the cache without an error and has what we have.

use serde_json::{Value, json};

use super::{
    events::{COM, Event},
    party::{Kind, Party},
    place::Place,
    platform::{desktop::Desktop, folder::Folder},
    writers::sign_in,
};

/// The changes, each told by its name, in an order in which each has something to do.
fn changes() -> Vec<(&'static str, Value)> {
    let add = |event: Event| event.for_python();
    let expired = sign_in("u2", "c1", "old.read").answer("expires_in", 60);
    let imported = json!({"Account": {"u4.t1-login.microsoftonline.com-t1": {
        "home_account_id": "u4.t1", "environment": COM, "realm": "t1", "local_account_id": "u4", "username": "",
        "authority_type": "MSSTS"}}});
    vec![
        ("add", add(sign_in("u1", "c1", "user.read"))),
        ("add another", add(sign_in("u2", "c1", "user.read"))),
        (
            "refresh",
            add(sign_in("u1", "c1", "user.read")
                .answer("access_token", "AT-new")
                .answer("refresh_token", "RT-new")),
        ),
        ("add what expires", add(expired)),
        ("prune", json!({"do": "prune", "at": 1_795_000_000})),
        ("import", json!({"do": "import", "text": imported.to_string()})),
        (
            "remove an account",
            json!({"do": "remove_account", "home": "u1.t1", "environment": COM, "client": "c1"}),
        ),
        ("clear", json!({"do": "clear"})),
        ("add again", add(sign_in("u1", "c1", "mail.read"))),
    ]
}

pub(crate) fn all_load_after_each(place: &Place, kinds: &[Kind], desktop: Option<&Desktop>) {
    let mut ours = Party::at(place, Kind::Ours, desktop);
    let mut peers: Vec<_> = kinds.iter().map(|kind| Party::at(place, *kind, desktop)).collect();
    let mut seen = None;
    for (name, change) in changes() {
        ours.ask(&change);
        let listed = ours.list();
        for peer in &mut peers {
            agrees(peer, name, &listed);
            peer.open(place);
            assert_eq!(
                without_empty(peer.list()),
                without_empty(listed.clone()),
                "{:?} after: {name}",
                peer.kind
            );
        }
        assert_ne!(seen, Some(listed.clone()), "{name}: it changes something");
        seen = Some(listed);
    }
}

/// One that had loaded the cache before. A cache that is gone is none that Python and Node would read: they keep what they
/// have; and Node keeps in memory what others have removed.
fn agrees(peer: &mut Party, name: &str, listed: &Value) {
    let loaded = without_empty(peer.list());
    let keeps = match peer.kind {
        Kind::Node => ["prune", "remove an account", "clear"].contains(&name),
        Kind::Python | Kind::PythonPortalocker | Kind::GoModel => name == "clear",
        _ => false,
    };
    if !keeps {
        assert_eq!(loaded, without_empty(listed.clone()), "{:?} after: {name}", peer.kind);
    }
}

/// Sections without an entry are there or not, as each likes it.
fn without_empty(mut cache: Value) -> Value {
    cache.as_object_mut().unwrap().retain(|_, section| section != &json!({}));
    cache
}

#[test]
#[ignore = "needs the MSAL peers: cargo xtask test keychain"]
fn in_a_plain_file_every_library_loads_what_we_changed() {
    let folder = Folder::new();
    all_load_after_each(&Place::plain_file(folder.path()).with(&Kind::PEERS), &Kind::PEERS, None);
}
