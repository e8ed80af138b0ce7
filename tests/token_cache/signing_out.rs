//! Signing out leaves nothing of the account behind, whatever the keys look like.

use sealed_cache::{SerializableCache, token_cache::AccountId};
use serde_json::json;

use super::{
    common::{COM, NOW, at, keys, read, read_value, sign_in, u1, value, write},
    peers::{PEERS, SECRETS},
};

#[test]
fn no_secret_of_the_account_is_left_in_what_any_sdk_wrote() {
    for peer in &PEERS {
        let mut cache = read(&peer.text());
        assert!(SECRETS.iter().any(|secret| write(&cache).contains(secret)));
        let count = cache.len() - keys(&cache, "AppMetadata").len();
        assert_eq!(cache.remove_account(u1()), count, "{}", peer.name);
        let text = write(&cache);
        for secret in SECRETS.iter().chain(&["u1", "contoso", "uah"]) {
            assert!(!text.contains(secret), "{}: {secret} is left", peer.name);
        }
    }
}

#[test]
fn no_secret_is_left_of_what_we_added_to_what_any_sdk_wrote() {
    for peer in &PEERS {
        let mut cache = read(&peer.text());
        cache.add(&sign_in("NEW-SECRET")).unwrap();
        let account = cache.accounts().next().map(|account| AccountId::from(&account).into_owned()).unwrap();
        cache.remove_account(account);
        assert!(!write(&cache).contains("NEW-SECRET"), "{}", peer.name);
    }
}

#[test]
fn the_case_of_the_account_makes_no_difference() {
    let mut cache = read_value(
        &json!({"RefreshToken": {"k": {"secret": "RT", "home_account_id": "U1.T1", "environment": COM}}}),
    );
    assert_eq!(cache.remove_account(u1()), 1);
}

#[test]
fn aliases_of_the_cloud_go_as_well_and_other_clouds_stay() {
    let token =
        |environment| json!({"secret": environment, "home_account_id": "u1.t1", "environment": environment});
    let mut cache = read_value(&json!({"RefreshToken": {
        "1": token("login.windows.net"), "2": token("STS.windows.net"), "3": token("login.microsoftonline.us"),
    }}));
    assert_eq!(cache.remove_account(u1()), 2);
    assert_eq!(keys(&cache, "RefreshToken"), ["3"]);
}

