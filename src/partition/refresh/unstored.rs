//! [`Unstored`]: what an issuer answered and no engine took, kept for the next one who looks.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::super::{PartitionName, sealing::Lineage};
use crate::TokenCache;

/// The oldest make room: their people may have to sign in again.
const MOST: usize = 1000;

/// An issuer that rotates refresh tokens ends the session of whoever presents an old one, and the engine still has the old
/// one. So the new one is kept here, one for each partition, and wiped when it is dropped.
#[derive(Default)]
pub(super) struct Unstored(Mutex<VecDeque<Arc<Answer>>>);

/// A cache with an answer that is not stored.
pub(super) struct Answer {
    pub(super) name: PartitionName,
    /// Of which sign-in it is. It must not get into another one.
    pub(super) lineage: Lineage,
    /// As the engine had it.
    pub(super) base: TokenCache,
    pub(super) ours: TokenCache,
}

impl Unstored {
    pub(super) fn keep(&self, answer: Answer) {
        let mut answers = self.lock();
        answers.retain(|other| other.name != answer.name);
        if answers.len() >= MOST {
            answers.pop_front();
        }
        answers.push_back(Arc::new(answer));
    }

    pub(super) fn of(&self, name: &PartitionName) -> Option<Arc<Answer>> {
        self.lock().iter().find(|answer| answer.name == *name).cloned()
    }

    /// Whether it is still the one, and not stored or dropped meanwhile.
    pub(super) fn has(&self, answer: &Arc<Answer>) -> bool {
        self.lock().iter().any(|other| Arc::ptr_eq(other, answer))
    }

    /// This one, and not one that came after it.
    pub(super) fn drop(&self, answer: &Arc<Answer>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, answer));
    }

    pub(super) fn forget(&self, name: &PartitionName) {
        self.lock().retain(|answer| answer.name != *name);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Answer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Unstored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unstored").field(&self.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(number: usize) -> Answer {
        let name = PartitionName::from_engine(format!("a:account:{number}"));
        Answer { name, lineage: [0; 16], base: TokenCache::new(), ours: TokenCache::new() }
    }

    #[test]
    fn they_are_few_and_the_latest_of_each() {
        let unstored = Unstored::default();
        for number in 0..MOST + 5 {
            unstored.keep(answer(number));
        }
        assert_eq!(unstored.lock().len(), MOST);
        assert!(unstored.of(&answer(4).name).is_none() && unstored.of(&answer(5).name).is_some());
        let earlier = unstored.of(&answer(7).name).unwrap();
        unstored.keep(answer(7));
        unstored.drop(&earlier);
        assert!(unstored.of(&answer(7).name).is_some(), "a later one stays");
        unstored.forget(&answer(7).name);
        assert!(unstored.of(&answer(7).name).is_none());
    }
}
