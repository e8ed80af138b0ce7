//! [`Deadline`]: until when a caller is willing to wait, and whether it still is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Until when a caller is willing to wait (promise P5: every wait is bounded).
///
/// It can be given up earlier through a [`Cancellation`].
///
/// # Examples
///
/// ```
/// use sealed_cache::Deadline;
/// use std::time::Duration;
///
/// let deadline = Deadline::after(Duration::from_secs(10));
/// assert!(!deadline.has_passed());
/// assert!(deadline.remaining() <= Duration::from_secs(10));
/// ```
#[derive(Clone, Debug)]
pub struct Deadline {
    started: Instant,
    at: Instant,
    cancellation: Option<Cancellation>,
}

impl Deadline {
    /// So long from now. A duration too long for the clock means about thirty years.
    #[must_use]
    pub fn after(wait: Duration) -> Self {
        let started = Instant::now();
        let at = started.checked_add(wait).unwrap_or(started + Duration::from_secs(1_000_000_000));
        Self { started, at, cancellation: None }
    }

    /// The same deadline, which also passes when this is cancelled.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    /// How long there is still to wait: zero when it has passed or was cancelled.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        if self.is_cancelled() { Duration::ZERO } else { self.at.saturating_duration_since(Instant::now()) }
    }

    /// Whether the wait is over.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.remaining().is_zero()
    }

    /// Whether the wait was given up before its time.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancellation.as_ref().is_some_and(Cancellation::is_cancelled)
    }

    /// How long the caller has waited so far.
    pub(crate) fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// The longest that one may sleep before looking at the deadline again, since a cancellation wakes nobody.
    pub(crate) fn nap(&self) -> Duration {
        let remaining = self.remaining();
        if self.cancellation.is_some() { remaining.min(Duration::from_millis(20)) } else { remaining }
    }
}

/// A way to give up a wait before its deadline, from another thread.
///
/// The waiting thread notices within 20 milliseconds.
///
/// ```
/// use sealed_cache::{Cancellation, Deadline};
/// use std::time::Duration;
///
/// let cancellation = Cancellation::new();
/// let deadline = Deadline::after(Duration::from_secs(10)).with_cancellation(cancellation.clone());
/// cancellation.cancel();
/// assert!(deadline.has_passed());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// One that is not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Give up every wait whose deadline has this cancellation. It cannot be taken back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
