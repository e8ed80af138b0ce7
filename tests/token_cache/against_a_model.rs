//! Random additions, searches and removals, beside a list that is searched from end to end.

use proptest::{collection::vec, option, prelude::*, sample::select};
use sealed_cache::token_cache::{AccessTokenMatch, AccessTokenQuery, AccountId, TokenCache, TokenResponse};
use serde_json::json;

use super::{
    common::{NOW, at, client_info, id_token, read, write},
    lossless::cases,
    model::{Added, Model},
};

const CLIENTS: [&str; 3] = ["c1", "c2", "c3"];
const HOMES: [&str; 2] = ["u1.t1", "u2.t1"];
const HOSTS: [&str; 4] =
    ["login.microsoftonline.com", "login.windows.net", "login.microsoftonline.us", "adfs.contoso.test"];
const REALMS: [&str; 2] = ["t1", "t2"];
const SCOPES: [&str; 4] = ["User.Read", "user.read", "Mail.Read", "Mail.Send"];

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Add(Added),
    RemoveAccount(&'static str, &'static str),
    RemoveClient(&'static str),
    Prune(u64),
    /// Write and read it.
    Reload,
}

/// What a response may hold. It is a wish as well: for a token of that kind.
pub(crate) fn added() -> impl Strategy<Value = Added> {
    let who = (
        select(CLIENTS.to_vec()),
        option::weighted(0.9, select(HOMES.to_vec())),
        select(HOSTS.to_vec()),
        select(REALMS.to_vec()),
    );
    let scopes = (
        vec(select(SCOPES.to_vec()), 1..4),
        option::weighted(0.2, select(vec!["p1", "p2"])),
        option::weighted(0.2, select(vec!["k1", "k2"])),
    );
    let what = (any::<bool>(), any::<bool>(), any::<bool>(), option::weighted(0.4, select(vec!["1", "2"])));
    let times = (0..4_u64, 0..4_u64, option::of(0..4_u64), 0..8_u64);
    (who, scopes, what, times).prop_map(|(who, scopes, what, times)| Added {
        client: who.0,
        home: who.1,
        host: who.2,
        realm: who.3,
        scopes: scopes.0,
        parameter: scopes.1,
        bound_to: scopes.2,
        access: what.0 || who.1.is_none() || !(what.1 || what.2),
        refresh: what.1 && who.1.is_some(),
        identity: what.2 && who.1.is_some(),
        family: what.3,
        expires_in: times.0 * 200,
        extended: (times.0 + times.1) * 200,
        refresh_in: times.2.map(|time| time * 200),
        now: NOW + times.3 * 100,
        number: 0,
    })
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => added().prop_map(Step::Add),
        1 => (select(HOMES.to_vec()), select(HOSTS.to_vec())).prop_map(|(home, host)| Step::RemoveAccount(home, host)),
        1 => select(CLIENTS.to_vec()).prop_map(Step::RemoveClient),
        1 => (0..12_u64).prop_map(|time| Step::Prune(NOW + time * 100)),
        1 => Just(Step::Reload),
    ]
}

impl Added {
    /// With tokens that are unlike those of all other numbers.
    pub(crate) fn response(&self, number: usize) -> TokenResponse {
        let mut answer = json!({
            "scope": self.scopes.join(" "), "expires_in": self.expires_in, "ext_expires_in": self.extended,
            "refresh_in": self.refresh_in, "foci": self.family,
            "token_type": if self.bound_to.is_some() { "pop" } else { "Bearer" },
        });
        let mut set = |is_there: bool, name: &str, value: String| {
            if is_there {
                answer[name] = json!(value);
            }
        };
        set(self.access, "access_token", format!("AT-{number}"));
        set(self.refresh, "refresh_token", format!("RT-{number}"));
        set(self.identity, "id_token", id_token(&json!({"sub": "s", "jti": number})));
        if let Some((uid, utid)) = self.home.and_then(|home| home.split_once('.')) {
            set(true, "client_info", client_info(uid, utid));
        }
        let response = TokenResponse::from_json(self.client, answer.to_string().as_bytes()).unwrap();
        let response = response.environment(self.host).realm(self.realm).received_at(at(self.now));
        let response = response.extra_parameters(self.parameter.map(|value| ("fmi_path", value)));
        match self.bound_to {
            Some(key) => response.key_id(key),
            None => response,
        }
    }

