//! A token cache that lies in an item of the keyring, which programs with other SDKs use as well: each state in which
//! that item, and the keyring, can be found has an outcome of its own, and nothing of anybody is overwritten.
//!
//! The keyring is a real GNOME Keyring on a private bus; the other programs are `secret-tool`, which is libsecret.

#![cfg(unix)]

mod changed;
#[path = "../common/desktop_cache.rs"]
mod desktop_cache;
mod held;
mod keyring;
mod others;

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::Stdio,
    time::{Duration, SystemTime},
};

use base64ct::{Base64, Encoding as _};
use desktop_cache::{
    Answer, CacheProgram,
    platform::{desktop::Desktop, program::serve, wait_until},
    refused, state,
};
use sealed_cache::{
    CacheGuard, OnUnreadable, PersistedCache, Prompt, Result, TokenCache,
    persistence::msal::{Encoding, Layout, SecretServiceItem},
    token_cache::TokenResponse,
};

const SCHEMA: &str = "msal.cache";
const CLIENT: [&str; 2] = ["MsalClientID", "com.contoso.test"];
const VERSION: [&str; 2] = ["MsalClientVersion", "1.0.0.0"];
const LABEL: &str = "MSALCache of a test";

/// Not a test: the program that uses the cache.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    let mut tokens: Option<PersistedCache<TokenCache>> = None;
    let mut guard: Option<CacheGuard<TokenCache>> = None;
    serve(|request| {
        let words: Vec<_> = request.split(' ').collect();
        let done = match words[0] {
            "open" => opened(&words[1..]).map(|opened| {
                tokens = Some(opened);
                String::new()
            }),
            _ => done(tokens.as_ref().expect("one was opened"), &mut guard, &words),
        };
        done.map_or_else(|error| refused(&error), |text| format!("ok {text}").trim_end().to_owned())
    });
}

/// By words: the signal file; then what is not as usual, if anything.
fn opened(words: &[&str]) -> Result<PersistedCache<TokenCache>> {
    let has = |word: &str| words[1..].contains(&word);
    let collection = words[1..].iter().find_map(|word| word.strip_prefix("collection="));
    let item = SecretServiceItem::new(SCHEMA)
        .attribute(CLIENT[0], CLIENT[1])
        .attribute(VERSION[0], VERSION[1])
        .label(LABEL)
        .encoding(if has("raw") { Encoding::Raw } else { Encoding::Base64 })
        .collection(collection.unwrap_or("default"))
        .match_schema(!has("any-schema"));
    PersistedCache::msal(Layout::secret_service_item(words[0], item))
        .prompt(if has("quiet") { Prompt::Never } else { Prompt::Allowed })
        .keychain_timeout(if has("short") { SHORT } else { Duration::from_secs(20) })
        .on_unreadable(if has("start-empty") { OnUnreadable::StartEmpty } else { OnUnreadable::Fail })
        .open()
}

fn done(
    tokens: &PersistedCache<TokenCache>,
    guard: &mut Option<CacheGuard<TokenCache>>,
    words: &[&str],
) -> Result<String> {
    let nothing = |()| String::new();
    match *words {
        ["read"] => tokens.read(clients),
        ["add", client] => tokens.update(|cache| cache.add(&response(client)))?.map(nothing),
        ["lock"] => {
            let held = guard.insert(tokens.lock()?);
            Ok(clients(held))
        }
        ["add-and-commit", client] => {
            let mut held = guard.take().expect("it was locked");
            held.add(&response(client))?;
            held.commit().map(nothing)
        }
        // A token of a megabyte, often.
        ["fill", count] => {
            let count: usize = count.parse().expect("a number");
            let large = |number| token(&format!("large-{number}"), &"A".repeat(1 << 20));
            let fill = |cache: &mut TokenCache| (0..count).try_for_each(|number| cache.add(&large(number)));
            tokens.update(fill)?.map(nothing)
        }
        ["clear"] => tokens.clear().map(nothing),
        ["verify"] => tokens.verify().map(nothing),
        ["protection"] => tokens.protection().map(|protection| protection.to_string()),
        _ => panic!("what is {words:?}?"),
    }
}

/// A client credential's token, distinct by its client.
fn response(client: &str) -> TokenResponse {
    token(client, "AT")
}

fn token(client: &str, token: &str) -> TokenResponse {
    TokenResponse::of_access_token(client, token, 3600)
        .token_endpoint("https://login.microsoftonline.com/t/oauth2/v2.0/token")
        .requested_scopes(["s"])
        .grant_type("client_credentials")
}

/// The clients of all tokens, in order.
fn clients(cache: &TokenCache) -> String {
    let access = cache.access_tokens().map(|token| token.client_id().into_owned());
    let refresh = cache.all_refresh_tokens().map(|token| token.client_id().into_owned());
    let mut clients: Vec<_> = access.chain(refresh).collect();
    clients.sort();
    clients.join(" ")
}

