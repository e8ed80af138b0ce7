//! [`Observed`]: a store that counts its calls, and can be made to fail.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use sealed_cache::{
    Deadline,
    partition::{
        Capabilities, Changes, Condition, Etag, LeaseHolder, PartitionName, PartitionStore, Put, StoreError,
        StoreErrorKind, Stored,
    },
};
use tokio::sync::{Notify, watch};

/// What happens to a write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is done, and nobody says so.
    DoneUnsaid,
    /// It is not done, and nobody says so.
    LostUnsaid,
    /// It is not done, and that is said.
    Refused,
    /// Nobody says anything, and it is done just before the next write.
    DoneLater,
    /// It is done, and there is no answer at all: whoever waits for one gives up by themselves.
    DoneSilently,
    /// The same of one that is not done.
    Silent,
}

type Write = (PartitionName, Stored, Condition, Duration);

#[derive(Debug)]
pub(crate) struct Observed {
    inner: Arc<dyn PartitionStore>,
    pub(crate) loads: AtomicU64,
    pub(crate) probes: AtomicU64,
    pub(crate) puts: AtomicU64,
    pub(crate) touches: AtomicU64,
    pub(crate) is_down: AtomicBool,
    pub(crate) has_no_leases: AtomicBool,
    /// For how long the last put was to live.
    pub(crate) lives_for: Mutex<Option<Duration>>,
    /// What happens to the next writes.
    pub(crate) faults: Mutex<Vec<Fault>>,
    /// What happens to the next calls for a lease.
    pub(crate) lease_faults: Mutex<Vec<Fault>>,
    /// What is said to all that writes; `None`: as before.
    pub(crate) takes_nothing: Mutex<Option<StoreErrorKind>>,
    late: Mutex<Option<Write>>,
    /// With what every call is refused.
    pub(crate) refusal: Mutex<Option<StoreErrorKind>>,
    /// Told when a call has come to where it is not answered.
    pub(crate) silenced: Notify,
    /// Whether the next load is to wait, with what it has found, for this.
    pub(crate) holds_load: AtomicBool,
    pub(crate) go_on: Notify,
    /// Whether there are no subscriptions; those that there were are lost.
    pub(crate) is_deaf: watch::Sender<bool>,
}

impl Observed {
    pub(crate) fn new(inner: Arc<dyn PartitionStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            loads: AtomicU64::new(0),
            probes: AtomicU64::new(0),
            puts: AtomicU64::new(0),
            touches: AtomicU64::new(0),
            is_down: AtomicBool::new(false),
            has_no_leases: AtomicBool::new(false),
            lives_for: Mutex::new(None),
            faults: Mutex::new(Vec::new()),
            lease_faults: Mutex::new(Vec::new()),
            takes_nothing: Mutex::new(None),
            late: Mutex::new(None),
            refusal: Mutex::new(None),
            silenced: Notify::new(),
            holds_load: AtomicBool::new(false),
            go_on: Notify::new(),
            is_deaf: watch::Sender::new(false),
        })
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.is_down.store(down, Ordering::SeqCst);
    }

    fn takes_writes(&self) -> Result<(), StoreError> {
        let kind = *self.takes_nothing.lock().unwrap();
        kind.map_or(Ok(()), |kind| Err(StoreError::new(kind, "nothing can be written")))
    }

    fn up(&self, counter: Option<&AtomicU64>) -> Result<(), StoreError> {
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the engine is down"));
        }
        self.refusal.lock().unwrap().map_or(Ok(()), |kind| Err(StoreError::new(kind, "refused")))
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        let late = self.late.lock().unwrap().take();
        if let Some((name, partition, condition, lives_for)) = late {
            let deadline = Deadline::after(Duration::from_secs(20));
            self.inner.put(&name, &partition, condition, lives_for, &deadline).await?;
        }
        Ok(())
    }

    async fn silence<T>(&self) -> T {
        self.silenced.notify_one();
        std::future::pending().await
    }

    fn fault(&self) -> Option<Fault> {
        self.faults.lock().unwrap().pop()
    }
}

fn unsaid() -> StoreError {
    StoreError::new(StoreErrorKind::Timeout, "the engine did not answer").ambiguous()
}

