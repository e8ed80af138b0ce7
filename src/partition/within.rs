//! Waiting for an engine, and no longer than the caller is willing to.

use std::{future::Future, pin::pin};

use tokio::time::timeout;

use crate::Deadline;

/// What the future gives, or `None` if the deadline passes first or the wait is cancelled. A future that is ready has its
/// say even then.
pub(super) async fn within<F: Future>(deadline: &Deadline, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    loop {
        // A cancellation wakes nobody: it is looked at between naps.
        if let Ok(given) = timeout(deadline.nap(), future.as_mut()).await {
            return Some(given);
        }
        if deadline.has_passed() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future, time::Duration};

    use super::*;
    use crate::Cancellation;

    #[tokio::test]
    async fn a_future_that_never_comes_costs_the_deadline() {
        let deadline = Deadline::after(Duration::from_millis(5));
        assert_eq!(within(&deadline, future::pending::<()>()).await, None);
        assert!(deadline.has_passed());
    }

    #[tokio::test]
    async fn what_is_ready_is_given_also_when_it_is_late() {
        let deadline = Deadline::after(Duration::ZERO);
        assert_eq!(within(&deadline, future::ready(7)).await, Some(7));
    }

    #[tokio::test]
    async fn a_cancelled_wait_ends_long_before_its_deadline() {
        let cancellation = Cancellation::new();
        let deadline = Deadline::after(Duration::from_secs(600)).with_cancellation(cancellation.clone());
        let waiting = tokio::spawn(async move { within(&deadline, future::pending::<()>()).await });
        cancellation.cancel();
        assert_eq!(waiting.await.unwrap(), None);
    }
}
