//! Listening to the changes that other nodes make.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{task::JoinHandle, time};

use super::{engine::Engine, level_one::LevelOne, random_fraction};
use crate::{Deadline, event::event};

const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Listener(JoinHandle<()>);

impl Listener {
    pub(super) fn start(engine: &Arc<Engine>, level_one: &Arc<LevelOne>) -> Self {
        Self(tokio::spawn(listen(Arc::downgrade(engine), Arc::downgrade(level_one))))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(engine: Weak<Engine>, level_one: Weak<LevelOne>) {
    let (mut number, mut pause) = (0, Duration::from_millis(20));
    while let (Some(engine), Some(copies)) = (engine.upgrade(), level_one.upgrade()) {
        let deadline = Deadline::after(Duration::from_secs(5));
        let subscribed = time::timeout(Duration::from_secs(6), engine.store.changes(&deadline)).await;
        if let Ok(Ok(Some(mut changes))) = subscribed {
            number += 1;
            copies.begin_subscription(number);
            pause = Duration::from_millis(20);
            while let Ok(name) = changes.next().await {
                copies.forget(&name);
            }
            copies.lose_subscription();
        }
        engine.counters.subscriptions_lost.one();
        event!(warn, "the subscription to changes of the engine is lost; trying again");
        drop((engine, copies));
        time::sleep(pause.mul_f64(0.5 + random_fraction())).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
