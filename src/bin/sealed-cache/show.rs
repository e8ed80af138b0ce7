//! `show`: who is signed in, and what tokens there are.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write, stderr, stdin, stdout},
    time::SystemTime,
};

use sealed_cache::{Protection, TokenCache, token_cache::SecretText};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    context::Context,
    failure::{Done, Failure},
    options::ShowArguments,
    output::{Page, Shown, Style},
    place::Place,
    words::{self, plain},
};

#[derive(Serialize)]
struct Report {
    name: String,
    file: String,
    protection: String,
    is_encrypted: bool,
    saved_times: Option<u64>,
    changed: Option<String>,
    accounts: Vec<AccountLine>,
    access_tokens: Vec<Token>,
    refresh_tokens: Vec<Token>,
    id_tokens: Vec<Token>,
    #[serde(skip)]
    modified: Option<SystemTime>,
}

#[derive(Serialize)]
struct AccountLine {
    username: String,
    home_account_id: String,
    environment: String,
    tenant: String,
}

#[derive(Serialize)]
struct Token {
    client_id: String,
    account: String,
    environment: String,
    tenant: String,
    scopes: Vec<String>,
    family: Option<String>,
    /// Of an access token.
    expires_on: Option<String>,
    /// Of a refresh token.
    modified: Option<String>,
    is_valid: Option<bool>,
    #[serde(skip)]
    time: Option<SystemTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Zeroizing<String>>,
}

/// How much of what is personal or secret is told.
#[derive(Clone, Copy)]
struct Openness {
    unmask: bool,
    reveal: bool,
}

pub(crate) fn run(arguments: &ShowArguments, context: &Context) -> Result<Done, Failure> {
    let place = Place::named(&arguments.cache.cache)?;
    let cache = place.open(&context.keys, context.waits())?;
    let progress = context.output.progress("reading");
    let protection = cache.protection()?;
    if !protection.exists {
        return Err(place.not_found());
    }
    let read = cache.read(TokenCache::clone)?;
    drop(progress);
    let reveal = arguments.reveal && may_reveal(&place.name)?;
    let report = Report::of(&place, &protection, &read, Openness { unmask: arguments.unmask, reveal })?;
    context.output.result("show", &report)?;
    Ok(Done::Fine)
}

/// Only a person who sees the question can answer it, and only that person's screen shows the tokens.
fn may_reveal(name: &str) -> Result<bool, Failure> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Failure::usage(
            "tokens are shown on a terminal only, never in a pipe or a file",
            "run it on a terminal, or use `sealed-cache export`",
        ));
    }
    let question =
        format!("Whoever sees the tokens of {name} can act as these accounts. Show them? Type yes: ");
    if is_answered_yes(&question)? { Ok(true) } else { Err(Failure::usage("the tokens are not shown", "")) }
}

pub(crate) fn is_answered_yes(question: &str) -> Result<bool, Failure> {
    let mut error = stderr().lock();
    error.write_all(question.as_bytes()).and_then(|()| error.flush()).map_err(Failure::Output)?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(Failure::Output)?;
    Ok(answer.trim() == "yes")
}

impl Report {
    fn of(
        place: &Place,
        protection: &Protection,
        cache: &TokenCache,
        openness: Openness,
    ) -> Result<Self, Failure> {
        let accounts = Accounts::of(cache, openness);
        let modified = place.file().metadata().and_then(|file| file.modified()).ok();
        Ok(Self {
            name: place.name.clone(),
            file: place.file().display().to_string(),
            protection: protection.to_string(),
            is_encrypted: protection.is_encrypted,
            saved_times: place.info()?.map(|info| info.generation),
            changed: modified.map(words::utc),
            modified,
            accounts: accounts.lines(cache),
            access_tokens: accounts.access_tokens(cache),
            refresh_tokens: accounts.refresh_tokens(cache),
            id_tokens: accounts.id_tokens(cache),
        })
    }
}

/// What the accounts of a cache are called.
struct Accounts {
    names: BTreeMap<String, String>,
    openness: Openness,
    now: SystemTime,
}

