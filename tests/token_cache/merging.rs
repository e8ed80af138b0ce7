//! Three-way merging, case by case.

use sealed_cache::{
    SerializableCache,
    token_cache::{TokenCache, TokenResponse},
};
use serde_json::{Value, json};

use super::{
    common::{
        COM, NOW, at, client_info, keys, read, read_value, refresh_secrets, response, sign_in, u1, value,
        write,
    },
    peers::PEERS,
};

fn refresh_token(secret: &str, time: u64) -> Value {
    json!({"secret": secret, "home_account_id": "u1.t1", "environment": COM, "client_id": "c1",
        "last_modification_time": time.to_string()})
}

fn tokens(entries: Value) -> TokenCache {
    read_value(&json!({"RefreshToken": entries}))
}

/// The refresh tokens of the merged cache, by their keys.
fn merged(base: Value, ours: Value, theirs: Value) -> Value {
    let theirs = tokens(theirs);
    let merged = tokens(ours).merge(&tokens(base), &theirs);
    assert_eq!(
        merged.has_state_changed(),
        value(&merged) != value(&theirs),
        "changed means another than theirs"
    );
    value(&merged)["RefreshToken"].clone()
}

#[test]
fn the_newer_token_wins() {
    let [base, older, newer] = [refresh_token("0", 0), refresh_token("1", 1), refresh_token("2", 2)];
    let with = |token: &Value| json!({"k": token});
    assert_eq!(merged(with(&base), with(&older), with(&newer)), with(&newer));
    assert_eq!(merged(with(&base), with(&newer), with(&older)), with(&newer));
    assert_eq!(merged(json!({}), with(&newer), with(&older)), with(&newer), "added on both sides");
    assert_eq!(merged(with(&newer), with(&older), with(&newer)), with(&older), "only we changed it");
}

#[test]
fn the_times_and_scopes_of_the_older_token_go_with_it() {
    let [base, mut older, newer] = [refresh_token("0", 0), refresh_token("1", 1), refresh_token("2", 2)];
    for field in ["refresh_on", "expires_on", "target", "key_id", "user_assertion_hash"] {
        older[field] = json!("7");
    }
    let with = |token: &Value| json!({"k": token});
    assert_eq!(merged(with(&base), with(&older), with(&newer)), with(&newer));
    assert_eq!(merged(with(&base), with(&newer), with(&older)), with(&newer));
}

#[test]
fn a_removal_there_wins_over_our_unchanged_copy_and_not_over_a_change() {
    let [old, new] = [json!({"k": refresh_token("0", 0)}), json!({"k": refresh_token("1", 1)})];
    assert_eq!(merged(old.clone(), old.clone(), json!({})), json!({}));
    assert_eq!(merged(old.clone(), new.clone(), json!({})), new);
    assert_eq!(merged(old.clone(), json!({}), old.clone()), json!({}));
    assert_eq!(merged(old, json!({}), new.clone()), new);
}

