//! A Chromium with a profile of its own, driven as a person would: <https://www.w3.org/TR/webdriver2/>.

use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::engine::server::Server;

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// In a container there is no sandbox within the sandbox; and it is to talk to nobody but us.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser with a profile that nobody had before. Closed when it is dropped.
pub(crate) struct Profile {
    agent: Agent,
    session: String,
    _driver: Driver,
    _folder: TempDir,
}

impl Profile {
    pub(crate) fn open() -> Self {
        let folder = tempfile::Builder::new().prefix("sealed-cache-browser-").tempdir().unwrap();
        let driver = Driver::start(&folder);
        let url = format!("http://127.0.0.1:{}/session", driver.port);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .proxy(None);
        let agent = Agent::from(config.build());
        let mut profile = Self { agent, session: url, _driver: driver, _folder: folder };
        let data = format!("--user-data-dir={}", profile._folder.path().join("data").display());
        let arguments: Vec<_> = ARGUMENTS.iter().copied().chain(["--window-size=1000,900", &data]).collect();
        let wanted = json!({"browserName": "chrome", "goog:chromeOptions": {"args": arguments}});
        let opened = profile.ask("", Some(json!({"capabilities": {"alwaysMatch": wanted}})));
        profile.session = format!("{}/{}", profile.session, opened["sessionId"].as_str().unwrap());
        profile
    }

    pub(crate) fn go(&self, url: &str) {
        self.ask("/url", Some(json!({ "url": url })));
    }

    pub(crate) fn reload(&self) {
        self.ask("/refresh", Some(json!({})));
    }

    pub(crate) fn url(&self) -> String {
        self.ask("/url", None).as_str().unwrap().to_owned()
    }

    pub(crate) fn source(&self) -> String {
        self.ask("/source", None).as_str().unwrap().to_owned()
    }

    pub(crate) fn click(&self, css: &str) {
        let element = self.element(css);
        self.ask(&format!("/element/{element}/click"), Some(json!({})));
    }

    /// What can be read on the page.
    pub(crate) fn text(&self) -> String {
        let body = self.element("body");
        self.ask(&format!("/element/{body}/text"), None).as_str().unwrap().to_owned()
    }

    /// A click may return before the page is there.
    #[track_caller]
    pub(crate) fn sees(&self, wanted: &str) {
        self.wait_for(wanted, || {});
    }

    /// The same, with a person who reloads the page.
    #[track_caller]
    pub(crate) fn until_sees(&self, wanted: &str) {
        self.wait_for(wanted, || self.reload());
    }

    #[track_caller]
    fn wait_for(&self, wanted: &str, meanwhile: impl Fn()) {
        let begun = Instant::now();
        loop {
            let text = self.try_text().unwrap_or_default();
            if text.contains(wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no {wanted:?} at {}:\n{text}", self.url());
            thread::sleep(Duration::from_millis(20));
            meanwhile();
        }
    }

    /// `None` while one page goes and another comes.
    fn try_text(&self) -> Option<String> {
        let wanted = json!({"using": "css selector", "value": "body"});
        let body = self.try_ask("/element", Some(wanted)).ok()?;
        let body = body.as_object()?.values().next()?.as_str()?;
        Some(self.try_ask(&format!("/element/{body}/text"), None).ok()?.as_str()?.to_owned())
    }

    pub(crate) fn cookie(&self, name: &str) -> Value {
        self.ask(&format!("/cookie/{name}"), None)
    }

    /// WebDriver does not tell: the same request once more, with the same cookie.
    pub(crate) fn status_of(&self, url: &str) -> (u16, String) {
        let cookie = self.cookie("web-app-session");
        let cookie = format!("web-app-session={}", cookie["value"].as_str().unwrap());
        let response = self.agent.get(url).header("Cookie", cookie).call().unwrap();
        let retry_after = response.headers().get("Retry-After");
        let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), retry_after.unwrap_or_default())
    }

    /// For people who want to look: in the folder that `WEB_APP_PICTURES` names, if it is set.
    pub(crate) fn picture(&self, name: &str) {
        if let Some(folder) = env::var_os("WEB_APP_PICTURES") {
            let picture = self.ask("/screenshot", None);
            let bytes = Base64::decode_vec(picture.as_str().unwrap()).unwrap();
            fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
        }
    }

    fn element(&self, css: &str) -> String {
        let found = self.ask("/element", Some(json!({"using": "css selector", "value": css})));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn ask(&self, command: &str, arguments: Option<Value>) -> Value {
        self.try_ask(command, arguments).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    fn try_ask(&self, command: &str, arguments: Option<Value>) -> Result<Value, Value> {
        let url = format!("{}{command}", self.session);
        let answer = match arguments {
            Some(arguments) => self.agent.post(url).send_json(arguments),
            None => self.agent.get(url).call(),
        };
        let mut answer = answer.unwrap();
        let succeeded = answer.status().is_success();
        let value = answer.body_mut().read_json::<Value>().unwrap()["value"].take();
        if succeeded { Ok(value) } else { Err(value) }
    }
}

/// The program behind it. It ends with us, also if we are killed, and the browser with it.
struct Driver {
    _process: Server,
    port: u16,
}

impl Driver {
    /// On a port that it chooses and tells.
    fn start(folder: &TempDir) -> Self {
        let (path, log) = (folder.path().display(), folder.path().join("log"));
        let words = [&format!("HOME={path}"), &format!("TMPDIR={path}"), "chromedriver", "--port=0"];
        let process = Server::start(&log, ["env"].into_iter().chain(words));
        let begun = Instant::now();
        loop {
            let said = fs::read_to_string(&log).unwrap();
            if let Some(port) = said.lines().find_map(port) {
                return Self { _process: process, port };
            }
            let goes_on = !process.has_ended() && begun.elapsed() < PATIENCE;
            assert!(goes_on, "chromedriver does not tell its port: {said}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn port(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.strip_suffix('.')?.parse().ok()
}

impl Drop for Profile {
    fn drop(&mut self) {
        // Let the browser end by itself, before its driver does.
        let _ = self.agent.delete(&self.session).call();
    }
}
