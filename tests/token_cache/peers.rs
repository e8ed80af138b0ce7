//! What each SDK writes for one person: keys and fields in its own shapes.

/// `login.microsoftonline.com`
const E: &str = "login.microsoftonline.com";

/// The cache of an SDK that `u1.t1` signed in with, and what it means.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    text: &'static str,
    /// The keys of the entries that a new sign-in of `c1` without a family brings up to date.
    pub(crate) access_token: &'static str,
    pub(crate) refresh_token: &'static str,
    pub(crate) id_token: &'static str,
    pub(crate) account: &'static str,
}

impl Peer {
    pub(crate) fn text(&self) -> String {
        self.text.replace("$E", E)
    }

    /// A key, with the host name in it.
    pub(crate) fn key(key: &str) -> String {
        key.replace("$E", E)
    }
}

/// The secrets of the caches of all peers.
pub(crate) const SECRETS: [&str; 6] = ["AT-old", "ATX-old", "POP-old", "RT-old", "FRT-old", "h.old.s"];

pub(crate) const PEERS: [Peer; 5] = [PYTHON, DOT_NET, JAVA, NODE, GO];

const PYTHON: Peer = Peer {
    name: "MSAL Python",
    text: r#"{
    "AccessToken": {
        "u1.t1-$E-accesstoken-c1-t1-user.read": {
            "credential_type": "AccessToken", "secret": "AT-old", "home_account_id": "u1.t1", "environment": "$E",
            "client_id": "c1", "target": "User.Read", "realm": "t1", "token_type": "Bearer",
            "cached_at": "1789990000", "expires_on": "1789993600", "extended_expires_on": "1789993600"
        },
        "u1.t1-$E-atext-c1-t1-user.read-hai-va57u1u3bj1elra_dz5bpghftdmyv5vuyfopbqo": {
            "credential_type": "AccessToken", "secret": "ATX-old", "home_account_id": "u1.t1", "environment": "$E",
            "client_id": "c1", "target": "User.Read", "realm": "t1", "token_type": "Bearer",
            "cached_at": "1789990000", "expires_on": "1790009999", "extended_expires_on": "1790009999",
            "ext_cache_key": "hai-va57u1u3bj1elra_dz5bpghftdmyv5vuyfopbqo"
        }
    },
    "RefreshToken": {
        "u1.t1-$E-refreshtoken-c1--user.read": {
            "credential_type": "RefreshToken", "secret": "RT-old", "home_account_id": "u1.t1", "environment": "$E",
            "client_id": "c1", "target": "User.Read", "last_modification_time": "1789990000"
        },
        "u1.t1-$E-refreshtoken-c2--mail.read": {
            "credential_type": "RefreshToken", "secret": "FRT-old", "home_account_id": "u1.t1", "environment": "$E",
            "client_id": "c2", "target": "Mail.Read", "last_modification_time": "1789990000", "family_id": "1"
        }
    },
    "IdToken": {
        "u1.t1-$E-idtoken-c1-t1-": {
            "credential_type": "IdToken", "secret": "h.old.s", "home_account_id": "u1.t1", "environment": "$E",
            "realm": "t1", "client_id": "c1"
        }
    },
    "Account": {
        "u1.t1-$E-t1": {
            "home_account_id": "u1.t1", "environment": "$E", "realm": "t1", "local_account_id": "u1",
            "username": "a@contoso.test", "authority_type": "MSSTS", "account_source": "authorization_code"
        }
    },
    "AppMetadata": {"appmetadata-$E-c1": {"client_id": "c1", "environment": "$E"}}
}"#,
    access_token: "u1.t1-$E-accesstoken-c1-t1-user.read",
    refresh_token: "u1.t1-$E-refreshtoken-c1--user.read",
    id_token: "u1.t1-$E-idtoken-c1-t1-",
    account: "u1.t1-$E-t1",
};

