//! The Secret Service through libsecret and GDBus.
//!
//! libsecret opens the session, whose keys it negotiates, and encodes and decodes the secrets in memory that it wipes.
//! The calls themselves are made here, through GDBus, one round trip each: libsecret's own functions would show a
//! prompt where none is allowed, take a locked collection for an empty one, and wait beyond the deadline for a service
//! that has stopped.

mod api;
mod bus;
mod connection;
mod failure;
mod owned;
mod prompt;
mod service;
mod timer;
mod variant;

use zeroize::Zeroizing;

use self::{
    api::Api,
    connection::Connection,
    failure::{Failure, Kind},
    service::{DEFAULT_COLLECTION_PATH, Service, locked, locked_and_no_prompt},
    timer::Timer,
};
use super::{Call, Item, Prompt};
use crate::KeychainError;

pub(super) fn probe(call: &Call) -> Result<(), KeychainError> {
    with_service(call, |service| {
        let collection = service.default_collection()?;
        if !service.is_locked(&collection)? {
            return Ok(());
        }
        match service.prompt {
            Prompt::Allowed if !prompt::nobody_can_be_asked(service.connection, service.timer) => Ok(()),
            Prompt::Allowed => Err(locked("and no program is running that could ask for its password")),
            Prompt::Never => Err(locked_and_no_prompt()),
        }
    })
}

pub(super) fn lookup(item: &Item<'_>, call: &Call) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    with_service(call, |service| {
        let mut found = service.find(item)?;
        if found.unlocked.is_empty() && !found.locked.is_empty() {
            service.unlock(&found.locked)?;
            found.unlocked = found.locked;
        }
        match found.unlocked.first() {
            Some(path) => service.secret(path),
            None => Ok(None),
        }
    })
}

pub(super) fn store(item: &Item<'_>, text: &str, call: &Call) -> Result<(), KeychainError> {
    with_service(call, |service| match service.create_item(item, text) {
        // One round trip in the usual case: the service itself says whether the collection is locked.
        Err(failure) if failure.kind == Kind::Locked && service.prompt == Prompt::Allowed => {
            service.unlock(&[DEFAULT_COLLECTION_PATH.into()])?;
            service.create_item(item, text)
        }
        result => result,
    })
}

pub(super) fn remove(item: &Item<'_>, call: &Call) -> Result<bool, KeychainError> {
    with_service(call, |service| {
        let found = service.find(item)?;
        if !found.locked.is_empty() {
            service.unlock(&found.locked)?;
        }
        let mut removed = false;
        for path in found.unlocked.iter().chain(&found.locked) {
            removed |= service.delete(path)?;
        }
        Ok(removed)
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
