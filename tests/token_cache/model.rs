//! The token cache as one would write it in an hour: a list, and a search through all of it each time.

/// What of a response matters to the model.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    pub(crate) client: &'static str,
    pub(crate) home: Option<&'static str>,
    pub(crate) host: &'static str,
    pub(crate) realm: &'static str,
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) parameter: Option<&'static str>,
    pub(crate) bound_to: Option<&'static str>,
    pub(crate) access: bool,
    pub(crate) refresh: bool,
    pub(crate) identity: bool,
    pub(crate) family: Option<&'static str>,
    pub(crate) expires_in: u64,
    pub(crate) extended: u64,
    pub(crate) refresh_in: Option<u64>,
    pub(crate) now: u64,
    /// Makes its secrets unlike all others.
    pub(crate) number: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Access,
    Refresh,
    Identity,
    Account,
    Application,
}

#[derive(Clone, Debug)]
struct Item {
    kind: Kind,
    client: &'static str,
    home: Option<&'static str>,
    cloud: u8,
    realm: &'static str,
    scopes: Vec<String>,
    parameter: Option<&'static str>,
    bound_to: Option<&'static str>,
    family: Option<&'static str>,
    secret: String,
    time: u64,
    expires_on: u64,
    extended: u64,
    refresh_on: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Model(Vec<Item>);

/// Which cloud a host stands for.
fn cloud(host: &str) -> u8 {
    match host {
        "login.microsoftonline.com" | "login.windows.net" => 1,
        "login.microsoftonline.us" => 2,
        _ => 3,
    }
}

fn lower(scopes: &[&str]) -> Vec<String> {
    let mut scopes: Vec<_> = scopes.iter().map(|scope| scope.to_lowercase()).collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

impl Model {
    pub(crate) fn add(&mut self, added: &Added) {
        let item = |kind, secret: &str| Item {
            kind,
            client: added.client,
            home: added.home,
            cloud: cloud(added.host),
            realm: added.realm,
            scopes: lower(&added.scopes),
            parameter: added.parameter,
            bound_to: added.bound_to,
            family: added.family,
            secret: format!("{secret}-{}", added.number),
            time: added.now,
            expires_on: added.now + added.expires_in,
            extended: added.now + added.extended,
            refresh_on: added.refresh_in.map(|seconds| added.now + seconds),
        };
        if added.access {
            self.replace(item(Kind::Access, "AT"));
        }
        if added.home.is_some() {
            self.replace(item(Kind::Account, ""));
        }
        if added.identity {
            self.replace(item(Kind::Identity, "ID"));
        }
        if added.refresh {
            self.replace_refresh_token(item(Kind::Refresh, "RT"));
        }
        let mut application = item(Kind::Application, "");
        if !added.refresh && added.family.is_none() {
            let before = self.application(added.client, added.host);
            application.family = before.and_then(|before| before.family);
        }
        self.replace(application);
    }

    fn replace(&mut self, item: Item) {
        match self.0.iter_mut().find(|old| is_same(old, &item)) {
            Some(old) => *old = item,
            None => self.0.push(item),
        }
    }

    fn replace_refresh_token(&mut self, item: Item) {
        let mut is_new = true;
        for old in &mut self.0 {
            let is_of_account = old.kind == Kind::Refresh && old.home == item.home && old.cloud == item.cloud;
            let is_own = old.client == item.client && old.family.is_none();
            let is_of_family = item.family.is_some() && old.family == item.family;
            if is_of_account && (is_own || is_of_family) {
                *old = Item { client: old.client, ..item.clone() };
                is_new = false;
            }
        }
        if is_new {
            self.0.push(item);
        }
    }

    pub(crate) fn remove_account(&mut self, home: &str, host: &str) -> usize {
        self.remove(|item| {
            item.kind != Kind::Application && item.home == Some(home) && item.cloud == cloud(host)
        })
    }

    pub(crate) fn remove_client(&mut self, client: &str) -> usize {
        self.remove(|item| {
            let is_shared = item.kind == Kind::Refresh && item.family.is_some();
            item.kind != Kind::Account && !is_shared && item.client == client
        })
    }

    pub(crate) fn prune(&mut self, now: u64) -> usize {
        self.remove(|item| item.kind == Kind::Access && item.expires_on <= now && item.extended <= now)
    }

    fn remove(&mut self, is_it: impl Fn(&Item) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|item| !is_it(item));
        before - self.0.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The state of the token that is good for longest, and its secret or secrets if several are.
    pub(crate) fn access_token(&self, wanted: &Added) -> (&'static str, Vec<&str>) {
        let scopes = lower(&wanted.scopes);
        let fitting = || {
            self.0.iter().filter(|item| {
                item.kind == Kind::Access
                    && item.client == wanted.client
                    && item.home == wanted.home
                    && item.cloud == cloud(wanted.host)
                    && item.realm == wanted.realm
                    && item.parameter == wanted.parameter
                    && item.bound_to == wanted.bound_to
                    && scopes.iter().all(|scope| item.scopes.contains(scope))
            })
        };
        let Some(longest) = fitting().map(|item| item.expires_on).max() else {
            return ("missing", Vec::new());
        };
        let best: Vec<_> = fitting().filter(|item| item.expires_on == longest).collect();
        let secrets = best.iter().map(|item| item.secret.as_str()).collect();
        if longest < wanted.now + 300 {
            return ("expired", secrets);
        }
        let is_aging = |item: &&Item| item.refresh_on.is_some_and(|time| time <= wanted.now);
        match best.iter().filter(|item| is_aging(item)).count() {
            0 => ("fresh", secrets),
            count if count == best.len() => ("refresh soon", secrets),
            _ => ("good", secrets),
        }
    }

    fn application(&self, client: &str, host: &str) -> Option<&Item> {
        let mut applications = self.0.iter().filter(|item| item.kind == Kind::Application);
        applications.find(|item| item.client == client && item.cloud == cloud(host))
    }

    /// Whether each comes from the family, its time and its secret: in the order of the first two.
    pub(crate) fn refresh_tokens(&self, client: &str, home: &str, host: &str) -> Vec<(bool, u64, &str)> {
        let family = match self.application(client, host) {
            None => Some("1"),
            Some(application) => application.family,
        };
        let mut found: Vec<_> = self
            .0
            .iter()
            .filter(|item| item.kind == Kind::Refresh && item.home == Some(home) && item.cloud == cloud(host))
            .map(|item| (family.is_some() && item.family == family, item))
            .filter(|(is_family, item)| *is_family || item.client == client)
            .map(|(is_family, item)| (is_family, item.time, item.secret.as_str()))
            .collect();
        found.sort_by(|one, other| (other.0, other.1).cmp(&(one.0, one.1)).then(one.2.cmp(other.2)));
        found
    }

    pub(crate) fn id_tokens(&self, client: &str, home: &str, host: &str) -> Vec<&str> {
        let of_client = |item: &&Item| item.kind == Kind::Identity && item.client == client;
        let of_account = |item: &&Item| item.home == Some(home) && item.cloud == cloud(host);
        let mut found: Vec<_> =
            self.0.iter().filter(of_client).filter(of_account).map(|item| item.secret.as_str()).collect();
        found.sort_unstable();
        found
    }

    /// The tenants of an account.
    pub(crate) fn accounts(&self, home: &str, host: &str) -> Vec<&str> {
        let of_account = |item: &&Item| item.home == Some(home) && item.cloud == cloud(host);
        let accounts = self.0.iter().filter(|item| item.kind == Kind::Account).filter(of_account);
        let mut realms: Vec<_> = accounts.map(|item| item.realm).collect();
        realms.sort_unstable();
        realms
    }
}

/// Whether the new one takes the place of the old one. Refresh tokens have rules of their own.
fn is_same(old: &Item, new: &Item) -> bool {
    let of_account = old.kind == new.kind && old.home == new.home && old.cloud == new.cloud;
    match new.kind {
        Kind::Access => {
            of_account
                && (old.client, old.realm) == (new.client, new.realm)
                && old.scopes == new.scopes
                && (old.parameter, old.bound_to) == (new.parameter, new.bound_to)
        }
        Kind::Identity => of_account && (old.client, old.realm) == (new.client, new.realm),
        Kind::Account => of_account && old.realm == new.realm,
        Kind::Application => old.kind == new.kind && old.client == new.client && old.cloud == new.cloud,
        Kind::Refresh => false,
    }
}