/// Bearer tokens say no type, parameters are an object, and the key of the account keeps its case.
const DOT_NET: Peer = Peer {
    name: "MSAL.NET",
    text: r#"{"AccessToken":{"u1.t1-$E-accesstoken-c1-t1-user.read":{"home_account_id":"u1.t1","environment":"$E","client_info":"ci","client_id":"c1","secret":"AT-old","credential_type":"AccessToken","realm":"t1","target":"User.Read","cached_at":"1789990000","expires_on":"1789993600","extended_expires_on":"1789993600","ext_expires_on":"1789993600","user_assertion_hash":"uah"},"u1.t1-$E-atext-c1-t1-user.read-netsownhash":{"home_account_id":"u1.t1","environment":"$E","client_id":"c1","secret":"ATX-old","credential_type":"ATExt","realm":"t1","target":"User.Read","cached_at":"1789990000","expires_on":"1790009999","extended_expires_on":"1790009999","ext_expires_on":"1790009999","ext":{"fmi_path":"SomeFmiPath/Path"}},"u1.t1-$E-accesstoken_with_authscheme-c1-t1-user.read-pop":{"home_account_id":"u1.t1","environment":"$E","client_id":"c1","secret":"POP-old","credential_type":"AccessToken_With_AuthScheme","realm":"t1","target":"User.Read","token_type":"pop","kid":"k1","cached_at":"1789990000","expires_on":"1790009999","extended_expires_on":"1790009999"}},"RefreshToken":{"u1.t1-$E-refreshtoken-c1--":{"home_account_id":"u1.t1","environment":"$E","client_info":"ci","client_id":"c1","secret":"RT-old","credential_type":"RefreshToken"},"u1.t1-$E-refreshtoken-1--":{"home_account_id":"u1.t1","environment":"$E","client_id":"c2","secret":"FRT-old","credential_type":"RefreshToken","family_id":"1"}},"IdToken":{"u1.t1-$E-idtoken-c1-t1-":{"home_account_id":"u1.t1","environment":"$E","client_info":"ci","client_id":"c1","secret":"h.old.s","credential_type":"IdToken","realm":"t1"}},"Account":{"U1.t1-$E-t1":{"home_account_id":"u1.t1","environment":"$E","client_info":"ci","username":"a@contoso.test","name":"A\u00e9","local_account_id":"u1","authority_type":"MSSTS","realm":"t1","wam_account_ids":{}}},"AppMetadata":{"appmetadata-$E-c1":{"client_id":"c1","environment":"$E"}}}"#,
    access_token: "u1.t1-$E-accesstoken-c1-t1-user.read",
    refresh_token: "u1.t1-$E-refreshtoken-c1--",
    id_token: "u1.t1-$E-idtoken-c1-t1-",
    account: "U1.t1-$E-t1",
};

const JAVA: Peer = Peer {
    name: "MSAL4J",
    text: r#"{"AccessToken":{"u1.t1-$E-accesstoken-c1-t1-user.read":{"credential_type":"AccessToken","home_account_id":"u1.t1","environment":"$E","client_id":"c1","secret":"AT-old","realm":"t1","target":"User.Read","cached_at":"1789990000","expires_on":"1789993600","extended_expires_on":"1789993600","user_assertion_hash":"uah"}},"RefreshToken":{"u1.t1-$E-refreshtoken-c1--":{"credential_type":"RefreshToken","home_account_id":"u1.t1","environment":"$E","client_id":"c1","secret":"RT-old"},"u1.t1-$E-refreshtoken-1--":{"credential_type":"RefreshToken","home_account_id":"u1.t1","environment":"$E","client_id":"c2","secret":"FRT-old","family_id":"1"}},"IdToken":{"u1.t1-$E-idtoken-c1-t1-":{"credential_type":"IdToken","home_account_id":"u1.t1","environment":"$E","client_id":"c1","secret":"h.old.s","realm":"t1","user_assertion_hash":"uah"}},"Account":{"u1.t1-$E-t1":{"home_account_id":"u1.t1","environment":"$E","realm":"t1","local_account_id":"u1","username":"a@contoso.test","name":"Aé","authority_type":"MSSTS"}}}"#,
    access_token: "u1.t1-$E-accesstoken-c1-t1-user.read",
    refresh_token: "u1.t1-$E-refreshtoken-c1--",
    id_token: "u1.t1-$E-idtoken-c1-t1-",
    account: "u1.t1-$E-t1",
};