impl Accounts {
    fn of(cache: &TokenCache, openness: Openness) -> Self {
        let name = |account: &sealed_cache::token_cache::Account<'_>| {
            plain(&if openness.unmask { account.username().into_owned() } else { account.masked_username() })
        };
        let names = cache.accounts().map(|account| (account.home_account_id().into_owned(), name(&account)));
        Self { names: names.collect(), openness, now: SystemTime::now() }
    }

    /// Nobody's: a token of the application itself.
    fn name(&self, home_account_id: &str) -> String {
        match self.names.get(home_account_id) {
            Some(name) => name.clone(),
            None => self.id(home_account_id),
        }
    }

    fn id(&self, id: &str) -> String {
        if self.openness.unmask { plain(id) } else { words::shortened(&plain(id)) }
    }

    fn secret(&self, secret: &SecretText<'_>) -> Option<Zeroizing<String>> {
        self.openness.reveal.then(|| secret.to_zeroizing())
    }

    fn lines(&self, cache: &TokenCache) -> Vec<AccountLine> {
        let line = |account: sealed_cache::token_cache::Account<'_>| AccountLine {
            username: self.name(&account.home_account_id()),
            home_account_id: self.id(&account.home_account_id()),
            environment: plain(&account.environment()),
            tenant: plain(&account.realm()),
        };
        cache.accounts().map(line).collect()
    }

    fn access_tokens(&self, cache: &TokenCache) -> Vec<Token> {
        let token = |token: sealed_cache::token_cache::AccessToken<'_>| Token {
            client_id: plain(&token.client_id()),
            account: self.name(&token.home_account_id()),
            environment: plain(&token.environment()),
            tenant: plain(&token.realm()),
            scopes: scopes(&token.target()),
            family: None,
            expires_on: token.expires_on().map(words::utc),
            modified: None,
            is_valid: Some(token.expires_on().is_some_and(|time| time > self.now)),
            time: token.expires_on(),
            secret: self.secret(&token.secret()),
        };
        cache.access_tokens().map(token).collect()
    }

    fn refresh_tokens(&self, cache: &TokenCache) -> Vec<Token> {
        let token = |token: sealed_cache::token_cache::RefreshToken<'_>| Token {
            client_id: plain(&token.client_id()),
            account: self.name(&token.home_account_id()),
            environment: plain(&token.environment()),
            tenant: String::new(),
            scopes: scopes(&token.target()),
            family: Some(plain(&token.family_id())).filter(|family| !family.is_empty()),
            expires_on: None,
            modified: token.last_modification_time().map(words::utc),
            is_valid: None,
            time: token.last_modification_time(),
            secret: self.secret(&token.secret()),
        };
        cache.all_refresh_tokens().map(token).collect()
    }

    fn id_tokens(&self, cache: &TokenCache) -> Vec<Token> {
        let token = |token: sealed_cache::token_cache::IdToken<'_>| Token {
            client_id: plain(&token.client_id()),
            account: self.name(&token.home_account_id()),
            environment: plain(&token.environment()),
            tenant: plain(&token.realm()),
            scopes: Vec::new(),
            family: None,
            expires_on: None,
            modified: None,
            is_valid: None,
            time: None,
            secret: self.secret(&token.secret()),
        };
        cache.all_id_tokens().map(token).collect()
    }
}

fn scopes(target: &str) -> Vec<String> {
    target.split_whitespace().map(plain).collect()
}

impl Shown for Report {
    fn show(&self, page: &mut Page) {
        let now = SystemTime::now();
        page.field("Cache", &self.name);
        page.field("File", &self.file);
        let style = if self.is_encrypted { Style::Good } else { Style::Warning };
        page.field("Protection", page.styled(style, &self.protection));
        let changed = self.modified.map(|time| words::relative(time, now));
        let saved = self.saved_times.map(|times| format!("saved {}", words::plural(times, "time")));
        page.field("Changed", changed.into_iter().chain(saved).collect::<Vec<_>>().join(", "));
        section(page, "account", self.accounts.iter().map(AccountLine::text).collect());
        section(
            page,
            "access token",
            self.access_tokens.iter().map(|token| token.access_text(now)).collect(),
        );
        section(
            page,
            "refresh token",
            self.refresh_tokens.iter().map(|token| token.refresh_text(now)).collect(),
        );
        section(page, "id token", self.id_tokens.iter().map(Token::text).collect());
    }
}

fn section(page: &mut Page, what: &str, lines: Vec<String>) {
    page.empty_line();
    page.line(page.styled(Style::Strong, words::plural(lines.len() as u64, what)));
    lines.iter().for_each(|line| page.line(format!("  {line}")));
}

impl AccountLine {
    fn text(&self) -> String {
        format!("{} ({}), {}, tenant {}", self.username, self.home_account_id, self.environment, self.tenant)
    }
}

impl Token {
    fn text(&self) -> String {
        let whose = if self.account.is_empty() { "the application itself" } else { &self.account };
        let secret =
            self.secret.as_ref().map(|secret| format!("\n    {}", plain(secret))).unwrap_or_default();
        format!("for {whose}, app {}{secret}", self.client_id)
    }

    fn access_text(&self, now: SystemTime) -> String {
        let ends = match self.time {
            None => "does not say when it expires".to_owned(),
            Some(time) if time > now => format!("expires {}", words::relative(time, now)),
            Some(time) => format!("expired {}", words::relative(time, now)),
        };
        format!("{}: {ends}; {}", self.scopes.join(" "), self.text())
    }

    fn refresh_text(&self, now: SystemTime) -> String {
        let got = self.time.map(|time| format!("got {}; ", words::relative(time, now))).unwrap_or_default();
        let family = self.family.as_ref().map(|family| format!("family {family}; ")).unwrap_or_default();
        format!("{got}{family}{}", self.text())
    }
}
