//! The example `web_app` does what it says, request by request. In a real browser: `partition_browser`.

#![cfg(feature = "sessions")]

#[path = "common/example.rs"]
mod example;
#[path = "../examples/identity_provider/mod.rs"]
mod identity_provider;
#[cfg(unix)]
#[path = "common/engine/server.rs"]
mod server;
#[path = "common/web.rs"]
mod web;

use std::{
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use example::example;
use identity_provider::Settings;
use serde_json::json;
use ureq::{Agent, Body, http::Response};
use web::{Node, Site};

/// A browser with one cookie jar, that of one host.
struct Browser {
    agent: Agent,
    cookie: String,
}

impl Browser {
    fn new() -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build();
        Self { agent: config.into(), cookie: String::new() }
    }

    fn get(&mut self, url: &str) -> Page {
        let request = self.agent.get(url).header("Cookie", &self.cookie);
        let response = request.call().unwrap();
        self.took(response)
    }

    fn post(&mut self, url: &str, form: &[(String, String)]) -> Page {
        let request = self.agent.post(url).header("Cookie", &self.cookie);
        let response = request.send_form(form.iter().map(|(name, value)| (name, value))).unwrap();
        self.took(response)
    }

    fn took(&mut self, mut response: Response<Body>) -> Page {
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (location, set_cookie) = (header("location"), header("set-cookie"));
        if !set_cookie.is_empty() {
            self.cookie = set_cookie.split(';').next().unwrap().to_owned();
        }
        let status = response.status().as_u16();
        Page { status, location, set_cookie, text: response.body_mut().read_to_string().unwrap() }
    }

    /// As far as the page of the provider, where the person is asked.
    fn begin(&mut self, node: &Node) -> Page {
        let begun = self.get(&format!("{}/sign-in", node.url));
        assert_eq!(begun.status, 303);
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(begun.set_cookie.contains(part), "{}", begun.set_cookie);
        }
        self.get(&begun.location)
    }

    /// To where the provider sends the browser back.
    fn choose(&mut self, site: &Site, page: &Page, person: &str) -> String {
        let mut form = page.hidden_fields();
        form.push(("person".into(), person.into()));
        self.post(&format!("{}/authorize", site.provider.url()), &form).location
    }

    fn sign_in(&mut self, site: &Site, node: &Node, person: &str) -> Page {
        let page = self.begin(node);
        let back = self.choose(site, &page, person);
        let finished = self.get(&back);
        assert_eq!((finished.status, finished.location.as_str()), (303, "/"), "{}", finished.text);
        self.get(&node.url)
    }
}

struct Page {
    status: u16,
    location: String,
    set_cookie: String,
    text: String,
}

impl Page {
    fn hidden_fields(&self) -> Vec<(String, String)> {
        let fields = self.text.split(r#"<input type="hidden" name=""#).skip(1);
        let field = |text: &str| {
            let (name, rest) = text.split_once(r#"" value=""#).unwrap();
            (name.to_owned(), rest.split('"').next().unwrap().to_owned())
        };
        fields.map(field).collect()
    }

    /// For how many seconds the browser keeps the session.
    #[track_caller]
    fn kept_for(&self) -> u64 {
        let age = self.set_cookie.split("Max-Age=").nth(1).and_then(|rest| rest.split(';').next());
        age.unwrap_or_else(|| panic!("no session for a while: {:?}", self.set_cookie)).parse().unwrap()
    }

    #[track_caller]
    fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.text.contains(part), "no {part:?} in:\n{}", self.text);
        }
    }
}

#[test]
fn somebody_signs_in_stays_signed_in_and_signs_out() {
    let site = Site::new();
    let node = site.node("memory");
    let mut browser = Browser::new();
    browser.get(&node.url).says(&["You are not signed in."]);

    let home = browser.sign_in(&site, &node, "u2");
    home.says(&["Hello, Robin", "robin@contoso.example", "from the cache", "Refresh token", "minutes more"]);
    home.says(&["user.read", "AES-256-GCM", "memory", "example-web-app:account:"]);
    assert!(!home.text.contains("demo-"), "a token is on the page");
    browser.get(&node.url).says(&["Hello, Robin", "from the cache"]);
    assert_eq!(site.provider.refresh_requests(), 0);

    assert_eq!(browser.post(&format!("{}/expire", node.url), &[]).status, 303);
    browser.get(&node.url).says(&["Hello, Robin", "refreshed just now"]);
    browser.get(&node.url).says(&["Hello, Robin", "from the cache"]);
    assert_eq!((site.provider.refresh_requests(), site.provider.reuses()), (1, 0));

    let kept = browser.cookie.clone();
    assert_eq!(browser.post(&format!("{}/sign-out", node.url), &[]).status, 303);
    browser.get(&node.url).says(&["You are not signed in."]);
    // Whoever kept the cookie has nothing.
    browser.cookie = kept;
    browser.get(&node.url).says(&["You are not signed in."]);
}

