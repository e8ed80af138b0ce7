//! Fields: what MSAL Python writes for a response, entry by entry, and what others name differently.

use serde_json::{Value, json};

use super::common::{COM, NOW, client_info, id_token, only, read, read_value, response, sign_in, value};

fn fields_of(entry: &Value) -> Vec<&str> {
    let mut names: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn an_access_token_has_the_fields_of_the_schema_and_times_as_strings() {
    let mut cache = read("");
    let answer = json!({
        "access_token": "AT", "expires_in": 3600, "ext_expires_in": "7200", "refresh_in": 1800,
        "scope": "User.Read  Mail.Read", "token_type": "Bearer", "client_info": client_info("u1", "t1"),
    });
    cache.add(&response(&answer)).unwrap();
    let expected = json!({
        "credential_type": "AccessToken", "secret": "AT", "home_account_id": "u1.t1", "environment": COM,
        "client_id": "c1", "target": "Mail.Read User.Read", "realm": "t1", "token_type": "Bearer",
        "cached_at": "1790000000", "expires_on": "1790003600", "extended_expires_on": "1790007200",
        "refresh_on": "1790001800",
    });
    assert_eq!(only(&cache, "AccessToken").1, expected);
}

#[test]
fn the_token_of_an_application_has_no_account_but_says_so() {
    let mut cache = read("");
    cache
        .add(&response(&json!({"access_token": "AT", "expires_in": 60})).grant_type("client_credentials"))
        .unwrap();
    let (key, entry) = only(&cache, "AccessToken");
    assert_eq!(
        (key.as_str(), &entry["home_account_id"]),
        ("-login.microsoftonline.com-accesstoken-c1-t1-", &Value::Null)
    );
    assert!(value(&cache).get("Account").is_none());
}

#[test]
fn a_refresh_token_an_id_token_an_account_and_metadata_have_the_fields_of_the_schema() {
    let mut cache = read("");
    cache.add(&sign_in("1").environment("LOGIN.microsoftonline.com")).unwrap();
    let common = |kind: &str, secret: &str| json!({"credential_type": kind, "secret": secret, "home_account_id": "u1.t1", "environment": COM, "client_id": "c1"});
    let mut refresh_token = common("RefreshToken", "RT-1");
    refresh_token["last_modification_time"] = json!(NOW.to_string());
    assert_eq!(only(&cache, "RefreshToken").1, refresh_token);
    let claims = json!({"sub": "s1", "oid": "u1", "preferred_username": "a@contoso.test"});
    let mut id = common("IdToken", &id_token(&claims));
    id["realm"] = json!("t1");
    assert_eq!(only(&cache, "IdToken").1, id);
    let account = json!({
        "home_account_id": "u1.t1", "environment": COM, "realm": "t1", "local_account_id": "u1",
        "username": "a@contoso.test", "authority_type": "MSSTS", "account_source": "authorization_code",
    });
    assert_eq!(only(&cache, "Account").1, account);
    assert_eq!(only(&cache, "AppMetadata").1, json!({"client_id": "c1", "environment": COM}));
}

#[test]
fn only_a_sign_in_says_where_the_account_came_from() {
    for grant in ["refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", ""] {
        let mut cache = read("");
        cache.add(&sign_in("1").grant_type(grant)).unwrap();
        assert!(only(&cache, "Account").1.get("account_source").is_none(), "{grant}");
        cache.add(&sign_in("2").grant_type("broker")).unwrap();
        cache.add(&sign_in("3").grant_type(grant)).unwrap();
        assert_eq!(only(&cache, "Account").1["account_source"], "broker", "{grant} leaves it as it was");
    }
}

#[test]
fn an_account_of_adfs_has_the_subject_for_its_id() {
    let mut cache = read("");
    let claims = json!({"sub": "subject", "upn": "a@adfs.test"});
    let answer = json!({"access_token": "AT", "id_token": id_token(&claims)});
    cache.add(&response(&answer).token_endpoint("https://adfs.contoso.test/adfs/oauth2/token")).unwrap();
    let (key, account) = only(&cache, "Account");
    assert_eq!(key, "subject-adfs.contoso.test-adfs");
    assert_eq!(account["authority_type"], "ADFS");
    assert_eq!(
        (&account["local_account_id"], &account["username"]),
        (&json!("subject"), &json!("a@adfs.test"))
    );
}

#[test]
fn the_expiry_in_the_spelling_of_dot_net_is_kept_true_and_not_introduced() {
    let token = json!({"secret": "AT", "home_account_id": "u1.t1", "environment": COM, "client_id": "c1", "realm": "t1",
        "target": "User.Read", "ext_expires_on": "5"});
    let mut cache = read_value(&json!({"AccessToken": {"k": token}}));
    cache.add(&sign_in("new")).unwrap();
    let (_, entry) = only(&cache, "AccessToken");
    assert_eq!(
        (&entry["ext_expires_on"], &entry["extended_expires_on"]),
        (&json!("1790003600"), &json!("1790003600"))
    );
    let mut cache = read("");
    cache.add(&sign_in("new")).unwrap();
    assert!(only(&cache, "AccessToken").1.get("ext_expires_on").is_none());
}

#[test]
fn key_ids_and_parameters_in_another_spelling_are_not_written_a_second_time() {
    for (field, key) in [("kid", "k1"), ("keyid", "k1"), ("key_id", "k1")] {
        let token = json!({"secret": "POP", "home_account_id": "u1.t1", "environment": COM, "client_id": "c1",
            "realm": "t1", "target": "User.Read", "token_type": "PoP", field: key, "ext": {"fmi_path": "p"}});
        let mut cache = read_value(&json!({"AccessToken": {"k": token}}));
        let answer = json!({"access_token": "NEW", "token_type": "pop", "scope": "user.read",
            "client_info": client_info("u1", "t1")});
        cache.add(&response(&answer).key_id("k1").extra_parameters([("fmi_path", "p")])).unwrap();
        let (_, entry) = only(&cache, "AccessToken");
        assert_eq!((&entry["secret"], &entry[field]), (&json!("NEW"), &json!("k1")));
        let spellings =
            fields_of(&entry).into_iter().filter(|name| ["kid", "keyid", "key_id"].contains(name)).count();
        assert_eq!(spellings, 1);
        assert!(entry.get("ext_cache_key").is_none());
    }
}

#[test]
fn an_empty_spelling_does_not_hide_the_one_that_says_something() {
    let token = json!({"secret": "POP", "home_account_id": "u1.t1", "environment": COM, "client_id": "c1", "realm": "t1",
        "target": "User.Read", "token_type": "pop", "key_id": "k1", "kid": "", "keyid": null,
        "ext": {"fmi_path": "p"}, "ext_cache_key": null, "expires_on": "1790009999"});
    let cache = read_value(&json!({"AccessToken": {"k": token}}));
    let query = super::common::wanted().token_type("pop", "k1").extra_parameters([("fmi_path", "p")]);
    assert_eq!(super::common::secret(cache.access_token(&query)).as_deref(), Some("POP"));
}

#[test]
fn the_stored_spelling_of_scopes_and_names_is_kept() {
    let token = json!({"secret": "AT", "home_account_id": "u1.t1", "environment": "login.windows.net", "client_id": "c1",
        "realm": "t1", "target": "USER.READ", "credential_type": "AccessToken"});
    let mut cache = read_value(&json!({"AccessToken": {"k": token}}));
    cache.add(&sign_in("new")).unwrap();
    let (_, entry) = only(&cache, "AccessToken");
    assert_eq!((&entry["target"], &entry["environment"]), (&json!("USER.READ"), &json!("login.windows.net")));
    assert_eq!(entry["secret"], "AT-new");
}
