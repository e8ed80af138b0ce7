//! A token response on its way into a cache: as MSAL Python's `add` takes it, and as ours does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use sealed_cache::token_cache::TokenResponse;
use serde_json::{Map, Value, json};

pub(crate) const COM: &str = "login.microsoftonline.com";

#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) client: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) endpoint: String,
    pub(crate) response: Map<String, Value>,
    /// What else was in the body of the request.
    pub(crate) data: Map<String, Value>,
    /// Other members of Python's event: `grant_type`, `username`, `skip_account_creation`, ...
    pub(crate) more: Map<String, Value>,
    pub(crate) now: u64,
}

impl Event {
    pub(crate) fn new(client: &str, endpoint: &str, scopes: &[&str], response: Value, now: u64) -> Self {
        let Value::Object(response) = response else { panic!("a response is an object") };
        Self {
            client: client.to_owned(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            endpoint: endpoint.to_owned(),
            response,
            data: Map::new(),
            more: Map::new(),
            now,
        }
    }

    pub(crate) fn answer(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.response.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.response.remove(name);
        self
    }

    pub(crate) fn data(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The parameters that make an access token another one.
    pub(crate) fn extra_parameters(&self) -> Vec<(&str, &str)> {
        let extra = self.data.iter().filter(|(name, _)| *name != "key_id" && *name != "username");
        extra.map(|(name, value)| (&**name, value.as_str().unwrap())).collect()
    }

    /// The command for the peer.
    pub(crate) fn for_python(&self) -> Value {
        let mut event = self.more.clone();
        event.insert("client_id".into(), json!(self.client));
        event.insert("scope".into(), json!(self.scopes));
        event.insert("token_endpoint".into(), json!(self.endpoint));
        event.insert("response".into(), json!(self.response));
        event.insert("data".into(), json!(self.data));
        json!({"do": "add", "event": event, "now": self.now})
    }

    pub(crate) fn for_us(&self) -> TokenResponse {
        let answer = serde_json::to_vec(&self.response).unwrap();
        let more = |name: &str| self.more.get(name).and_then(Value::as_str);
        let mut response = TokenResponse::from_json(&*self.client, &answer)
            .expect("a response with a token")
            .requested_scopes(self.scopes.clone())
            .token_endpoint(&self.endpoint)
            .extra_parameters(self.extra_parameters())
            .skip_account_creation(self.more.contains_key("skip_account_creation"))
            .received_at(time(self.now));
        for (name, set) in [
            ("environment", TokenResponse::environment as fn(_, &str) -> _),
            ("grant_type", |response: TokenResponse, grant: &str| response.grant_type(grant)),
            ("username", |response: TokenResponse, name: &str| response.username(name)),
            ("authority_type", |response: TokenResponse, kind: &str| response.authority_type(kind)),
            ("_account_id", |response: TokenResponse, id: &str| response.local_account_id(id)),
        ] {
            if let Some(value) = more(name) {
                response = set(response, value);
            }
        }
        if let Some(name) = self.data.get("username").and_then(Value::as_str) {
            response = response.username(name);
        }
        match self.data.get("key_id").and_then(Value::as_str) {
            Some(key_id) => response.key_id(key_id),
            None => response,
        }
    }
}

pub(crate) fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn endpoint(host: &str, tenant: &str) -> String {
    format!("https://{host}/{tenant}/oauth2/v2.0/token")
}

/// As the service sends it: base64url of `{"uid":..,"utid":..}`.
pub(crate) fn client_info(uid: &str, utid: &str) -> String {
    encoded(&json!({"uid": uid, "utid": utid}))
}

/// An id token with these claims; nobody checks its signature.
pub(crate) fn id_token(claims: &Value) -> String {
    format!("{}.{}.c2ln", encoded(&json!({"alg": "RS256"})), encoded(claims))
}

fn encoded(json: &Value) -> String {
    Base64UrlUnpadded::encode_string(json.to_string().as_bytes())
}
