//! Purging in batches: a statement holds the rows that it removes until it is done.

use std::future::Future;

use super::super::StoreError;

/// Remove so many partitions at most, in batches of at most so many, until there are no more. What was purged before a
/// batch failed is purged.
pub(super) async fn in_batches<B>(
    at_most: u32,
    largest: u32,
    batch: impl Fn(u32) -> B,
) -> Result<u64, StoreError>
where
    B: Future<Output = Result<u64, StoreError>>,
{
    let mut gone = 0;
    while gone < u64::from(at_most) {
        let left = u32::try_from(u64::from(at_most) - gone).unwrap_or(largest);
        match batch(left.min(largest)).await {
            Ok(0) => break,
            Ok(more) => gone += more,
            Err(_) if gone > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(gone)
}

/// What of `purge` failed does not undo the rest of it. Leases come last: one that somebody holds is no reason to keep
/// partitions.
pub(super) fn purged(partitions: u64, leases: Result<(), StoreError>) -> Result<u64, StoreError> {
    match leases {
        Err(error) if partitions == 0 => Err(error),
        _ => Ok(partitions),
    }
}
