//! [`Lease`]: one node at a time asks an issuer for the tokens of a partition.

use std::{sync::Arc, time::Duration};

use tokio::time;

use super::super::{LeaseHolder, PartitionName, caches::Engine};

/// A lease that this node has. Given back with [`end`](Self::end); one that is dropped ends by itself.
pub(super) struct Lease {
    engine: Arc<Engine>,
    name: PartitionName,
    holder: LeaseHolder,
    lasts: Duration,
}

/// What became of the wish for one.
pub(super) enum Asked {
    Held(Lease),
    /// Another node has it.
    Taken,
    /// The engine gives none.
    Unavailable,
}

impl Lease {
    pub(super) async fn ask(
        engine: &Arc<Engine>,
        name: &PartitionName,
        holder: LeaseHolder,
        lasts: Duration,
    ) -> Asked {
        match engine.lease(name, &holder, lasts).await {
            Ok(true) => Asked::Held(Self { engine: Arc::clone(engine), name: name.clone(), holder, lasts }),
            Ok(false) => Asked::Taken,
            Err(_) => Asked::Unavailable,
        }
    }

    /// Renew it for ever, to be run beside what it is held for. One that cannot be renewed is held on to in the hope that
    /// nobody else is after it: it is for economy only.
    pub(super) async fn keep(&self) {
        loop {
            time::sleep(self.lasts / 3).await;
            let _ = self.engine.lease(&self.name, &self.holder, self.lasts).await;
        }
    }

    pub(super) async fn end(self) {
        let _ = self.engine.release(&self.name, &self.holder).await;
    }
}
