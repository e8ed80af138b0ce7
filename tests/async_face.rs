//! The async face: the same verbs, every future can be dropped at any time, and the runtime is never blocked.

#![cfg(feature = "tokio")]

#[path = "common/child.rs"]
mod child;
#[path = "common/place.rs"]
mod place;

use std::{
    future::Future,
    path::Path,
    pin::pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use child::{Call, Child, PATIENCE};
use place::{Numbers, builder, open, stored, text};
use sealed_cache::{
    AsyncCache, AsyncCacheGuard, CallerKey, DataKey, Error, ErrorKind, FileLock, Result, SerializableCache,
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time};

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn stage() -> (TempDir, AsyncCache<Numbers>) {
    let folder = tempfile::tempdir().unwrap();
    let cache = builder(folder.path()).lock_timeout(PATIENCE).open().unwrap().into_async();
    (folder, cache)
}

/// Once: starts the work.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_same_verbs() {
    let (folder, cache) = stage();
    runtime().block_on(async {
        cache.update(|numbers| numbers.push(1)).await.unwrap();
        let failed = cache.try_update(|numbers| {
            numbers.push(99);
            Err::<(), _>(Error::new(ErrorKind::NotFound, "on second thoughts"))
        });
        assert_eq!(failed.await.unwrap_err().kind(), ErrorKind::NotFound);
        let mut guard = cache.lock().await.unwrap();
        guard.push(2);
        guard.save().await.unwrap();
        assert!(!guard.has_state_changed());
        assert!(cache.try_lock().await.unwrap().is_none());
        guard.push(3);
        guard.commit().await.unwrap();
        let guard = cache.try_lock().await.unwrap().expect("nobody has it");
        drop(guard);
        assert_eq!(cache.read(|numbers| numbers.to_vec()).await.unwrap(), [1, 2, 3]);

        let protection = cache.protection().await.unwrap();
        assert_eq!(cache.diagnose().await.unwrap().protection.unwrap(), protection);
        assert_eq!(cache.location(), cache.as_blocking().location());
        cache.verify().await.unwrap();
        cache.rekey_to(CallerKey::new(DataKey::from_bytes(&[8; 32]))).await.unwrap();
        assert_eq!(cache.rekey().await.unwrap_err().kind(), ErrorKind::Configuration);
        assert_eq!(cache.read(|numbers| numbers.len()).await.unwrap(), 3);
        cache.clear().await.unwrap();
        assert!(cache.read(|numbers| numbers.is_empty()).await.unwrap());
        assert!(cache.recoveries().is_empty());
    });
    assert_eq!(place::names(folder.path()), ["tokens.lock"]);
}

#[test]
fn both_faces_are_one_cache() {
    let (_folder, cache) = stage();
    let blocking = cache.as_blocking().clone();
    runtime().block_on(async {
        let guard = cache.lock().await.unwrap();
        assert!(blocking.try_lock().unwrap().is_none());
        drop(guard);
        blocking.update(|numbers| numbers.push(1)).unwrap();
        assert_eq!(cache.read(|numbers| numbers.to_vec()).await.unwrap(), [1]);
    });
}

fn is_send<T: Send>(_: &T) {}

#[test]
fn futures_and_guards_move_between_tasks() {
    let (folder, cache) = stage();
    fn is_send_static<T: Send + 'static>() {}
    is_send_static::<AsyncCacheGuard<Numbers>>();
    is_send_static::<AsyncCache<Numbers>>();
    is_send(&cache.lock());
    is_send(&cache.update(|_| ()));
    is_send(&cache.clear());
    let several =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    several.block_on(async {
        let mut guard = cache.lock().await.unwrap();
        let commit = tokio::spawn(async move {
            guard.push(1);
            // Across an `.await`, as during a refresh over the network.
            tokio::task::yield_now().await;
            guard.push(2);
            tokio::spawn(guard.commit()).await.unwrap()
        });
        commit.await.unwrap().unwrap();
    });
    assert_eq!(stored(folder.path()), [1, 2]);
}

#[test]
fn a_panic_in_a_closure_is_a_panic_here_and_unlocks() {
    let (folder, cache) = stage();
    let runtime = runtime();
    let again = cache.clone();
    let task = async move { again.update(|_| panic!("on purpose")).await.unwrap() };
    let outcome: Result<(), _> = runtime.block_on(async { tokio::spawn(task).await });
    assert!(outcome.unwrap_err().is_panic());
    runtime.block_on(cache.update(|numbers| numbers.push(1))).unwrap();
    assert_eq!(stored(folder.path()), [1]);
}

/// The runtime waits for its blocking threads when it is dropped: one that still waited for the lock would show.
#[test]
fn a_future_that_is_dropped_gives_up_its_wait() {
    let (folder, cache) = stage();
    let held = open(folder.path()).lock().unwrap();
    let (runtime, started) = (runtime(), Instant::now());
    runtime.block_on(async {
        for _ in 0..3 {
            time::timeout(Duration::from_millis(30), cache.lock()).await.unwrap_err();
            time::timeout(Duration::from_millis(30), cache.update(|_| ())).await.unwrap_err();
            time::timeout(Duration::from_millis(30), cache.clear()).await.unwrap_err();
        }
    });
    drop(runtime);
    assert!(started.elapsed() < PATIENCE / 2, "somebody went on waiting");
    drop(held);
    // Nor did anybody get the lock in the name of a future that is gone.
    assert!(open(folder.path()).try_lock().unwrap().is_some());
}