/// A cache of another program, with a refresh token of each of these clients.
fn theirs(clients: &[&str]) -> String {
    let entries: Vec<_> = clients
        .iter()
        .map(|client| {
            format!(
                r#""u.t-login.microsoftonline.com-refreshtoken-{client}--":{{"credential_type":"RefreshToken","secret":"RT","home_account_id":"u.t","environment":"login.microsoftonline.com","client_id":"{client}","theirs":[1,{{}}]}}"#
            )
        })
        .collect();
    format!(r#"{{"RefreshToken":{{{}}},"theirs":{{"x":1}}}}"#, entries.join(","))
}

/// How long a call to the keychain may take where it hangs.
const SHORT: Duration = Duration::from_millis(400);

/// A desktop, and the folder of the signal file.
struct Scene {
    desktop: Desktop,
    folder: PathBuf,
}

impl Scene {
    fn new() -> Self {
        Self::on(Desktop::new())
    }

    fn on(desktop: Desktop) -> Self {
        let folder = desktop.folder().subfolder("cache");
        Self { desktop, folder }
    }

    /// A program with the cache open, as described by these words.
    fn program(&self, words: &str) -> CacheProgram {
        let mut program = CacheProgram::on(&self.desktop);
        self.open(&mut program, words);
        program
    }

    fn open(&self, program: &mut CacheProgram, words: &str) -> Answer {
        let line = format!("open {} {words}", self.folder.join("msal.cache").display());
        let answer = program.ask(line.trim_end());
        answer.is("ok", "");
        answer
    }

    /// What the folder holds, and when it was last changed.
    fn files(&self) -> Vec<(String, Vec<u8>, SystemTime)> {
        let mut files = state(&self.folder);
        files.retain(|(name, ..)| !name.ends_with(".lockfile"));
        files
    }

    /// Store this as another program does, and signal it: with our attributes, unless told otherwise.
    fn store(&self, other: &Other<'_>, text: &str) {
        let mut tool = self.desktop.command("secret-tool");
        tool.args(["store", "--label=theirs", &format!("--collection={}", other.collection)]);
        tool.args(["xdg:schema", other.schema]).args(CLIENT).args(VERSION).args(other.more);
        let mut tool = tool.stdin(Stdio::piped()).spawn().expect("secret-tool starts");
        tool.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
        assert!(tool.wait().expect("it ends").success());
        self.signal();
    }

    /// As Node does: the file has another time afterwards.
    fn signal(&self) {
        fs::write(self.folder.join("msal.cache"), "{}").expect("the signal file");
    }

    /// What another program finds that asks as we do.
    fn lookup(&self) -> String {
        self.lookup_with(&["xdg:schema", SCHEMA])
    }

    fn lookup_with(&self, more: &[&str]) -> String {
        let mut tool = self.desktop.command("secret-tool");
        let output = tool.arg("lookup").args(CLIENT).args(VERSION).args(more).output();
        String::from_utf8(output.expect("secret-tool starts").stdout).expect("it speaks UTF-8")
    }

    /// Remove whatever another program finds that asks as we do.
    fn remove(&self) {
        self.remove_under(SCHEMA);
    }

    fn remove_under(&self, schema: &str) {
        let mut tool = self.desktop.command("secret-tool");
        let status = tool.arg("clear").args(CLIENT).args(VERSION).args(["xdg:schema", schema]).status();
        assert!(status.expect("secret-tool starts").success());
    }

    /// All items that have anything to do with this application.
    fn items(&self) -> String {
        self.desktop.search(&CLIENT)
    }

    /// What the items hold that were set aside: those that nobody finds who looks for a cache.
    fn aside(&self) -> Vec<String> {
        let values = self.paths_in_keyring().into_iter().filter_map(|path| self.client_attribute(&path));
        let asides = values.filter(|value| value.starts_with(&format!("{}.", CLIENT[1])));
        asides.flat_map(|value| secrets(&self.desktop.search(&[CLIENT[0], &value]))).collect()
    }

    fn paths_in_keyring(&self) -> Vec<String> {
        let items = "string:org.freedesktop.Secret.Collection string:Items";
        let said = self.property("/org/freedesktop/secrets/collection/login", items);
        said.lines().filter_map(|line| line.split("object path \"").nth(1)).map(unquoted).collect()
    }

    fn client_attribute(&self, path: &str) -> Option<String> {
        let said = self.property(path, "string:org.freedesktop.Secret.Item string:Attributes");
        let mut strings = said.lines().filter_map(|line| line.split("string \"").nth(1)).map(unquoted);
        strings.find(|text| text == CLIENT[0]).and_then(|_| strings.next())
    }

    fn property(&self, path: &str, name: &str) -> String {
        let mut send = self.desktop.command("dbus-send");
        send.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", path]);
        let output = send.arg("org.freedesktop.DBus.Properties.Get").args(name.split(' ')).output();
        String::from_utf8(output.expect("dbus-send starts").stdout).expect("it speaks UTF-8")
    }

    fn count(&self) -> usize {
        self.items().matches("label = ").count()
    }
}

/// An item of another program, if not quite the same as ours.
struct Other<'a> {
    schema: &'a str,
    more: &'a [&'a str],
    collection: &'a str,
}

/// The very item.
const SAME: Other<'static> = Other { schema: SCHEMA, more: &[], collection: "default" };

fn unquoted(text: &str) -> String {
    text.trim_end_matches('"').to_owned()
}

/// The secrets of the items that `secret-tool` shows.
fn secrets(shown: &str) -> Vec<String> {
    let begun = shown.split("secret = ").skip(1);
    begun.filter_map(|rest| rest.split("\ncreated = ").next()).map(str::to_owned).collect()
}

fn base64(text: &str) -> String {
    Base64::encode_string(text.as_bytes())
}

fn of_base64(text: &str) -> String {
    String::from_utf8(Base64::decode_vec(text).expect("it is base64")).expect("it is UTF-8")
}

/// The clock by which GNOME Keyring orders items has seconds.
fn next_second() {
    let now = || SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs();
    let then = now();
    wait_until("the next second", || now() > then);
}
