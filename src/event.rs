//! `event!`: a `tracing` event where the feature is on, nothing where it is off. Never a value of a cache.

#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $($rest:tt)+) => { tracing::$level!($($rest)+) };
}

#[cfg(not(feature = "tracing"))]
macro_rules! event {
    // Nothing is evaluated; the names are still looked at, so that they do not count as unused.
    ($level:ident, $($rest:tt)+) => {};
}

pub(crate) use event;