#[test]
fn a_lock_that_was_had_when_the_future_was_dropped_is_free_again() {
    let (folder, cache) = stage();
    let runtime = runtime();
    runtime.block_on(async {
        let mut lock = pin!(cache.lock());
        // It gets the lock, sooner or later, and nobody takes it: the future is dropped here.
        let _ = poll_once(lock.as_mut());
    });
    runtime.block_on(async {
        let guard = cache.lock().await.unwrap();
        drop(guard);
    });
    drop(runtime);
    assert!(open(folder.path()).try_lock().unwrap().is_some());
}

#[cfg(feature = "testing")]
mod gate {
    use std::sync::{Arc, Mutex};

    use sealed_cache::testing::{FileObserver, FileStep};

    use super::*;

    /// Stops a save before its file is renamed, until it is let go.
    #[derive(Debug)]
    struct Gate {
        reached: Mutex<mpsc::Sender<()>>,
        go: Mutex<mpsc::Receiver<()>>,
    }

    impl FileObserver for Gate {
        fn before(&self, step: FileStep<'_>) -> std::io::Result<()> {
            if let FileStep::Rename(..) = step {
                self.reached.lock().unwrap().send(()).unwrap();
                self.go.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            }
            Ok(())
        }
    }

    fn gated(folder: &Path) -> (AsyncCache<Numbers>, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let ((reached, at_gate), (let_go, go)) = (mpsc::channel(), mpsc::channel());
        let gate = Gate { reached: Mutex::new(reached), go: Mutex::new(go) };
        let cache = builder(folder).lock_timeout(PATIENCE).file_observer(Arc::new(gate)).open().unwrap();
        (cache.into_async(), at_gate, let_go)
    }

    #[test]
    fn a_commit_that_nobody_waits_for_ends_whole_and_under_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, at_gate, let_go) = gated(folder.path());
        let runtime = runtime();
        runtime.block_on(async {
            let mut guard = cache.lock().await.unwrap();
            guard.push(1);
            let mut commit = Box::pin(guard.commit());
            assert!(poll_once(commit.as_mut()).is_pending());
            at_gate.recv_timeout(PATIENCE).unwrap();
            drop(commit);
        });
        // The write goes on, and nobody else may write meanwhile.
        assert!(open(folder.path()).try_lock().unwrap().is_none());
        assert!(stored(folder.path()).is_empty());
        let_go.send(()).unwrap();
        drop(runtime);
        assert_eq!(stored(folder.path()), [1]);
        assert!(open(folder.path()).try_lock().unwrap().is_some());
        // This handle as well sees what is stored now.
        assert_eq!(cache.as_blocking().read(|numbers| numbers.to_vec()).unwrap(), [1]);
    }

    #[test]
    fn a_save_that_nobody_waited_for_can_be_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, at_gate, let_go) = gated(folder.path());
        runtime().block_on(async {
            let mut guard = cache.lock().await.unwrap();
            guard.push(1);
            let mut save = Box::pin(guard.save());
            assert!(poll_once(save.as_mut()).is_pending());
            at_gate.recv_timeout(PATIENCE).unwrap();
            drop(save);
            assert!(guard.has_state_changed());
            guard.push(2);
            // Both go through the gate, one after the other.
            (0..2).for_each(|_| let_go.send(()).unwrap());
            guard.commit().await.unwrap();
        });
        assert_eq!(stored(folder.path()), [1, 2]);
    }
}

#[test]
fn holds_the_lock() {
    let Some(call) = Call::of("holds_the_lock") else { return };
    let guard = FileLock::new(call.argument(0)).unwrap().try_acquire().unwrap();
    call.say(if guard.is_some() { "held" } else { "not held" });
    call.hear();
}

/// One thread only: were it blocked, nothing would tick, and the other process would never be told to let go.
#[test]
fn the_runtime_goes_on_while_another_process_has_the_lock() {
    let (folder, cache) = stage();
    let lock = folder.path().join("tokens.lock");
    let mut holder = Child::start("holds_the_lock", &[text(&lock)]);
    holder.expect("held");
    runtime().block_on(async {
        let changes = tokio::spawn({
            let cache = cache.clone();
            async move {
                let mut guard = cache.lock().await?;
                guard.push(1);
                guard.commit().await
            }
        });
        let looks = tokio::spawn(async move { cache.read(|numbers| numbers.len()).await });
        for _ in 0..20 {
            time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(looks.await.unwrap().unwrap(), 0, "reading needs no lock");
        assert!(!changes.is_finished());
        holder.tell("let go");
        changes.await.unwrap().unwrap();
    });
    assert_eq!(stored(folder.path()), [1]);
}

#[test]
fn tasks_lose_no_update() {
    let (folder, cache) = stage();
    runtime().block_on(async {
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.update(move |numbers| numbers.push(number)).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    let mut numbers = stored(folder.path());
    numbers.sort_unstable();
    assert_eq!(numbers, (0..8).collect::<Vec<_>>());
}
