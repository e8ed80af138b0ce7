//! [`PartitionName`]: under which name an engine keeps a partition.

use std::fmt;

/// Under which name an engine keeps a partition: `prefix:kind:hash`, ASCII, at most 200 bytes. The hash is keyed: whoever
/// sees the engine's keys, logs or slow-query logs learns nothing of whose it is.
///
/// [`PartitionedCaches::name`](super::PartitionedCaches::name) tells the one of a partition.
///
/// ```
/// use sealed_cache::partition::PartitionName;
/// let kept = PartitionName::from_engine("shop:account:nSm2bm3PNlMxyLcGGnVCPHzTmeJQqBVpRrf6nEJMt5g".into());
/// assert!(kept.as_str().len() <= PartitionName::LONGEST);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionName(String);

impl PartitionName {
    /// The longest one, in bytes.
    pub const LONGEST: usize = 200;

    pub(super) fn new(prefix: &str, kind: &str, hash: &str) -> Self {
        Self(format!("{prefix}:{kind}:{hash}"))
    }

    /// A name that an engine has kept, as it gave it back.
    #[must_use]
    pub const fn from_engine(name: String) -> Self {
        Self(name)
    }

    /// The same as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PartitionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