/// Nobody writes names like that; who does, must not keep a token alive by it.
#[test]
fn field_names_with_escapes_hide_nothing() {
    let text = r#"{"RefreshToken":{"k":{"secret":"RT","home\u005faccount_id":"u1.t1","\u0065nvironment":"login.microsoftonline.com"}}}"#;
    let mut cache = read(text);
    assert_eq!(cache.remove_account(u1()), 1);
    assert_eq!(write(&cache), r#"{"RefreshToken":{}}"#);
}

#[test]
fn values_with_escapes_hide_nothing() {
    let text = r#"{"RefreshToken":{"k":{"secret":"RT","home_account_id":"\u00751.t\u0031","environment":"login.microsoftonline\u002ecom"}}}"#;
    assert_eq!(read(text).remove_account(u1()), 1);
}

#[test]
fn duplicate_sections_and_keys_hide_nothing() {
    let entry = format!(r#"{{"secret":"RT","home_account_id":"u1.t1","environment":"{COM}"}}"#);
    let text = format!(
        r#"{{"RefreshToken":{{"k":{entry},"k":{entry}}},"x":1,"RefreshToken":{{"k":{entry},"l":{entry}}}}}"#
    );
    let mut cache = read(&text);
    assert_eq!(cache.remove_account(u1()), 4);
    assert_eq!(write(&cache), r#"{"RefreshToken":{},"x":1}"#);
}

/// Every reader of JSON takes the last one.
#[test]
fn of_duplicate_fields_the_last_one_says_whose_it_is() {
    let text = format!(
        r#"{{"RefreshToken":{{"k":{{"secret":"RT","home_account_id":"x","home_account_id":"u1.t1","environment":"{COM}"}}}}}}"#
    );
    assert_eq!(read(&text).remove_account(AccountId::new("x", COM)), 0);
    assert_eq!(read(&text).remove_account(u1()), 1);
}

#[test]
fn other_accounts_applications_and_unknown_things_stay() {
    let others = json!({
        "RefreshToken": {"2": {"secret": "RT-2", "home_account_id": "u2.t1", "environment": COM}},
        "AccessToken": {"app": {"secret": "AT-app", "home_account_id": null, "environment": COM}, "odd": 7},
        "AppMetadata": {}, "Account": {}, "IdToken": {}, "Unknown": {"u1.t1": "kept"},
    });
    let mut cache = read_value(&others);
    cache.add(&sign_in("new")).unwrap();
    cache.remove_account(u1());
    let mut left = value(&cache);
    left["AppMetadata"] = json!({});
    assert_eq!(left, others);
}

#[test]
fn the_tokens_of_a_stranger_to_the_account_section_go_as_well() {
    let mut cache = read("");
    cache.add(&sign_in("new").skip_account_creation(true)).unwrap();
    assert_eq!(cache.accounts().count(), 0);
    assert_eq!(cache.remove_account(u1()), 3);
}

#[test]
fn a_sign_out_of_nobody_is_no_change() {
    let mut cache = read("");
    cache.add(&sign_in("new")).unwrap();
    cache.set_state_changed(false);
    assert_eq!(cache.remove_account(AccountId::new("u2.t1", COM)), 0);
    assert!(!cache.has_state_changed());
    assert_eq!(cache.remove_account(u1()), 4);
    assert!(cache.has_state_changed());
}

#[test]
fn the_account_can_sign_in_again() {
    let mut cache = read(&PEERS[4].text());
    cache.remove_account(u1());
    cache.add(&sign_in("again")).unwrap();
    assert_eq!(cache.refresh_tokens("c1", u1()).len(), 1);
    assert_eq!(cache.account(u1()).len(), 1);
    assert_eq!(cache.prune(at(NOW)), 0);
}

#[test]
fn everything_of_an_application_goes_but_accounts_and_what_a_family_shares() {
    for peer in &PEERS {
        let mut cache = read(&peer.text());
        cache.remove_client("c1");
        let text = write(&cache);
        for gone in ["AT-old", "ATX-old", "POP-old", "\"RT-old", "h.old.s", "appmetadata"] {
            assert!(!text.contains(gone), "{}: {gone}", peer.name);
        }
        assert_eq!(cache.accounts().count(), 1, "{}", peer.name);
        assert!(text.contains("FRT-old"), "{}", peer.name);
        assert_eq!(cache.remove_client("c1"), 0, "{}", peer.name);
    }
}

#[test]
fn what_has_expired_is_pruned_and_what_may_be_of_use_in_an_outage_is_not() {
    let mut cache = read_value(&json!({"AccessToken": {
        "expired": {"expires_on": "10"},
        "expired and extended": {"expires_on": "10", "extended_expires_on": "20"},
        "expired and extended by .NET": {"expires_on": "10", "ext_expires_on": "30"},
        "good": {"expires_on": "40"},
        "silent": {"secret": "AT"},
        "empty": {"expires_on": ""},
        "no entry": null,
    }, "RefreshToken": {"r": {"expires_on": "1"}}}));
    assert_eq!(cache.prune(at(9)), 0);
    assert!(!cache.has_state_changed());
    assert_eq!(cache.prune(at(10)), 1);
    assert!(cache.has_state_changed());
    assert_eq!(cache.prune(at(20)), 1);
    assert_eq!(cache.prune(at(30)), 1);
    // The end of the year 9999: Windows knows no time that is much later.
    assert_eq!(cache.prune(at(253_402_300_799)), 1);
    assert_eq!(cache.len(), 4);
}
