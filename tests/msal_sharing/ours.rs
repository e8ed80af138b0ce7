//! We, as a process that is told what to do in the same words as the peers: see `tests/interop/msal/sharing.py`.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sealed_cache::{
    PersistedCache, SecretBytes, SerializableCache, TokenCache,
    persistence::{
        Persistence,
        msal::{Encoding, Layout, MsalPersistence, SecretServiceItem, dangerous},
    },
    token_cache::{AccessTokenQuery, AccountId},
};
use serde_json::{Value, json};

use super::{
    events::{Event, time},
    platform::program,
    watched::{Log, Watched, now},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Answer each command until there is none.
pub(crate) fn serve() {
    let mut ours = None;
    program::serve(|line| {
        let command: Value = serde_json::from_str(line).unwrap();
        let answer = if command["do"] == "open" {
            Ours::open(&command["layout"]).map(|opened| {
                ours = Some(opened);
                Value::Null
            })
        } else {
            ours.as_ref().expect("one was opened").done(&command)
        };
        let answer = answer.map_or_else(|error| json!({"error": error.to_string()}), |ok| json!({"ok": ok}));
        answer.to_string()
    });
}

struct Ours {
    cache: PersistedCache<TokenCache>,
    layout: Layout,
    log: Log,
}

fn layout(told: &Value) -> Layout {
    let text = |name: &str| told[name].as_str().unwrap();
    let layout = if told["kind"] == "file" {
        dangerous::plain_file(text("path"))
    } else {
        let encoding = if told["encoded"] == true { Encoding::Base64 } else { Encoding::Raw };
        let item = SecretServiceItem::new(text("schema")).encoding(encoding);
        let item = told["label"].as_str().into_iter().fold(item, SecretServiceItem::label);
        let attributes = told["attributes"].as_object().unwrap();
        let item =
            attributes.iter().fold(item, |item, (name, value)| item.attribute(name, value.as_str().unwrap()));
        Layout::secret_service_item(text("path"), item)
    };
    if told["folder_lock"] == true { layout.with_folder_lock() } else { layout }
}

impl Ours {
    fn open(told: &Value) -> Result<Self> {
        let (layout, log) = (layout(told), Log::default());
        let store = MsalPersistence::open(layout.clone())?;
        let cache = PersistedCache::on(Watched { store, log: log.clone() })?;
        Ok(Self { cache, layout, log })
    }

    fn done(&self, command: &Value) -> Result<Value> {
        let word = command["do"].as_str().unwrap();
        let text = |name: &str| command[name].as_str().unwrap();
        Ok(match word {
            "add" => self.add(&event(&command["event"], command["now"].as_u64().unwrap()))?,
            "list" => self.cache.read(|cache| parsed(&cache.serialize().unwrap()))?,
            "find" => self.cache.read(|cache| found(cache, text("client"), text("home"), text("scope")))?,
            "remove_account" => {
                let account = AccountId::new(text("home"), text("environment"));
                json!(self.cache.update(|cache| cache.remove_account(account))?)
            }
            "prune" => json!(self.cache.update(|cache| cache.prune(time(command["at"].as_u64().unwrap())))?),
            "import" => {
                let imported = TokenCache::deserialize(SecretBytes::from(text("text").as_bytes()))?;
                json!(self.cache.update(|cache| *cache = cache.merge(&TokenCache::new(), &imported))?)
            }
            "clear" => json!(self.cache.clear()?),
            "load" => self.stored()?,
            "save" => json!(self.store(text("text"))?),
            "loop" => self.write_on(command),
            _ => panic!("what is {word}?"),
        })
    }

    fn add(&self, event: &Event) -> Result<Value> {
        self.cache.try_update(|cache| cache.add(&event.for_us()))?;
        Ok(Value::Null)
    }

    /// The text that is stored, past the cache.
    fn stored(&self) -> Result<Value> {
        use sealed_cache::persistence::Found;
        Ok(match MsalPersistence::open(self.layout.clone())?.load()?.found {
            Found::Contents(text) => json!(std::str::from_utf8(&text)?),
            _ => Value::Null,
        })
    }

    fn store(&self, text: &str) -> Result<()> {
        let cache = TokenCache::deserialize(SecretBytes::from(text.as_bytes()))?;
        Ok(self.cache.update(|stored| *stored = cache)?)
    }

    /// Add so many entries, one at a time, for at most so many seconds.
    fn write_on(&self, command: &Value) -> Value {
        let number = |name: &str| command[name].as_f64().unwrap();
        let (start, writer) = (Instant::now(), command["writer"].as_str().unwrap());
        let mut added = 0;
        for count in 0..command["count"].as_u64().unwrap() {
            if start.elapsed().as_secs_f64() > number("seconds") {
                break;
            }
            added += u64::from(self.write_one(command, &format!("{writer}.{count}")));
            // Others are to have a turn, each time another one.
            let share = f64::from(u32::try_from(now() % 1000).unwrap()) / 1000.0;
            thread::sleep(Duration::from_secs_f64(number("pause") * share));
        }
        json!({"added": added, "log": self.log.take()})
    }

    fn write_one(&self, command: &Value, id: &str) -> bool {
        let mut told = command["event"].clone();
        told["scope"] = json!([id]);
        told["response"]["scope"] = json!(id);
        let (before, seconds) = (now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
        let outcome = self.add(&event(&told, seconds));
        match &outcome {
            Ok(_) => self.log.note("added", before, &json!({"id": id})),
            Err(error) => self.log.note("failed", before, &json!({"id": id, "error": error.to_string()})),
        }
        outcome.is_ok()
    }
}

/// The event in the words of Python.
fn event(told: &Value, now: u64) -> Event {
    let text = |name: &str| told[name].as_str().unwrap();
    let scopes: Vec<_> =
        told["scope"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    let event = Event::new(text("client_id"), text("token_endpoint"), &scopes, told["response"].clone(), now);
    match told["grant_type"].as_str() {
        Some(grant) => event.with("grant_type", grant),
        None => event,
    }
}

/// The secrets of the access token and of the refresh token that we would use.
fn found(cache: &TokenCache, client: &str, home: &str, scope: &str) -> Value {
    let account = AccountId::new(home, super::events::COM);
    let query = AccessTokenQuery::new(client, [scope]).account(&account).realm("t1");
    let access = cache.access_token(&query).valid().map(|token| token.secret().to_string());
    let refresh = cache.refresh_tokens(client, &account).first().map(|token| token.secret().to_string());
    json!([access, refresh])
}

fn parsed(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("JSON")
}
