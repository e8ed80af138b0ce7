//! The same in items of a real Secret Service, on a desktop of the test's own.

use serde_json::{Value, json};

use super::{
    changes::all_load_after_each,
    party::{Kind, Party},
    place::{ACCOUNT, Place, RAW_SCHEMA, SERVICE},
    platform::desktop::Desktop,
    round_trips::both_ways,
    writers::sign_in,
};

const RAW: [Kind; 3] = [Kind::Python, Kind::PythonPortalocker, Kind::Node];
const ENCODED: [Kind; 3] = [Kind::DotNetModel, Kind::JavaModel, Kind::GoModel];

#[test]
#[ignore = "needs gnome-keyring and the MSAL peers: cargo xtask test keychain"]
fn python_node_and_we_read_each_other_in_an_item() {
    for kind in RAW {
        let desktop = Desktop::new();
        both_ways(&Place::raw_item(desktop.folder().path()), kind, Some(&desktop));
    }
}

#[test]
#[ignore = "needs gnome-keyring and the MSAL peers: cargo xtask test keychain"]
fn the_models_and_we_read_each_other_in_an_item() {
    for kind in ENCODED {
        let desktop = Desktop::new();
        both_ways(&Place::encoded_item(desktop.folder().path()).with(&[kind]), kind, Some(&desktop));
    }
}

/// The item that Python makes where nobody tells it a name.
#[test]
#[ignore = "needs gnome-keyring and the MSAL peers: cargo xtask test keychain"]
fn we_find_the_item_that_python_names_by_itself() {
    let desktop = Desktop::new();
    both_ways(&Place::default_item_of_python(desktop.folder().path()), Kind::Python, Some(&desktop));
}

#[test]
#[ignore = "needs gnome-keyring and the MSAL peers: cargo xtask test keychain"]
fn in_an_item_every_library_loads_what_we_changed() {
    let desktop = Desktop::new();
    all_load_after_each(&Place::raw_item(desktop.folder().path()), &RAW, Some(&desktop));
    let desktop = Desktop::new();
    let place = Place::encoded_item(desktop.folder().path()).with(&ENCODED);
    all_load_after_each(&place, &ENCODED, Some(&desktop));
}

/// The text as it is, and by the attributes alone: what is no library of the family reads it as well.
#[test]
#[ignore = "needs gnome-keyring: cargo xtask test keychain"]
fn secret_tool_sees_the_text_that_we_store() {
    let desktop = Desktop::new();
    let mut ours = Party::at(&Place::raw_item(desktop.folder().path()), Kind::Ours, Some(&desktop));
    ours.add(&sign_in("u1", "c1", "user.read"));
    let mut tool = desktop.command("secret-tool");
    tool.args(["lookup", "service", SERVICE, "account", ACCOUNT, "xdg:schema", RAW_SCHEMA]);
    let output = tool.output().expect("secret-tool starts");
    let seen: Value = serde_json::from_slice(&output.stdout).expect("JSON as it is");
    assert_eq!(seen, ours.list());
    let shown = desktop.search(&["service", SERVICE]);
    assert!(shown.contains(&format!("label = {SERVICE}/{ACCOUNT}")), "{shown}");
    assert_eq!(shown.matches("secret = ").count(), 1, "one item: {shown}");

    ours.ask(&json!({"do": "clear"}));
    assert!(!desktop.search(&["service", SERVICE]).contains("secret = "), "cleared");
}