    fn query(&self) -> AccessTokenQuery {
        let query = AccessTokenQuery::new(self.client, self.scopes.iter().copied())
            .environment(self.host)
            .realm(self.realm)
            .extra_parameters(self.parameter.map(|value| ("fmi_path", value)))
            .at(at(self.now));
        let query = match self.home {
            Some(home) => query.account(&AccountId::new(home, self.host)),
            None => query,
        };
        match self.bound_to {
            Some(key) => query.token_type("PoP", key),
            None => query,
        }
    }
}

impl Step {
    /// What it did, in numbers.
    pub(crate) fn take(&self, cache: &mut TokenCache, number: usize) -> usize {
        match self {
            Self::Add(added) => cache.add(&added.response(number)).map(|()| 0).unwrap(),
            Self::RemoveAccount(home, host) => cache.remove_account(AccountId::new(*home, *host)),
            Self::RemoveClient(client) => cache.remove_client(client),
            Self::Prune(time) => cache.prune(at(*time)),
            Self::Reload => {
                *cache = read(&write(cache));
                0
            }
        }
    }

    fn take_in(&self, model: &mut Model, number: usize) -> usize {
        match self {
            Self::Add(added) => model.add(&Added { number, ..added.clone() }),
            Self::RemoveAccount(home, host) => return model.remove_account(home, host),
            Self::RemoveClient(client) => return model.remove_client(client),
            Self::Prune(time) => return model.prune(*time),
            Self::Reload => {}
        }
        0
    }
}

fn found(cache: &TokenCache, wanted: &Added) -> (&'static str, Option<String>) {
    let (kind, token) = match cache.access_token(&wanted.query()) {
        AccessTokenMatch::Fresh(token) => ("fresh", token),
        AccessTokenMatch::RefreshSoon(token) => ("refresh soon", token),
        AccessTokenMatch::Expired(token) => ("expired", token),
        AccessTokenMatch::Missing => return ("missing", None),
    };
    (kind, Some(token.secret().to_string()))
}

fn same_access_token(cache: &TokenCache, model: &Model, wanted: &Added) -> Result<(), TestCaseError> {
    let (kind, secret) = found(cache, wanted);
    let (expected, secrets) = model.access_token(wanted);
    let is_good = expected == "good" && (kind == "fresh" || kind == "refresh soon");
    prop_assert!(kind == expected || is_good, "{kind} is not {expected} for {wanted:?}");
    prop_assert!(
        secret.as_deref().map_or(secrets.is_empty(), |secret| secrets.contains(&secret)),
        "{wanted:?}"
    );
    Ok(())
}

fn same_of_account(
    cache: &TokenCache,
    model: &Model,
    client: &str,
    home: &str,
    host: &str,
) -> Result<(), TestCaseError> {
    let account = AccountId::new(home, host);
    let tokens = cache.refresh_tokens(client, &account);
    let times: Vec<_> = tokens.iter().map(|token| token.last_modification_time()).collect();
    let expected = model.refresh_tokens(client, home, host);
    prop_assert_eq!(times, expected.iter().map(|(_, time, _)| Some(at(*time))).collect::<Vec<_>>());
    let mut secrets: Vec<_> = tokens.iter().map(|token| token.secret().to_string()).collect();
    let mut expected: Vec<_> = expected.iter().map(|(_, _, secret)| (*secret).to_owned()).collect();
    secrets.sort_unstable();
    expected.sort_unstable();
    prop_assert_eq!(secrets, expected);
    prop_assert_eq!(cache.id_tokens(client, &account).len(), model.id_tokens(client, home, host).len());
    let mut realms: Vec<_> =
        cache.account(&account).iter().map(|account| account.realm().into_owned()).collect();
    realms.sort_unstable();
    prop_assert_eq!(realms, model.accounts(home, host));
    Ok(())
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn every_search_finds_what_a_search_through_a_list_finds(
        steps in vec(step(), 1..40),
        wishes in vec(added(), 12),
    ) {
        let (mut cache, mut model) = (TokenCache::new(), Model::default());
        for (number, step) in steps.iter().enumerate() {
            prop_assert_eq!(step.take(&mut cache, number), step.take_in(&mut model, number), "{:?}", step);
            prop_assert_eq!(cache.len(), model.len(), "{:?}", step);
            if let Step::Add(added) = step {
                same_access_token(&cache, &model, added)?;
            }
        }
        let again = read(&write(&cache));
        for cache in [&cache, &again] {
            for wanted in &wishes {
                same_access_token(cache, &model, wanted)?;
            }
            for (client, home, host) in CLIENTS.iter().flat_map(|client| HOMES.iter().flat_map(move |home| HOSTS.iter().map(move |host| (client, home, host)))) {
                same_of_account(cache, &model, client, home, host)?;
            }
        }
    }
}
