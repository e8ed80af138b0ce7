//! [`SqlSettings`]: what may be chosen about a store in a database.

use std::time::Duration;

/// What may be chosen about a store in a database. The defaults suit a database in the same data centre.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::SqlSettings;
/// use std::time::Duration;
///
/// let settings = SqlSettings::new().connections(20).connect_timeout(Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SqlSettings {
    pub(super) connections: usize,
    pub(super) connect_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) tells_changes: bool,
}

impl SqlSettings {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            connections: 10,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            tells_changes: true,
        }
    }

    /// How many connections this store keeps at most; at least one. Default: 10. On SQLite these are the ones that read;
    /// another one writes. A subscription to changes has one of its own.
    pub const fn connections(mut self, connections: usize) -> Self {
        self.connections = if connections == 0 { 1 } else { connections };
        self
    }

    /// How long making one connection may take, sign-in included. Default: 5 seconds. A call that waits for a connection
    /// does so until its own deadline at most.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// After how long the database itself gives a statement up. Default: 5 seconds. This is not the deadline of a call,
    /// which this process keeps; it bounds how long a statement can go on that nobody waits for any more, also for the lock
    /// of a row or a table. MySQL and MariaDB count in whole seconds. SQLite has no need of it.
    pub const fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Whether a change is told to other nodes, so that they can drop what they keep in memory; PostgreSQL only. Default: yes.
    ///
    /// A removal is told in the same transaction. Any other change is told right after it, with one more round trip, also if
    /// the call was given up or its answer was lost: only a node that is killed between the two does not tell. Switch it off
    /// where nobody listens.
    pub const fn tell_changes(mut self, tells: bool) -> Self {
        self.tells_changes = tells;
        self
    }
}

impl Default for SqlSettings {
    fn default() -> Self {
        Self::new()
    }
}