#[test]
fn two_people_see_only_their_own() {
    let site = Site::new();
    let node = site.node("memory");
    let (mut alex, mut robin) = (Browser::new(), Browser::new());
    alex.sign_in(&site, &node, "u1").says(&["Hello, Alex"]);
    robin.sign_in(&site, &node, "u2").says(&["Hello, Robin"]);
    alex.post(&format!("{}/expire", node.url), &[]);
    for (browser, own, other) in [(&mut alex, "alex@", "robin"), (&mut robin, "robin@", "alex")] {
        let page = browser.get(&node.url);
        page.says(&[own]);
        assert!(!page.text.to_lowercase().contains(other), "{}", page.text);
    }
    robin.post(&format!("{}/sign-out", node.url), &[]);
    alex.get(&node.url).says(&["Hello, Alex"]);
}

#[test]
fn who_signs_out_in_one_browser_is_told_so_in_the_other() {
    let site = Site::new();
    let node = site.node("memory");
    let (mut desk, mut sofa) = (Browser::new(), Browser::new());
    desk.sign_in(&site, &node, "u1").says(&["Hello, Alex"]);
    sofa.sign_in(&site, &node, "u1").says(&["Hello, Alex"]);
    desk.post(&format!("{}/sign-out", node.url), &[]);
    sofa.get(&node.url).says(&["You have signed out.", "You are not signed in."]);
    assert!(!sofa.get(&node.url).text.contains("You have signed out."), "it is said once");
}

#[test]
fn a_sign_in_is_finished_once_and_only_where_it_was_begun() {
    let site = Site::new();
    let node = site.node("memory");
    let (mut browser, mut other) = (Browser::new(), Browser::new());
    let refused = "not a sign-in that began here";

    // Somebody is lured to the end of a sign-in of somebody else: in a browser that has begun none, or another one.
    let page = browser.begin(&node);
    let back = browser.choose(&site, &page, "u1");
    other.get(&back).says(&[refused]);
    other.begin(&node);
    other.get(&back).says(&[refused]);
    other.get(&node.url).says(&["You are not signed in."]);

    let before = browser.cookie.clone();
    assert_eq!(browser.get(&back).status, 303);
    assert_ne!(browser.cookie, before, "the id of the session is another one");
    browser.get(&back).says(&[refused]);
    other.cookie = before;
    other.get(&node.url).says(&["You are not signed in."]);

    // The code alone is worth nothing.
    let page = other.begin(&node);
    let state = page.hidden_fields().into_iter().find(|(name, _)| name == "state").unwrap().1;
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    other.get(&format!("{}/callback?code={code}&state={state}", node.url)).says(&["did not let you in"]);
}

#[test]
fn a_sign_in_that_is_not_finished_leaves_no_session_for_long() {
    let site = Site::new();
    let node = site.node("memory");
    let (mut crawler, mut browser) = (Browser::new(), Browser::new());
    let ten_minutes = 590..=600;
    assert!(ten_minutes.contains(&crawler.get(&format!("{}/sign-in", node.url)).kept_for()));
    for path in ["/", "/callback", "/callback?state=a&code=b"] {
        assert_eq!(Browser::new().get(&format!("{}{path}", node.url)).set_cookie, "", "{path}");
    }
    // Nor does one that ends badly.
    let page = browser.begin(&node);
    let back = browser.choose(&site, &page, "");
    assert!(ten_minutes.contains(&browser.get(&back).kept_for()));

    let page = browser.begin(&node);
    let back = browser.choose(&site, &page, "u1");
    let two_weeks = 14 * 24 * 3600;
    assert!((two_weeks - 10..=two_weeks).contains(&browser.get(&back).kept_for()));
    // Who begins once more is not signed out if it comes to nothing.
    let again = browser.get(&format!("{}/sign-in", node.url));
    assert!(again.kept_for() >= two_weeks - 10);
    browser.get(&node.url).says(&["Hello, Alex"]);
}

