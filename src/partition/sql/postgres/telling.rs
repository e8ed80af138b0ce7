//! [`Telling`]: other nodes hear of a change, whatever becomes of the call that made it.

use std::{mem, time::Duration};

use tokio::runtime::Handle;

use super::{
    super::{
        super::{PartitionName, within::within},
        argument::Argument,
        pool::{Nature::Repeatable, Pool},
    },
    PostgresStore,
    connection::Postgres,
    statements::TELL,
};
use crate::{Deadline, event::event};

/// How long an attempt to tell may take. It is not bound to the call, which may have no time left.
const AT_MOST: Duration = Duration::from_secs(5);

/// Dropped before it was said what became of the change, it tells of it by itself: it may have been done.
pub(super) struct Telling {
    pool: Pool<Postgres>,
    name: PartitionName,
    statement_timeout: Duration,
    is_due: bool,
}

impl Telling {
    pub(super) fn new(store: &PostgresStore, name: &PartitionName) -> Self {
        let (pool, settings) = (store.pool.clone(), store.settings);
        let (name, is_due) = (name.clone(), settings.tells_changes);
        Self { pool, name, statement_timeout: settings.statement_timeout, is_due }
    }

    /// It was done. Waits until it is told, or the deadline; it goes on then.
    pub(super) async fn done(mut self, deadline: &Deadline) {
        if mem::take(&mut self.is_due) {
            let telling = tokio::spawn(tell(self.pool.clone(), self.name.clone()));
            let _ = within(deadline, telling).await;
        }
    }

    pub(super) fn not_done(mut self) {
        self.is_due = false;
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        let (true, Ok(runtime)) = (self.is_due, Handle::try_current()) else { return };
        let (pool, name, statement_timeout) = (self.pool.clone(), self.name.clone(), self.statement_timeout);
        runtime.spawn(async move {
            tell(pool.clone(), name.clone()).await;
            // Until then it can still be done.
            tokio::time::sleep(statement_timeout).await;
            tell(pool, name).await;
        });
    }
}

/// What is stored is stored, also where that could not be told: nobody relies on it for longer than a while.
async fn tell(pool: Pool<Postgres>, name: PartitionName) {
    let told = pool.rows(Repeatable, TELL, &[Argument::name(&name)], &Deadline::after(AT_MOST)).await;
    if told.is_err() {
        event!(warn, "a change was stored and could not be told");
    }
}
