//! A Secret Service that a test makes up: it has the habits of services other than GNOME Keyring, and a person who
//! answers its questions.

use std::sync::{Arc, Mutex, MutexGuard};

use super::{
    desktop::Desktop,
    peer::{self, Body, Call, Send},
};

const COLLECTION: &str = "/org/freedesktop/secrets/collection/only";
const ITEM: &str = "/org/freedesktop/secrets/collection/only/1";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";
const SESSION: &str = "/org/freedesktop/secrets/session/1";

/// What the person does when the service asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Person {
    Agrees,
    Dismisses,
    SaysNothing,
    /// The service ends while it asks.
    EndsTheService,
}

#[derive(Debug)]
pub(crate) struct Habits {
    pub(crate) is_locked: bool,
    /// As KWallet: a locked collection is not searched.
    pub(crate) hides_what_is_locked: bool,
    /// As KeePassXC: whoever stores or deletes must first ask.
    pub(crate) asks_before_changes: bool,
    /// It does not keep to the specification.
    pub(crate) answers_nonsense: bool,
    /// Sessions end, as when another service takes over.
    pub(crate) forgets_sessions: u32,
    pub(crate) person: Person,
    /// What the only item holds.
    pub(crate) item: Option<&'static [u8]>,
    /// Of which type it says that is.
    pub(crate) content_type: &'static str,
    /// Another program removes the item after it was found, so often, and puts it back.
    pub(crate) vanishes: u32,
    /// The methods that were called.
    pub(crate) calls: Vec<String>,
    /// The arguments of the last `CreateItem`, as they came.
    pub(crate) created: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct InventedService(Arc<Mutex<Habits>>);

impl InventedService {
    pub(crate) fn start(desktop: &Desktop) -> Self {
        let habits = Arc::new(Mutex::new(Habits {
            is_locked: false,
            hides_what_is_locked: false,
            asks_before_changes: false,
            answers_nonsense: false,
            forgets_sessions: 0,
            person: Person::Agrees,
            item: Some(b"text"),
            content_type: "text/plain",
            vanishes: 0,
            calls: Vec::new(),
            created: Vec::new(),
        }));
        let shared = Arc::clone(&habits);
        peer::start(&desktop.socket(), "org.freedesktop.secrets", move |call| {
            shared.lock().expect("no test panicked").answer(call)
        });
        Self(habits)
    }

    pub(crate) fn habits(&self) -> MutexGuard<'_, Habits> {
        self.0.lock().expect("no test panicked")
    }
}

impl Habits {
    pub(crate) fn was_called(&self, member: &str) -> bool {
        self.calls.iter().any(|call| call == member)
    }

    pub(crate) fn was_created_with(&self, bytes: &[u8]) -> bool {
        self.created.windows(bytes.len()).any(|part| part == bytes)
    }

    fn answer(&mut self, call: &Call) -> Vec<Send> {
        self.calls.push(call.member.clone());
        let found = if self.item.is_some() && !(self.is_locked && self.hides_what_is_locked) {
            &[ITEM][..]
        } else {
            &[]
        };
        let no_prompt = if self.asks_before_changes { PROMPT } else { "/" };
        let answer = match call.member.as_str() {
            "GetAll" => Body::new().empty_properties(),
            // The only algorithm that needs no cryptography here.
            "OpenSession" if !call.body.starts_with(b"\x05\0\0\0plain") => {
                return vec![Send::Error("org.freedesktop.DBus.Error.NotSupported")];
            }
            "OpenSession" => Body::new().variant("s", |body| body.string("")).path(SESSION),
            "SearchItems" | "CreateItem" | "ReadAlias" if self.answers_nonsense => Body::new().string("?"),
            "SearchItems" if self.is_locked => Body::new().paths(&[]).paths(found),
            "SearchItems" => Body::new().paths(found).paths(&[]),
            "ReadAlias" => Body::new().path(COLLECTION),
            "Get" => Body::new().variant("b", |body| body.boolean(self.is_locked)),
            "Unlock" => Body::new().paths(&[]).path(PROMPT),
            "GetSecret" | "CreateItem" if self.forgets_sessions > 0 => {
                self.forgets_sessions -= 1;
                return vec![Send::Error("org.freedesktop.Secret.Error.NoSession")];
            }
            "GetSecret" | "CreateItem" | "Delete" if self.is_locked => {
                return vec![Send::Error("org.freedesktop.Secret.Error.IsLocked")];
            }
            "GetSecret" if self.vanishes > 0 => {
                self.vanishes -= 1;
                return vec![Send::Error("org.freedesktop.DBus.Error.UnknownObject")];
            }
            "GetSecret" => Body::new().secret(SESSION, self.item.expect("it was found"), self.content_type),
            "CreateItem" => {
                self.created.clone_from(&call.body);
                Body::new().path(ITEM).path(no_prompt)
            }
            "Delete" => Body::new().path(no_prompt),
            "Dismiss" => Body::new(),
            "Prompt" => return self.ask(),
            _ => return vec![Send::Error("org.freedesktop.DBus.Error.UnknownMethod")],
        };
        vec![Send::Return(answer)]
    }

    fn ask(&mut self) -> Vec<Send> {
        let returned = Send::Return(Body::new());
        match self.person {
            Person::Agrees => {
                self.is_locked = false;
                // What the prompt was for decides the type of the result; the call before the prompt was it.
                let unlocks = self.calls.iter().rev().nth(1).is_some_and(|call| call == "Unlock");
                let result = |body: Body| match unlocks {
                    true => body.variant("ao", |body| body.paths(&[COLLECTION])),
                    false => body.variant("o", |body| body.path(ITEM)),
                };
                vec![returned, completed(result(Body::new().boolean(false)))]
            }
            Person::Dismisses => {
                vec![returned, completed(Body::new().boolean(true).variant("s", |body| body.string("")))]
            }
            Person::SaysNothing => vec![returned],
            Person::EndsTheService => vec![returned, Send::Leave],
        }
    }
}

fn completed(body: Body) -> Send {
    Send::Signal(PROMPT.into(), "org.freedesktop.Secret.Prompt", "Completed", body)
}