#[test]
fn whitespace_escapes_order_and_what_a_peer_leaves_out_are_no_change() {
    let ours = r#"{"RefreshToken":{"k":{"secret":"a+\u00e9","target":"","x":null,"client_id":"c1","last_modification_time":"1"}}}"#;
    let theirs = "{ \"RefreshToken\": {\n \"\\u006b\": { \"client_id\": \"c1\", \"secret\": \"a\\u002Bé\", \"last_modification_time\": 1 } } }";
    let (base, theirs) = (read(ours), read(theirs));
    let mut ours = read(ours);
    assert!(ours.remove_refresh_token("k"));
    let merged = ours.merge(&base, &theirs);
    assert_eq!(write(&merged), r#"{"RefreshToken":{}}"#, "it is the token that we removed");
    let merged = base.merge(&base, &theirs);
    assert_eq!((write(&merged), merged.has_state_changed()), (write(&theirs), false));
}

#[test]
fn a_token_that_we_removed_goes_although_a_peer_added_fields_to_it() {
    let base = refresh_token("0", 0);
    let mut theirs = base.clone();
    theirs["ext"] = json!({});
    assert_eq!(merged(json!({"k": base}), json!({}), json!({"k": theirs})), json!({}));
}

#[test]
fn what_holds_no_token_is_compared_as_a_whole() {
    let [base, theirs] = [json!({"k": {"x": 1}}), json!({"k": {"x": 2}})];
    assert_eq!(merged(base.clone(), json!({}), theirs.clone()), theirs);
    assert_eq!(merged(base.clone(), json!({}), base), json!({}));
}

#[test]
fn an_entry_under_another_key_is_the_same_entry() {
    let [old, new, newest] = [refresh_token("0", 0), refresh_token("1", 1), refresh_token("2", 2)];
    let (here, there) = (|token: &Value| json!({"here": token}), |token: &Value| json!({"there": token}));
    assert_eq!(merged(here(&old), here(&old), there(&old)), there(&old), "only the key changed");
    assert_eq!(merged(here(&old), here(&new), there(&old)), there(&new), "our token under their key");
    assert_eq!(merged(here(&old), here(&old), there(&new)), there(&new));
    assert_eq!(merged(here(&old), here(&new), there(&newest)), there(&newest));
    assert_eq!(merged(json!({}), here(&newest), there(&new)), there(&newest), "added on both sides");
    assert_eq!(merged(here(&old), json!({}), there(&old)), json!({}), "removed here");
    assert_eq!(merged(here(&old), json!({}), there(&new)), there(&new), "removed here and refreshed there");
}

#[test]
fn another_identity_under_another_key_is_another_entry() {
    let (ours, mut theirs) = (refresh_token("1", 1), refresh_token("2", 2));
    for (field, other) in
        [("client_id", "c2"), ("home_account_id", "u2.t1"), ("family_id", "1"), ("target", "s")]
    {
        let before = theirs[field].take();
        theirs[field] = json!(other);
        let expected = json!({"here": ours, "there": theirs});
        assert_eq!(merged(json!({}), json!({"here": ours}), json!({"there": theirs})), expected, "{field}");
        theirs[field] = before;
    }
    assert_eq!(merged(json!({}), json!({"here": 1}), json!({"there": 2})), json!({"here": 1, "there": 2}));
    let bare = |secret: &str| json!({"secret": secret});
    let expected = json!({"here": bare("1"), "there": bare("2")});
    assert_eq!(merged(json!({}), json!({"here": bare("1")}), json!({"there": bare("2")})), expected);
}

#[test]
fn a_collapse_of_duplicates_there_brings_none_of_them_back() {
    let token = refresh_token("0", 0);
    let base = json!({"a": token, "b": token});
    assert_eq!(merged(base.clone(), base.clone(), json!({"c": token})), json!({"c": token}));
    let new = refresh_token("1", 1);
    assert_eq!(merged(base.clone(), json!({"a": new, "b": new}), json!({"c": token})), json!({"c": new}));
    assert_eq!(merged(base.clone(), json!({}), json!({"c": token, "d": token})), json!({}));
    assert_eq!(
        merged(base, json!({"b": token}), json!({"c": token})),
        json!({"c": token}),
        "we have one of them still"
    );
}

#[test]
fn both_sides_may_have_signed_in_for_the_first_time() {
    for peer in &PEERS {
        let theirs = read(&peer.text());
        let mut ours = read("");
        ours.add(&sign_in("new")).unwrap();
        let merged = ours.merge(&read(""), &theirs);
        for section in ["IdToken", "Account"] {
            assert_eq!(keys(&merged, section), keys(&theirs, section), "{}: {section}", peer.name);
        }
        assert!(refresh_secrets(&merged, "c1").contains(&"RT-new".to_owned()), "{}", peer.name);
        assert_eq!(keys(&merged, "AccessToken"), keys(&theirs, "AccessToken"), "{}", peer.name);
    }
}

#[test]
fn an_account_removed_there_drops_our_changes_to_it() {
    for peer in &PEERS {
        let base = read(&peer.text());
        let (mut ours, mut theirs) = (base.clone(), base.clone());
        ours.add(&sign_in("new")).unwrap();
        theirs.remove_account(u1());
        let merged = ours.merge(&base, &theirs);
        assert!(!write(&merged).contains("u1.t1"), "{}", peer.name);
    }
}

#[test]
fn an_account_removed_here_goes_with_what_they_changed() {
    for peer in &PEERS {
        let base = read(&peer.text());
        let (mut ours, mut theirs) = (base.clone(), base.clone());
        ours.remove_account(u1());
        theirs.add(&sign_in("new")).unwrap();
        theirs
            .add(&response(
                &json!({"refresh_token": "FRT-new", "client_info": client_info("u1", "t1"), "foci": "1"}),
            ))
            .unwrap();
        let merged = ours.merge(&base, &theirs);
        assert!(!write(&merged).contains("u1.t1"), "{}", peer.name);
        assert!(merged.has_state_changed());
    }
}

#[test]
fn the_case_of_an_account_and_an_alias_of_its_cloud_do_not_bring_it_back() {
    let account = json!({"home_account_id": "u1.t1", "environment": COM, "realm": "t1"});
    let token = json!({"secret": "new", "home_account_id": "U1.T1", "environment": "login.windows.net"});
    let base = read_value(&json!({"Account": {"a": account}}));
    let theirs = read_value(&json!({"Account": {"a": account}, "RefreshToken": {"r": token}}));
    assert_eq!(value(&read("").merge(&base, &theirs))["RefreshToken"], json!({}));
}

#[test]
fn an_account_removed_in_one_cloud_stays_in_the_other() {
    let account =
        |environment: &str| json!({"home_account_id": "u1.t1", "environment": environment, "realm": "t1"});
    let us = "login.microsoftonline.us";
    let base = read_value(&json!({"Account": {"com": account(COM), "us": account(us)}}));
    let mut ours = base.clone();
    ours.remove_account(u1());
    let mut theirs = base.clone();
    for environment in [COM, us] {
        theirs.add(&sign_in(environment).environment(environment)).unwrap();
    }
    let text = write(&ours.merge(&base, &theirs));
    assert!(text.contains(&format!("RT-{us}")) && !text.contains(&format!("RT-{COM}")), "{text}");
}

/// MSAL Python's sign-out misses tokens under the keys of other SDKs.
#[test]
fn a_token_that_a_sign_out_there_left_behind_is_not_removed_by_us() {
    let base = json!({"Account": {"a": {"home_account_id": "u1.t1", "environment": COM, "realm": "t1"}},
        "RefreshToken": {"k": refresh_token("0", 0)}});
    let mut left = base.clone();
    left["Account"] = json!({});
    let [base, left] = [base, left].map(|cache| read_value(&cache));
    assert_eq!(value(&left.merge(&base, &base)), value(&left), "we still have it");
    assert_eq!(value(&base.merge(&base, &left)), value(&left), "they still have it");
}

#[test]
fn tokens_of_applications_are_of_no_account() {
    let app = json!({"k": {"secret": "AT-app", "home_account_id": null, "environment": COM}});
    let base = json!({"Account": {"a": {"home_account_id": "", "environment": COM}}});
    let theirs = read_value(&json!({"AccessToken": app}));
    let merged = read_value(&base).merge(&read_value(&base), &theirs);
    assert_eq!(value(&merged)["AccessToken"], app);
}

#[test]
fn unknown_fields_of_both_sides_are_kept() {
    let with = |token: &Value, fields: Value| {
        let mut token = token.clone();
        token.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"k": token})
    };
    let [old, new, newest] = [refresh_token("0", 0), refresh_token("1", 1), refresh_token("2", 2)];
    let base = with(&old, json!({"x": 1, "y": 1, "z": 1, "ours removed": 1}));
    let ours = with(&new, json!({"x": 2, "y": 1, "z": 2, "o": {"deep": []}}));
    let theirs = with(&newest, json!({"x": 1, "y": 3, "z": 3, "t": [1.50], "ours removed": 1}));
    let expected =
        with(&newest, json!({"x": 2, "y": 3, "z": 3, "o": {"deep": []}, "t": [1.5], "ours removed": 1}));
    assert_eq!(merged(base.clone(), ours.clone(), theirs.clone()), expected, "theirs is newer");
    let mut expected = expected;
    for field in ["secret", "last_modification_time"] {
        expected["k"][field] = new[field].clone();
    }
    expected["k"]["z"] = json!(2);
    let mut older = theirs;
    for field in ["secret", "last_modification_time"] {
        older["k"][field] = old[field].clone();
    }
    expected["k"].as_object_mut().unwrap().remove("ours removed");
    assert_eq!(merged(base, ours, older), expected, "they did not touch the token");
}

