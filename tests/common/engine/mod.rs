//! Real engines that belong to one test.

pub(crate) mod certificates;
pub(crate) mod mariadb;
mod other_user;
pub(crate) mod postgres;
pub(crate) mod redis;
pub(crate) mod server;
