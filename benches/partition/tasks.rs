//! So many calls by so many tasks at a time.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, task::JoinSet};

use crate::{options::Options, sample::Compared};

/// Tasks at a time, and how many calls they make together in one round.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) tasks: usize,
    pub(crate) calls: usize,
    pub(crate) rounds: usize,
}

impl Load {
    pub(crate) fn new(options: &Options, tasks: usize) -> Self {
        let (calls, rounds) = if options.smoke { (tasks * 4, 1) } else { (8000, 15) };
        Self { tasks, calls, rounds }
    }

    /// Compare two calls; each is given the number of the call.
    pub(crate) fn compare<F, O, FF, OF>(self, runtime: &Runtime, floor: F, ours: O) -> Compared
    where
        F: Fn(usize) -> FF + Send + Sync + 'static,
        O: Fn(usize) -> OF + Send + Sync + 'static,
        FF: Future<Output = ()> + Send,
        OF: Future<Output = ()> + Send,
    {
        let (floor, ours) = (Arc::new(floor), Arc::new(ours));
        // Once without counting, for connections and scripts.
        self.round(runtime, &floor);
        self.round(runtime, &ours);
        let rounds = (0..self.rounds).map(|round| {
            let early = (round % 2 == 0).then(|| self.round(runtime, &floor));
            let ours = self.round(runtime, &ours);
            (early.unwrap_or_else(|| self.round(runtime, &floor)), ours)
        });
        Compared::of(&rounds.collect::<Vec<_>>())
    }

    /// The time of one call.
    pub(crate) fn round<C, F>(self, runtime: &Runtime, call: &Arc<C>) -> Duration
    where
        C: Fn(usize) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send,
    {
        let Self { tasks, calls, .. } = self;
        let begun = Instant::now();
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for task in 0..tasks {
                let call = call.clone();
                set.spawn(async move {
                    for number in (task..calls).step_by(tasks) {
                        call(number).await;
                    }
                });
            }
            set.join_all().await
        });
        begun.elapsed() / u32::try_from(calls).expect("not so many")
    }
}