#[test]
fn a_token_that_only_we_refreshed_wins_although_a_clock_was_wrong() {
    let [base, mut theirs] = [refresh_token("old", 9), refresh_token("old", 9)];
    theirs["mark"] = json!("theirs");
    let merged = merged(json!({"k": base}), json!({"k": refresh_token("new", 1)}), json!({"k": theirs}));
    assert_eq!((&merged["k"]["secret"], &merged["k"]["mark"]), (&json!("new"), &json!("theirs")));
}

#[test]
fn a_token_that_only_they_refreshed_wins_although_a_clock_was_wrong() {
    let [base, mut ours] = [refresh_token("old", 9), refresh_token("old", 9)];
    ours["mark"] = json!("ours");
    let merged = merged(json!({"k": base}), json!({"k": ours}), json!({"k": refresh_token("new", 1)}));
    assert_eq!((&merged["k"]["secret"], &merged["k"]["mark"]), (&json!("new"), &json!("ours")));
}

#[test]
fn unknown_members_of_the_whole_cache_are_merged_by_name() {
    let [base, ours, theirs] = [
        r#"{"same":1,"o":1,"t":1,"both":1,"gone here":1,"gone there":1,"é":1}"#,
        r#"{"same":1,"o":2,"t":1,"both":2,"gone there":1,"new here":{"a":1},"also new":2,"\u00e9":2}"#,
        r#"{"same":1,"o":1,"t":3,"both":3,"gone here":1,"new there":3,"\u00E9":1}"#,
    ]
    .map(read);
    let merged = ours.merge(&base, &theirs);
    let expected =
        r#"{"same":1,"o":2,"t":3,"both":3,"new there":3,"\u00E9":2,"new here":{"a":1},"also new":2}"#;
    assert_eq!(write(&merged), expected);
    assert!(merged.has_state_changed());
    assert_eq!(write(&ours.merge(&base, &merged)), expected);
    assert!(!ours.merge(&base, &merged).has_state_changed());
}

