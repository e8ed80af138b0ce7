//! [`Flights`]: one refresh at a time for each token that is wanted, in this process, shared by all who want it.

use std::{
    collections::{HashMap, hash_map::Entry},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{AcquiredToken, RefreshFailure, spans::in_span};
use crate::{Error, ErrorKind, Result};

/// What is wanted, by its keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlightKey {
    pub(super) what: String,
    pub(super) is_early: bool,
}

type Landed = Option<Result<AcquiredToken, Arc<Error>>>;
type InFlight = Arc<Mutex<HashMap<FlightKey, watch::Receiver<Landed>>>>;

#[derive(Debug, Default)]
pub(super) struct Flights(InFlight);

/// A refresh that is under way, whoever waits for it.
pub(super) struct Flight(watch::Receiver<Landed>);

impl Flights {
    /// Join the flight of this key, or start one: on a task of its own, which goes on when nobody waits any more, since a
    /// token that was asked for has to be stored.
    pub(super) fn join<F>(&self, key: FlightKey, start: impl FnOnce() -> F) -> Flight
    where
        F: Future<Output = Result<AcquiredToken>> + Send + 'static,
    {
        let (land, landed) = match lock(&self.0).entry(key.clone()) {
            Entry::Occupied(flight) => return Flight(flight.get().clone()),
            Entry::Vacant(place) => {
                let (land, landed) = watch::channel(None);
                (land, place.insert(landed).clone())
            }
        };
        // The list is open again: a runtime that shuts down drops what is spawned at once, and that takes it off the list.
        let off = TakeOff { flights: Arc::clone(&self.0), key };
        let work = in_span!("sealed_cache_refresh", start());
        tokio::spawn(async move {
            let outcome = work.await.map_err(Arc::new);
            // Who comes from now on starts another one.
            drop(off);
            let _ = land.send(Some(outcome));
        });
        Flight(landed)
    }
}

impl Flight {
    pub(super) async fn landed(mut self) -> Result<AcquiredToken> {
        let landed = match self.0.wait_for(Option::is_some).await {
            Ok(landed) => landed.clone(),
            Err(_) => None,
        };
        match landed {
            Some(Ok(token)) => Ok(token),
            Some(Err(error)) => Err(again(&error)),
            None => Err(Error::new(ErrorKind::Cancelled, "the refresh did not come to its end")
                .with_remedy("its closure panicked, or the runtime is shutting down")),
        }
    }
}

/// Takes a flight out of the list, also if it crashes.
struct TakeOff {
    flights: InFlight,
    key: FlightKey,
}

impl Drop for TakeOff {
    fn drop(&mut self) {
        lock(&self.flights).remove(&self.key);
    }
}

/// The same error once more, for one more of those who waited.
fn again(error: &Arc<Error>) -> Error {
    let copy = Error::new(error.kind(), error.what().to_owned()).with_remedy(error.remedy().to_owned());
    match RefreshFailure::of(error) {
        Some(failure) => copy.with_source(failure.clone()),
        None => copy.with_source(Arc::clone(error)),
    }
}

fn lock(flights: &InFlight) -> MutexGuard<'_, HashMap<FlightKey, watch::Receiver<Landed>>> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}
