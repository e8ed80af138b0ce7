//! The Secret Service, against a real GNOME Keyring on a private bus, and against services with other habits.

#![cfg(target_os = "linux")]

mod absent;
mod asked;
#[path = "../common/mod.rs"]
mod common;
mod items;
mod locked;
mod restarted;
mod shared;
mod stopped;

use std::{
    env, thread,
    time::{Duration, Instant},
};

use common::{
    desktop::Desktop,
    program::{Answer, Program, serve},
};
use sealed_cache_platform::{
    KeychainError,
    secret_service::{self, Call, Item, Prompt},
};

const SCHEMA: &str = "org.sealed_cache.Test";
const LABEL: &str = "Item of a test, \u{1f511} readable";

/// Not a test: the code under test, in a process of its own. A request is: operation, whether it may prompt,
/// milliseconds, name of the item, text. Behind the name, which item is meant can be told more closely.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    serve(|request| {
        let words: Vec<_> = request.splitn(5, ' ').collect();
        let &[operation, prompt, milliseconds, name, text] = &words[..] else { panic!("what is {request}?") };
        let (name, more) = name.split_once('+').unwrap_or((name, ""));
        let attributes = [("application", "com.contoso.test"), ("cache", name)];
        let item = shared::meant(Item::new(SCHEMA, &attributes, LABEL), more);
        let call = call(prompt, milliseconds);
        match operation {
            "probe" => said(secret_service::probe(&item, &call).map(|()| "usable".into())),
            "lookup" => said(secret_service::lookup(&item, &call).map(|found| {
                found
                    .map_or("none".into(), |found| format!("some:{}", String::from_utf8_lossy(&found.secret)))
            })),
            "store" => said(secret_service::store(&item, text, &call).map(|()| "stored".into())),
            "find" => said(secret_service::lookup(&item, &call).map(shared::told)),
            "share" => said(secret_service::store_shared(&item, text, &call).map(|found| found.to_string())),
            "rename" => said(shared::rename(&item, text, &call)),
            "crowd" => crowd(&item, &call, text),
            "remove" => {
                said(secret_service::remove(&item, &call).map(|removed| format!("removed:{removed}")))
            }
            _ => panic!("what is {operation}?"),
        }
    });
}

/// Many threads look for the item at once, the first time included.
fn crowd(item: &Item<'_>, call: &Call, expected: &str) -> String {
    let look = || {
        (0..20).all(|_| {
            secret_service::lookup(item, call)
                .is_ok_and(|found| found.is_some_and(|it| *it.secret == expected.as_bytes()))
        })
    };
    let all = thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(look)).collect();
        threads.into_iter().all(|thread| thread.join().is_ok_and(|found| found))
    });
    format!("all:{all}")
}

fn call(prompt: &str, milliseconds: &str) -> Call {
    let prompt = if prompt == "ask" { Prompt::Allowed } else { Prompt::Never };
    Call { deadline: Instant::now() + Duration::from_millis(milliseconds.parse().expect("a number")), prompt }
}

fn said(result: Result<String, KeychainError>) -> String {
    match result {
        Ok(text) => text,
        Err(KeychainError::Unavailable(text)) => format!("unavailable:{text}"),
        Err(KeychainError::Locked(text)) => format!("locked:{text}"),
        Err(KeychainError::Denied(text)) => format!("denied:{text}"),
        Err(KeychainError::Dismissed(text)) => format!("dismissed:{text}"),
        Err(KeychainError::TimedOut(text)) => format!("timed out:{text}"),
        Err(error) => format!("failed:{error}"),
    }
}

fn program(desktop: &Desktop) -> Program {
    Program::start(&mut desktop.command(env::current_exe().expect("this program has a path")))
}

impl Answer {
    #[track_caller]
    fn is(&self, expected: &str) {
        assert_eq!(self.text, expected);
    }

    #[track_caller]
    fn begins(&self, expected: &str) -> &Self {
        assert!(self.text.starts_with(expected), "not {expected}: {self:?}");
        self
    }

    #[track_caller]
    fn mentions(&self, expected: &str) -> &Self {
        assert!(self.text.contains(expected), "no {expected}: {self:?}");
        self
    }

    #[track_caller]
    fn took_less_than(&self, milliseconds: u64) -> &Self {
        assert!(self.took < Duration::from_millis(milliseconds), "{self:?}");
        self
    }

    #[track_caller]
    fn took_from(&self, milliseconds: u64) -> &Self {
        assert!(self.took >= Duration::from_millis(milliseconds), "{self:?}");
        self
    }
}
