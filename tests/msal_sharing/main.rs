//! P8, good neighbour: one cache with the MSAL libraries of other languages, each at work on it.
//!
//! Python and Node are the real libraries with their real extensions (`cargo xtask test peers` installs them). .NET, Java and
//! Go are models, written from what their sources do, in `tests/interop/msal/model_*.py`: no registry that a test may use
//! has them. We are a process of our own as well: this test program once more.

#![cfg(unix)]

mod blame;
mod changes;
#[path = "../interop/msal/events.rs"]
#[allow(dead_code, reason = "the other tests use all of it")]
mod events;
mod fault;
mod items;
mod ours;
mod party;
#[path = "../interop/msal/peer.rs"]
#[allow(dead_code, reason = "the other tests use all of it")]
mod peer;
mod place;
#[path = "../../platform/tests/common/mod.rs"]
mod platform;
mod round_trips;
mod watched;
mod writers;

/// Not a test: the program of ours that uses a cache.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    ours::serve();
}
