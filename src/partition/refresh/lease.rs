//! [`Lease`]: one node at a time asks an issuer for the tokens of a partition.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, time};

use super::super::{
    LeaseHolder, PartitionName, StoreError,
    caches::{Engine, may_try_again, pause},
};
use crate::{Deadline, Result};

/// A lease that this node has or wants. Given back with [`end`](Self::end), or when it is dropped: by a closure that
/// panicked, or a runtime that ends.
pub(super) struct Lease {
    engine: Arc<Engine>,
    name: PartitionName,
    holder: LeaseHolder,
    lasts: Duration,
    is_held: bool,
    /// A call that was not answered may have taken it as well.
    may_be_held: bool,
}

impl Lease {
    pub(super) fn new(engine: &Arc<Engine>, name: &PartitionName, lasts: Duration) -> Result<Self> {
        let (engine, name, holder) = (Arc::clone(engine), name.clone(), LeaseHolder::generate()?);
        Ok(Self { engine, name, holder, lasts, is_held: false, may_be_held: false })
    }

    /// Ask for it, until the engine answers: whether it is held now.
    pub(super) async fn ask(&mut self, deadline: &Deadline) -> Result<bool, StoreError> {
        for tries in 1.. {
            let earlier = std::mem::replace(&mut self.may_be_held, true);
            match self.engine.lease(&self.name, &self.holder, self.lasts).await {
                Ok(held) => {
                    (self.is_held, self.may_be_held) = (held, held || earlier);
                    return Ok(held);
                }
                Err(error) => {
                    self.may_be_held = earlier || may_try_again(&error);
                    if !may_try_again(&error) || deadline.has_passed() {
                        return Err(error);
                    }
                }
            }
            pause(tries, deadline).await;
        }
        unreachable!("tries are bounded by the deadline")
    }

    /// Renew it for ever, to be run beside what it is held for. One that cannot be renewed is held on to in the hope that
    /// nobody else is after it: it is for economy only.
    pub(super) async fn keep(&self) {
        if !self.is_held {
            return std::future::pending().await;
        }
        loop {
            time::sleep(self.lasts / 3).await;
            let _ = self.engine.lease(&self.name, &self.holder, self.lasts).await;
        }
    }

    pub(super) async fn end(mut self) {
        if self.may_be_held {
            let _ = self.engine.release(&self.name, &self.holder).await;
            self.may_be_held = false;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.may_be_held, Handle::try_current()) {
            let (engine, name, holder) = (Arc::clone(&self.engine), self.name.clone(), self.holder);
            runtime.spawn(async move {
                let _ = engine.release(&name, &holder).await;
            });
        }
    }
}
