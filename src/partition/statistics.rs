//! [`Statistics`]: what happened so far, as numbers; the same go to the `metrics` facade.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What happened so far in this process. With the feature `metrics`, the same numbers are counters named
        /// `sealed_cache_NAME`, with the label `engine`.
        ///
        /// ```
        /// let statistics = sealed_cache::partition::Statistics::default();
        /// assert_eq!(statistics.unreadable, 0);
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Statistics {
            $($(#[$doc])* pub $name: u64,)+
        }

        /// The counters behind it.
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            engine: &'static str,
            $(pub(super) $name: Counter,)+
        }

        impl Counters {
            pub(super) fn of(engine: &'static str) -> Self {
                Self {
                    engine,
                    $($name: Counter {
                        count: AtomicU64::new(0),
                        name: concat!("sealed_cache_", stringify!($name)),
                        engine,
                    },)+
                }
            }

            pub(super) fn read(&self) -> Statistics {
                Statistics { $($name: self.$name.count.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

statistics! {
    /// Reads that the copy in this process answered.
    level_one_hits,
    /// Reads that the engine answered with a partition.
    engine_hits,
    /// Reads that found nothing.
    misses,
    /// Reads that the engine could not answer, and neither could a copy in this process.
    unavailable,
    /// Reads that were answered with an older copy, since the engine did not answer.
    stale_served,
    /// Stored partitions that did not open: wrong key, altered, not ours. **Watch this one.**
    unreadable,
    /// Writes that another node came before.
    conflicts,
    /// Writes of which the engine did not say whether they were done.
    ambiguous_writes,
    /// Those of them that were found to be done.
    ambiguous_writes_done,
    /// Changes that were refused because of something that belongs to another account.
    foreign_entries,
    /// Partitions that were stored and are larger than the size to warn at.
    large_partitions,
    /// Access tokens that were dropped since a partition had too many.
    tokens_dropped,
    /// Token requests that were sent to the issuer.
    token_requests,
    /// Calls that took the result of a refresh that was under way in this process.
    flights_joined,
    /// Refreshes that took the token that another node had got meanwhile.
    refreshed_elsewhere,
    /// Refreshes without a lease, since the engine did not give one: single only in this process.
    lease_unavailable,
    /// Refreshes whose result was dropped, since the account was signed out meanwhile.
    signed_out_meanwhile,
    /// Tokens that were got and could not be stored.
    refreshed_not_stored,
    /// Subscriptions to changes that were lost.
    subscriptions_lost,
    /// Calls to the engine that failed.
    engine_errors,
}

/// One number.
#[derive(Debug, Default)]
pub(super) struct Counter {
    count: AtomicU64,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "a label of the metric"))]
    name: &'static str,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "a label of the metric"))]
    engine: &'static str,
}

impl Counter {
    pub(super) fn add(&self, more: u64) {
        self.count.fetch_add(more, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!(self.name, "engine" => self.engine).increment(more);
    }

    pub(super) fn one(&self) {
        self.add(1);
    }
}

impl Counters {
    /// How large a partition is that was stored, in bytes.
    pub(super) fn size(&self, bytes: usize) {
        #[cfg(feature = "metrics")]
        metrics::histogram!("sealed_cache_partition_bytes", "engine" => self.engine).record(bytes as f64);
        let _ = (bytes, self.engine);
    }

    /// How long an operation took: of the engine (`load`), or of the issuer (`token_request`).
    pub(super) fn took(&self, operation: &'static str, took: std::time::Duration) {
        #[cfg(feature = "metrics")]
        metrics::histogram!("sealed_cache_operation_seconds", "engine" => self.engine, "operation" => operation)
            .record(took.as_secs_f64());
        let _ = (operation, took, self.engine);
    }
}
