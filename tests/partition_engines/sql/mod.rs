//! The databases: PostgreSQL and MariaDB, each a server that belongs to one test, and SQLite, which needs none.

#[cfg(unix)]
mod crashed;
#[cfg(unix)]
pub(crate) mod databases;
#[cfg(unix)]
mod locked;
#[cfg(unix)]
mod mariadb;
#[cfg(unix)]
mod postgres;
mod processes;
#[cfg(unix)]
mod proxy;
#[cfg(unix)]
mod refused;
#[cfg(unix)]
mod silent;
pub(crate) mod sqlite;
#[cfg(unix)]
mod stopped;
