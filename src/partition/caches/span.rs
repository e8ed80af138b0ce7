//! Spans around what is done, with the feature `tracing`: never with whose it is.

use std::future::Future;

/// Of one call to the engine.
#[cfg(feature = "tracing")]
pub(super) fn of_engine<F: Future>(operation: &'static str, call: F) -> impl Future<Output = F::Output> {
    tracing::Instrument::instrument(call, tracing::debug_span!("sealed_cache_engine", operation))
}

/// Of a whole read or change of a partition, with the calls to the engine in it.
#[cfg(feature = "tracing")]
pub(super) fn of_partition<F: Future>(operation: &'static str, work: F) -> impl Future<Output = F::Output> {
    tracing::Instrument::instrument(work, tracing::debug_span!("sealed_cache_partition", operation))
}

#[cfg(not(feature = "tracing"))]
pub(super) fn of_engine<F: Future>(_operation: &'static str, call: F) -> impl Future<Output = F::Output> {
    call
}

#[cfg(not(feature = "tracing"))]
pub(super) fn of_partition<F: Future>(_operation: &'static str, work: F) -> impl Future<Output = F::Output> {
    work
}