#[async_trait]
impl PartitionStore for Observed {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn load(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Stored>, StoreError> {
        self.up(Some(&self.loads))?;
        let loaded = self.inner.load(name, deadline).await;
        if self.holds_load.swap(false, Ordering::SeqCst) {
            self.silenced.notify_one();
            self.go_on.notified().await;
        }
        loaded
    }

    async fn probe(&self, name: &PartitionName, deadline: &Deadline) -> Result<Option<Etag>, StoreError> {
        self.up(Some(&self.probes))?;
        self.inner.probe(name, deadline).await
    }

    async fn put(
        &self,
        name: &PartitionName,
        partition: &Stored,
        condition: Condition,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<Put, StoreError> {
        self.up(Some(&self.puts))?;
        self.takes_writes()?;
        self.catch_up().await?;
        *self.lives_for.lock().unwrap() = Some(lives_for);
        match self.fault() {
            None => self.inner.put(name, partition, condition, lives_for, deadline).await,
            Some(Fault::Refused) => {
                Err(StoreError::new(StoreErrorKind::Unavailable, "the engine is starting"))
            }
            Some(Fault::LostUnsaid) => Err(unsaid()),
            Some(Fault::DoneUnsaid) => {
                self.inner.put(name, partition, condition, lives_for, deadline).await?;
                Err(unsaid())
            }
            Some(Fault::DoneLater) => {
                let write = (name.clone(), partition.clone(), condition, lives_for);
                *self.late.lock().unwrap() = Some(write);
                Err(unsaid())
            }
            Some(Fault::DoneSilently) => {
                self.inner.put(name, partition, condition, lives_for, deadline).await?;
                self.silence().await
            }
            Some(Fault::Silent) => self.silence().await,
        }
    }

    async fn remove(
        &self,
        name: &PartitionName,
        only: Option<Etag>,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        self.up(None)?;
        self.takes_writes()?;
        match self.fault() {
            None => self.inner.remove(name, only, deadline).await,
            Some(Fault::Refused) => {
                Err(StoreError::new(StoreErrorKind::Unavailable, "the engine is starting"))
            }
            Some(Fault::LostUnsaid | Fault::DoneLater) => Err(unsaid()),
            Some(Fault::DoneUnsaid) => {
                self.inner.remove(name, only, deadline).await?;
                Err(unsaid())
            }
            Some(Fault::DoneSilently) => {
                self.inner.remove(name, only, deadline).await?;
                self.silence().await
            }
            Some(Fault::Silent) => self.silence().await,
        }
    }

    async fn touch(
        &self,
        name: &PartitionName,
        etag: Etag,
        lives_for: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        self.up(Some(&self.touches))?;
        self.inner.touch(name, etag, lives_for, deadline).await
    }

    async fn lease(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        lasts: Duration,
        deadline: &Deadline,
    ) -> Result<bool, StoreError> {
        self.up(None)?;
        if self.has_no_leases.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Denied, "no leases here"));
        }
        self.takes_writes()?;
        let fault = self.lease_faults.lock().unwrap().pop();
        if fault.is_none_or(|fault| matches!(fault, Fault::DoneUnsaid)) {
            let held = self.inner.lease(name, holder, lasts, deadline).await;
            return if fault.is_some() { Err(unsaid()) } else { held };
        }
        Err(unsaid())
    }

    async fn release(
        &self,
        name: &PartitionName,
        holder: &LeaseHolder,
        deadline: &Deadline,
    ) -> Result<(), StoreError> {
        self.up(None)?;
        self.inner.release(name, holder, deadline).await
    }

    async fn purge(&self, at_most: u32, deadline: &Deadline) -> Result<u64, StoreError> {
        self.up(None)?;
        self.inner.purge(at_most, deadline).await
    }

    async fn names_after(
        &self,
        after: Option<&PartitionName>,
        at_most: u32,
        deadline: &Deadline,
    ) -> Result<Vec<PartitionName>, StoreError> {
        self.up(None)?;
        self.inner.names_after(after, at_most, deadline).await
    }

    async fn changes(&self, deadline: &Deadline) -> Result<Option<Box<dyn Changes>>, StoreError> {
        self.up(None)?;
        let is_deaf = self.is_deaf.subscribe();
        if *is_deaf.borrow() {
            return Err(deaf());
        }
        let changes = self.inner.changes(deadline).await?;
        Ok(changes.map(|inner| Box::new(Heard { inner, is_deaf }) as Box<dyn Changes>))
    }
}

fn deaf() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the subscription is lost")
}

/// The changes, until nothing is heard any more.
#[derive(Debug)]
struct Heard {
    inner: Box<dyn Changes>,
    is_deaf: watch::Receiver<bool>,
}

#[async_trait]
impl Changes for Heard {
    async fn next(&mut self) -> Result<PartitionName, StoreError> {
        let lost = async { drop(self.is_deaf.wait_for(|deaf| *deaf).await) };
        tokio::select! {
            () = lost => Err(deaf()),
            name = self.inner.next() => name,
        }
    }
}
