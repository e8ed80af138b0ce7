//! Real engines that belong to one test.

pub(crate) mod redis;
mod server;