#[test]
fn who_comes_again_and_again_stays_signed_in() {
    let site = Site::new();
    let node = site.node_with("memory", &["--stay", "10"]);
    let mut browser = Browser::new();
    browser.sign_in(&site, &node, "u1");
    let (begun, mut prolonged) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(14) {
        let page = browser.get(&node.url);
        page.says(&["Hello, Alex"]);
        if !page.set_cookie.is_empty() {
            assert!((9..=10).contains(&page.kept_for()));
            prolonged += 1;
        }
        sleep(Duration::from_millis(200));
    }
    assert!((1..=3).contains(&prolonged), "at half of the time, not at each visit: {prolonged}");
}

#[test]
fn an_id_token_that_is_not_for_this_sign_in_lets_nobody_in() {
    let wrong: [fn(&mut serde_json::Value); 8] = [
        |claims| claims["iss"] = json!("https://issuer.example"),
        |claims| claims["iss"] = json!(null),
        |claims| claims["aud"] = json!("another-application"),
        |claims| claims["aud"] = json!(null),
        |claims| claims["exp"] = json!(claims["iat"].as_u64().unwrap() - 1),
        |claims| claims["exp"] = json!(null),
        |claims| claims["nonce"] = json!("another"),
        |claims| claims["nonce"] = json!(null),
    ];
    for (number, alters) in wrong.into_iter().enumerate() {
        let site = Site::with(Settings { alters, ..Settings::default() });
        let node = site.node("memory");
        let mut browser = Browser::new();
        let page = browser.begin(&node);
        let back = browser.choose(&site, &page, "u1");
        let refused = browser.get(&back);
        assert!(refused.text.contains("did not let you in"), "{number}: {}", refused.text);
        browser.get(&node.url).says(&["You are not signed in."]);
    }
}

#[test]
fn a_person_may_choose_not_to_sign_in() {
    let site = Site::new();
    let node = site.node("memory");
    let mut browser = Browser::new();
    let page = browser.begin(&node);
    let back = browser.choose(&site, &page, "");
    browser.get(&back).says(&["You chose not to sign in.", "Sign in"]);
}

#[test]
fn the_provider_sends_nobody_elsewhere() {
    let site = Site::new();
    let node = site.node("memory");
    let mut browser = Browser::new();
    let page = browser.begin(&node);
    for (name, bad) in [
        ("redirect_uri", "http://127.0.0.1:1@evil.example/callback"),
        ("redirect_uri", "https://evil.example/callback"),
        ("code_challenge_method", "plain"),
        ("state", "a&code=b"),
    ] {
        let mut form = page.hidden_fields();
        form.iter_mut().find(|field| field.0 == name).unwrap().1 = bad.into();
        form.push(("person".into(), "u1".into()));
        let answer = browser.post(&format!("{}/authorize", site.provider.url()), &form);
        assert_eq!((answer.status, answer.location.as_str()), (400, ""), "{name}={bad}");
    }
}

#[test]
fn who_was_revoked_by_the_provider_is_asked_to_sign_in_again() {
    let site = Site::new();
    let node = site.node("memory");
    let mut browser = Browser::new();
    browser.sign_in(&site, &node, "u1");
    site.provider.revoke_all();
    browser.post(&format!("{}/expire", node.url), &[]);
    browser.get(&node.url).says(&["Your sign-in has come to its end.", "Sign in"]);
    browser.sign_in(&site, &node, "u1").says(&["Hello, Alex"]);
}

#[test]
fn options_that_it_does_not_have_are_refused() {
    let run = |options: &[&str]| {
        let output = Command::new(example("web_app")).args(options).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (options, said) in [
        (&["--lisen"][..], "not an option: --lisen"),
        (&["--store"], "--store needs a value"),
        (&["--stay", "long"], "--stay: not a number of seconds"),
        (&["--stay", "0"], "--stay: not a number of seconds"),
        (&["--provider", "localhost:1234"], "write what the first node prints"),
        (&["--listen", "0.0.0.0:80"], "only for 127.0.0.1"),
        (&["--key-file", "/does/not/exist"], "/does/not/exist"),
    ] {
        let (code, stderr) = run(options);
        assert!(code == Some(2) && stderr.contains(said) && stderr.contains("Usage: web_app"), "{stderr}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, stderr) = run(&["--listen", &address]);
    assert!(code == Some(1) && stderr.contains(&format!("--listen {address}: ")), "{stderr}");
    let (code, stderr) = run(&["--listen", "127.0.0.1:0", "--store", "oracle://secret@host"]);
    assert!(code == Some(1) && stderr.contains("not a store") && !stderr.contains("secret"), "{stderr}");
}
