//! [`Stamp`]: the cheapest answer to "did it change?".

use sealed_cache_platform::file;

/// A mark of the state of a store, to be compared for equality only: any difference is a change, never "older" or
/// "newer", since clocks jump.
///
/// For a file it is the file's identity, its size and its time of modification in nanoseconds, which every save
/// moves on; one `stat` finds it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp(Mark);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mark {
    Absent,
    Counter(u64),
    File(file::Stamp),
}

impl Stamp {
    /// Nothing is stored.
    pub const ABSENT: Self = Self(Mark::Absent);

    /// The stamp of a store that counts its changes, or has any other number that differs after each.
    #[must_use]
    pub const fn counter(changes: u64) -> Self {
        Self(Mark::Counter(changes))
    }

    pub(super) const fn file(stamp: file::Stamp) -> Self {
        Self(Mark::File(stamp))
    }
}
