//! The command `sealed-cache`, run as a person or a script runs it: what it prints, what it leaves, and its exit codes.
//!
//! What people read is kept in `tests/cli/*.txt`; `SEALED_CACHE_TEST_UPDATE=1 cargo test --features cli --test cli` writes
//! it anew. What scripts read is held to `docs/cli-schema.json`.

#![cfg(unix)]

#[path = "../common/desktop_cache.rs"]
mod desktop_cache;
mod desktops;
mod doctor;
#[path = "../common/example.rs"]
mod example;
mod home;
mod interrupting;
mod keys;
mod migrating;
mod moving;
mod page;
mod repairing;
mod schema;
mod seeing;
mod terminal;
mod troubleshooting;
mod usage;
mod watching;

/// Not a test: the program that uses a cache on a desktop.
#[test]
#[ignore = "needs a test that starts it: cargo xtask test keychain"]
fn child() {
    desktop_cache::serve_a_cache();
}
