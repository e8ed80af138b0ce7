//! [`TokenCache`](sealed_cache::token_cache::TokenCache): the schema that it shares with MSAL, through the public API.
//!
//! Each hazard of living in one file with other SDKs has a test that is named after it; what must hold for any cache is
//! tried with caches by chance.

#[path = "token_cache/adding.rs"]
mod adding;
#[path = "token_cache/against_a_model.rs"]
mod against_a_model;
#[path = "token_cache/common.rs"]
mod common;
#[path = "token_cache/families.rs"]
mod families;
#[path = "token_cache/fields.rs"]
mod fields;
#[path = "token_cache/finding.rs"]
mod finding;
#[path = "token_cache/hazards.rs"]
mod hazards;
#[path = "token_cache/keys.rs"]
mod keys;
#[path = "token_cache/laws_of_merging.rs"]
mod laws_of_merging;
#[path = "token_cache/lossless.rs"]
mod lossless;
#[path = "token_cache/merging.rs"]
mod merging;
#[path = "token_cache/model.rs"]
mod model;
#[path = "token_cache/peers.rs"]
mod peers;
#[path = "token_cache/scaling.rs"]
mod scaling;
#[path = "token_cache/secrecy.rs"]
mod secrecy;
#[path = "token_cache/signing_out.rs"]
mod signing_out;
