//! The Secret Service through libsecret and GDBus.
//!
//! libsecret opens the session, whose keys it negotiates, and encodes and decodes the secrets in memory that it wipes.
//! The calls themselves are made here, through GDBus, one round trip each: libsecret's own functions would show a
//! prompt where none is allowed, take a locked collection for an empty one, and wait beyond the deadline for a service
//! that has stopped.

mod api;
mod attributes;
mod bus;
mod collection;
mod connection;
mod failure;
mod owned;
mod prompt;
mod secret;
mod service;
mod timer;
mod variant;

use std::ffi::CString;

use self::{
    api::Api,
    connection::Connection,
    failure::{Failure, Kind},
    service::{Replace, Service, locked, locked_and_no_prompt},
    timer::Timer,
};
use super::{Call, Found, Item, Matching, Prompt};
use crate::KeychainError;

pub(super) fn probe(item: &Item<'_>, call: &Call) -> Result<(), KeychainError> {
    with_service(call, |service| {
        let (_, is_locked) = service.state(item)?;
        if !is_locked {
            return Ok(());
        }
        match service.prompt {
            Prompt::Allowed if !prompt::nobody_can_be_asked(service.connection, service.timer) => Ok(()),
            Prompt::Allowed => Err(locked("and no program is running that could ask for its password")),
            Prompt::Never => Err(locked_and_no_prompt()),
        }
    })
}

/// How often a lookup may find an item that another program has removed when it is read.
const ATTEMPTS: usize = 3;

pub(super) fn lookup(item: &Item<'_>, call: &Call) -> Result<Option<Found>, KeychainError> {
    with_service(call, |service| {
        for _ in 0..ATTEMPTS {
            let paths = matches(service, item, item.matching == Matching::Exactly)?;
            let Some(first) = paths.first() else { return Ok(None) };
            if let Some(secret) = service.secret(first)? {
                return Ok(Some(Found {
                    secret: secret.bytes(),
                    content_type: secret.content_type(),
                    matches: paths.len(),
                    path: first.to_string_lossy().into_owned(),
                }));
            }
        }
        Err(Failure::failed("other programs keep removing the item while it is read"))
    })
}

/// The items that match, those first that could be read at once. Where there is one, the others are only unlocked if
/// all are wanted.
fn matches(service: &Service<'_>, item: &Item<'_>, all: bool) -> Result<Vec<CString>, Failure> {
    let mut found = service.find(item)?;
    if !found.locked.is_empty() && (all || found.unlocked.is_empty()) {
        service.unlock(&found.locked)?;
    }
    found.unlocked.append(&mut found.locked);
    match item.matching {
        Matching::Exactly => service.exact(item, found.unlocked),
        _ => Ok(found.unlocked),
    }
}

pub(super) fn store(item: &Item<'_>, text: &str, call: &Call) -> Result<(), KeychainError> {
    with_service(call, |service| create(service, item, text)).map(drop)
}

pub(super) fn store_shared(item: &Item<'_>, text: &str, call: &Call) -> Result<bool, KeychainError> {
    with_service(call, |service| {
        let stored = match existing(service, item)? {
            Some(path) if service.set_secret(&path, text)? => path,
            _ => service.create_item(item, text, Replace::Nothing)?,
        };
        if service.is_first(item, &stored)? {
            return Ok(true);
        }
        service.touch(&stored)?;
        service.is_first(item, &stored)
    })
}

/// Exactly this item in its own collection, which is unlocked first: some services find nothing in a locked one.
fn existing(service: &Service<'_>, item: &Item<'_>) -> Result<Option<CString>, Failure> {
    let (collection, is_locked) = service.state(item)?;
    if is_locked {
        service.unlock(std::slice::from_ref(&collection))?;
    }
    let item = item.matching(Matching::Exactly);
    let mut found = service.search(&item)?;
    found.unlocked.append(&mut found.locked);
    found.unlocked.retain(|path| collection::contains(&collection, path));
    Ok(service.exact(&item, found.unlocked)?.into_iter().next())
}

fn create(service: &Service<'_>, item: &Item<'_>, text: &str) -> Result<CString, Failure> {
    match service.create_item(item, text, Replace::WhatMatches) {
        // One round trip in the usual case: the service itself says whether the collection is locked.
        Err(failure) if failure.kind == Kind::Locked && service.prompt == Prompt::Allowed => {
            service.unlock(&[service.collection(item)?])?;
            service.create_item(item, text, Replace::WhatMatches)
        }
        result => result,
    }
}

pub(super) fn remove(item: &Item<'_>, call: &Call) -> Result<bool, KeychainError> {
    with_service(call, |service| {
        let mut removed = false;
        for path in matches(service, item, true)? {
            removed |= service.delete(&path)?;
        }
        Ok(removed)
    })
}

pub(super) fn rename(item: &Item<'_>, to: &Item<'_>, call: &Call) -> Result<usize, KeychainError> {
    with_service(call, |service| {
        let mut renamed = 0;
        for path in matches(service, item, true)? {
            renamed += usize::from(service.rename(&path, to)?);
        }
        Ok(renamed)
    })
}

/// Do it with the connection that was kept, or with a new one if there is none, or it is of no more use.
fn with_service<R>(
    call: &Call,
    work: impl Fn(&Service<'_>) -> Result<R, Failure>,
) -> Result<R, KeychainError> {
    let api = Api::get()?;
    let timer = Timer::start(api, call.deadline)?;
    let work = |connection: &Connection| work(&Service { connection, timer: &timer, prompt: call.prompt });
    if let Some(kept) = Connection::kept() {
        let result = work(&kept);
        if !result.as_ref().is_err_and(Failure::is_stale) {
            return finish(kept, result);
        }
    }
    let connection = open(api, &timer)?;
    let result = work(&connection);
    finish(connection, result)
}

/// That the bus went away is noticed by the first attempt; the second is with a new one.
fn open(api: &'static Api, timer: &Timer) -> Result<Connection, Failure> {
    match Connection::open(api, timer) {
        Err(failure) if failure.kind == Kind::WentAway => Connection::open(api, timer),
        result => result,
    }
}

/// Keep a connection that answered. One that did not may never.
fn finish<R>(connection: Connection, result: Result<R, Failure>) -> Result<R, KeychainError> {
    if !result.as_ref().is_err_and(|failure| failure.is_stale() || failure.kind == Kind::TimedOut) {
        connection.keep();
    }
    Ok(result?)
}
