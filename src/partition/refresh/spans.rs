//! `in_span!`: a future in a `tracing` span where the feature is on. A span never tells whose token it is about.

#[cfg(feature = "tracing")]
macro_rules! in_span {
    ($name:literal, $work:expr) => {
        tracing::Instrument::instrument($work, tracing::debug_span!($name))
    };
}

#[cfg(not(feature = "tracing"))]
macro_rules! in_span {
    ($name:literal, $work:expr) => {
        $work
    };
}

pub(super) use in_span;
