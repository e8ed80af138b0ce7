//! [`Engine`]: the store, with a deadline, a span and a measure for each call.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time;

use super::{
    super::{
        Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put, StoreError, StoreErrorKind, Stored,
        statistics::Counters,
    },
    span,
};
use crate::{Deadline, event::event};

/// How much later than its deadline a call is given up that does not see to it by itself.
const GRACE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(in super::super) struct Engine {
    pub(in super::super) store: Arc<dyn PartitionStore>,
    pub(in super::super) counters: Counters,
    /// For each call.
    pub(super) timeout: Duration,
}

type Outcome<T> = Result<T, StoreError>;

impl Engine {
    pub(in super::super) async fn load(
        &self,
        name: &PartitionName,
        until: &Deadline,
    ) -> Outcome<Option<Stored>> {
        let deadline = self.deadline(until);
        self.timed("load", &deadline, false, self.store.load(name, &deadline)).await
    }

    pub(in super::super) async fn probe(
        &self,
        name: &PartitionName,
        until: &Deadline,
    ) -> Outcome<Option<Etag>> {
        let deadline = self.deadline(until);
        self.timed("probe", &deadline, false, self.store.probe(name, &deadline)).await
    }

    pub(in super::super) async fn put(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        until: &Deadline,
    ) -> Outcome<Put> {
        let deadline = self.deadline(until);
        let put = self.store.put(name, partition, condition, lives_for, &deadline);
        self.timed("put", &deadline, true, put).await
    }

    pub(in super::super) async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        until: &Deadline,
    ) -> Outcome<bool> {
        let deadline = self.deadline(until);
        self.timed("remove", &deadline, true, self.store.remove(name, only, &deadline)).await
    }

    pub(in super::super) async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
    ) -> Outcome<bool> {
        let deadline = Deadline::after(self.timeout);
        self.timed("touch", &deadline, false, self.store.touch(name, etag, lives_for, &deadline)).await
    }

    pub(in super::super) async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
    ) -> Outcome<bool> {
        let deadline = Deadline::after(self.timeout);
        self.timed("lease", &deadline, false, self.store.lease(name, holder, lasts, &deadline)).await
    }

    pub(in super::super) async fn release(&self, name: &PartitionName, holder: &LeaseHolder) -> Outcome<()> {
        let deadline = Deadline::after(self.timeout);
        self.timed("release", &deadline, false, self.store.release(name, holder, &deadline)).await
    }

    pub(in super::super) async fn purge(&self, at_most: u32, deadline: &Deadline) -> Outcome<u64> {
        self.timed("purge", deadline, false, self.store.purge(at_most, deadline)).await
    }

    pub(in super::super) async fn names_after(
        &self,
        after: Option<&PartitionName>,
        at_most: u32,
        until: &Deadline,
    ) -> Outcome<Vec<PartitionName>> {
        self.timed("names", until, false, self.store.names_after(after, at_most, until)).await
    }

    /// That of a call within a longer task.
    fn deadline(&self, until: &Deadline) -> Deadline {
        Deadline::after(self.timeout.min(until.remaining()))
    }

    async fn timed<T>(
        &self,
        operation: &'static str,
        deadline: &Deadline,
        is_write: bool,
        call: impl Future<Output = Outcome<T>>,
    ) -> Outcome<T> {
        let started = Instant::now();
        let call = time::timeout(deadline.remaining() + GRACE, span::of_engine(operation, call));
        let outcome = call.await.unwrap_or_else(|_| {
            let error = StoreError::new(StoreErrorKind::Timeout, "the engine did not answer in time");
            Err(if is_write { error.ambiguous() } else { error })
        });
        self.counters.took(operation, started.elapsed());
        if let Err(error) = &outcome {
            self.counters.engine_errors.one();
            event!(warn, operation, %error, "a call to the engine failed");
            let _ = error;
        }
        outcome
    }
}