#[test]
fn duplicate_keys_are_one_entry_and_go_together() {
    let base = read(r#"{"RefreshToken":{"k":{"secret":"1"},"k":{"secret":"2"}}}"#);
    assert_eq!(write(&base.merge(&base, &base)), write(&base));
    assert_eq!(write(&read("{}").merge(&base, &base)), r#"{"RefreshToken":{}}"#);
    let new = read(r#"{"RefreshToken":{"k":{"secret":"2"},"k":{"secret":"3"}}}"#);
    assert!(write(&new.merge(&base, &read("{}"))).contains(r#""k":{"secret":"3"}"#));
    assert_eq!(value(&new.merge(&base, &base)), value(&new));
}

#[test]
fn keys_order_and_sections_are_theirs_and_ours_come_last() {
    let base = read(r#"{"RefreshToken":{"b":{"secret":"b"}}}"#);
    let ours = read(
        r#"{"RefreshToken":{"z":{"secret":"z"},"b":{"secret":"B"},"a":{"secret":"a"}},"IdToken":{"i":{"secret":"i"}}}"#,
    );
    let theirs = read(r#"{"Account":{},"RefreshToken":{"d":{"secret":"d"},"b":{"secret":"b"}}}"#);
    assert_eq!(
        write(&ours.merge(&base, &theirs)),
        r#"{"Account":{},"RefreshToken":{"d":{"secret":"d"},"b":{"secret":"B"},"z":{"secret":"z"},"a":{"secret":"a"}},"IdToken":{"i":{"secret":"i"}}}"#
    );
}

#[test]
fn what_was_merged_is_found_changed_and_removed_like_all_else() {
    let base = read("");
    let (mut ours, mut theirs) = (read(""), read(""));
    theirs.add(&sign_in("theirs").received_at(at(NOW - 60))).unwrap();
    ours.add(&sign_in("ours")).unwrap();
    ours.add(&sign_in("ours").realm("t2")).unwrap();
    let mut merged = ours.merge(&base, &theirs);
    assert_eq!(refresh_secrets(&merged, "c1"), ["RT-ours"]);
    assert_eq!(merged.id_tokens("c1", u1()).len(), 2);
    merged.add(&sign_in("again").realm("t2")).unwrap();
    assert_eq!(keys(&merged, "AccessToken").len(), 2);
    merged.remove_account(u1());
    assert_eq!(merged.len(), 1);
    assert!(!merged.clone().merge(&merged, &merged).has_state_changed());
}

#[test]
fn what_both_sides_changed_is_found_once() {
    let of = |clients: [&str; 2], secret: &str| {
        let answer = json!({"refresh_token": secret, "client_info": client_info("u1", "t1")}).to_string();
        let mut cache = read("");
        for client in clients {
            let response = TokenResponse::from_json(client, answer.as_bytes()).unwrap();
            cache.add(&response.environment(COM).received_at(at(NOW))).unwrap();
        }
        cache
    };
    let mut merged = of(["c1", "c2"], "new").merge(&read(""), &of(["c1", "c2"], "old"));
    assert_eq!(refresh_secrets(&merged, "c1"), ["new"]);
    assert_eq!(merged.remove_account(u1()), 3);
}
