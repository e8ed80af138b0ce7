//! `TokenCache` beside the real MSAL of Python and of Node: each reads what the other wrote, finds the same, and loses
//! nothing of the other's.
//!
//! `cargo xtask test peers` installs them. The drivers and the parts of this test are in `tests/interop/msal/`; where the
//! two differ on purpose is said there, beside the code that allows for it.

#[path = "interop/msal/adding.rs"]
mod adding;
#[path = "interop/msal/events.rs"]
mod events;
#[path = "interop/msal/finding.rs"]
mod finding;
#[path = "interop/msal/node.rs"]
mod node;
#[path = "interop/msal/peer.rs"]
mod peer;
#[path = "interop/msal/python.rs"]
mod python;
#[path = "interop/msal/world.rs"]
mod world;