/// A slot more in each key, and the account under its home tenant.
const NODE: Peer = Peer {
    name: "MSAL Node",
    text: r#"{"Account":{"u1.t1-$E-t1":{"home_account_id":"u1.t1","environment":"$E","realm":"t1","local_account_id":"u1","username":"a@contoso.test","authority_type":"MSSTS","name":"Aé","client_info":"ci","last_modification_time":"1789990000","last_modification_app":"c1","tenantProfiles":["{\"tenantId\":\"t1\",\"localAccountId\":\"u1\",\"isHomeTenant\":true}"]}},"IdToken":{"u1.t1-$E-idtoken-c1-t1--":{"home_account_id":"u1.t1","environment":"$E","credential_type":"IdToken","client_id":"c1","secret":"h.old.s","realm":"t1"}},"AccessToken":{"u1.t1-$E-accesstoken-c1-t1-user.read-":{"home_account_id":"u1.t1","environment":"$E","credential_type":"AccessToken","client_id":"c1","secret":"AT-old","realm":"t1","target":"User.Read","cached_at":"1789990000","expires_on":"1789993600","extended_expires_on":"1789993600","token_type":"Bearer","userAssertionHash":"uah","resource":"r"},"u1.t1-$E-accesstoken-c1-t1-user.read-hai-va57u1u3bj1elra_dz5bpghftdmyv5vuyfopbqo-":{"home_account_id":"u1.t1","environment":"$E","credential_type":"AccessToken","client_id":"c1","secret":"ATX-old","realm":"t1","target":"User.Read","cached_at":"1789990000","expires_on":"1790009999","extended_expires_on":"1790009999","token_type":"Bearer","additionalCacheKeyComponents":{"fmi_path":"SomeFmiPath/Path"}},"u1.t1-$E-accesstoken_with_authscheme-c1-t1-user.read-pop":{"home_account_id":"u1.t1","environment":"$E","credential_type":"AccessToken_With_AuthScheme","client_id":"c1","secret":"POP-old","realm":"t1","target":"User.Read","cached_at":"1789990000","expires_on":"1790009999","token_type":"pop","key_id":"k1"}},"RefreshToken":{"u1.t1-$E-refreshtoken-c1---":{"home_account_id":"u1.t1","environment":"$E","credential_type":"RefreshToken","client_id":"c1","secret":"RT-old","target":"User.Read"},"u1.t1-$E-refreshtoken-1---":{"home_account_id":"u1.t1","environment":"$E","credential_type":"RefreshToken","client_id":"c2","secret":"FRT-old","family_id":"1"}},"AppMetadata":{"appmetadata-$E-c1":{"client_id":"c1","environment":"$E"}}}"#,
    access_token: "u1.t1-$E-accesstoken-c1-t1-user.read-",
    refresh_token: "u1.t1-$E-refreshtoken-c1---",
    id_token: "u1.t1-$E-idtoken-c1-t1--",
    account: "u1.t1-$E-t1",
};

/// Keys without dashes at their ends.
const GO: Peer = Peer {
    name: "MSAL Go",
    text: r#"{"AccessToken":{"u1.t1-$E-accesstoken-c1-t1-user.read":{"home_account_id":"u1.t1","environment":"$E","realm":"t1","credential_type":"AccessToken","client_id":"c1","secret":"AT-old","target":"User.Read","expires_on":"1789993600","extended_expires_on":"1789993600","cached_at":"1789990000","token_type":"Bearer","user_assertion_hash":"uah"},"u1.t1-$E-accesstoken-c1-t1-user.read-pop":{"home_account_id":"u1.t1","environment":"$E","realm":"t1","credential_type":"AccessToken","client_id":"c1","secret":"POP-old","target":"User.Read","expires_on":"1790009999","extended_expires_on":"1790009999","cached_at":"1789990000","token_type":"pop","keyid":"k1"}},"RefreshToken":{"u1.t1-$E-refreshtoken-c1":{"home_account_id":"u1.t1","environment":"$E","credential_type":"RefreshToken","client_id":"c1","secret":"RT-old","realm":"t1"},"u1.t1-$E-refreshtoken-1":{"home_account_id":"u1.t1","environment":"$E","credential_type":"RefreshToken","client_id":"c2","secret":"FRT-old","family_id":"1"}},"IdToken":{"u1.t1-$E-idtoken-c1-t1":{"home_account_id":"u1.t1","environment":"$E","realm":"t1","credential_type":"IdToken","client_id":"c1","secret":"h.old.s"}},"Account":{"u1.t1-$E-t1":{"home_account_id":"u1.t1","environment":"$E","realm":"t1","local_account_id":"u1","username":"a@contoso.test","authority_type":"MSSTS","alternative_account_id":"alt","name":"Aé"}},"AppMetadata":{"appmetadata-$E-c1":{"client_id":"c1","environment":"$E"}}}"#,
    access_token: "u1.t1-$E-accesstoken-c1-t1-user.read",
    refresh_token: "u1.t1-$E-refreshtoken-c1",
    id_token: "u1.t1-$E-idtoken-c1-t1",
    account: "u1.t1-$E-t1",
};
