//! Threads that share one handle: none takes what another has just done for an attack or a loss.

#![cfg(feature = "testing")]

use std::{
    io,
    sync::{Arc, Mutex},
    thread,
};

use sealed_cache::{
    CallerKey, DataKey, Json, PersistedCache,
    testing::{FileObserver, FileStep},
};

type Cache = PersistedCache<Json<Vec<u32>>>;

/// Does something once, in the middle of a read.
#[derive(Default)]
struct Interruption(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl std::fmt::Debug for Interruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interruption")
    }
}

impl FileObserver for Interruption {
    fn before(&self, step: FileStep<'_>) -> io::Result<()> {
        if let FileStep::Read(_) = step {
            let work = self.0.lock().expect("no panic").take();
            work.into_iter().for_each(|work| work());
        }
        Ok(())
    }
}

fn open(folder: &tempfile::TempDir, observer: &Arc<Interruption>) -> Cache {
    PersistedCache::builder("com.example.tests")
        .folder(folder.path())
        .protector(CallerKey::new(DataKey::from_bytes(&[7; 32])))
        .file_observer(Arc::clone(observer) as _)
        .open()
        .expect("a folder of ours")
}

/// The reader has opened the old file when another thread of the same handle saves a newer one.
#[test]
#[cfg_attr(wine, ignore = "needs a file to be replaced while it is open, as Windows can")]
fn p4_a_save_in_the_middle_of_a_read_is_no_rollback() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let interruption = Arc::default();
    let (shared, other) = (open(&folder, &interruption), open(&folder, &Arc::default()));
    shared.update(|numbers| numbers.push(1)).expect("saved");
    other.update(|numbers| numbers.push(2)).expect("saved");
    let saver = shared.clone();
    *interruption.0.lock().expect("no panic") =
        Some(Box::new(move || saver.update(|numbers| numbers.push(3)).expect("saved")));
    assert_eq!(shared.read(|numbers| numbers.to_vec()).expect("no rollback"), [1, 2, 3]);
}

/// The same with a clear in between: the old file is of a cache that has ended.
#[test]
#[cfg_attr(wine, ignore = "needs a file to be replaced while it is open, as Windows can")]
fn p4_a_new_cache_in_the_middle_of_a_read_is_no_rollback() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let interruption = Arc::default();
    let (shared, other) = (open(&folder, &interruption), open(&folder, &Arc::default()));
    shared.update(|numbers| numbers.push(1)).expect("saved");
    other.update(|numbers| numbers.push(2)).expect("saved");
    let saver = shared.clone();
    *interruption.0.lock().expect("no panic") = Some(Box::new(move || {
        saver.clear().expect("cleared");
        saver.update(|numbers| numbers.push(3)).expect("saved");
    }));
    assert_eq!(shared.read(|numbers| numbers.to_vec()).expect("no rollback"), [3]);
}

#[test]
fn p4_readers_beside_saves_and_clears_always_see_a_whole_cache() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (shared, other) = (open(&folder, &Arc::default()), open(&folder, &Arc::default()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..200 {
                    shared.read(|numbers| numbers.len()).expect("the cache as it is");
                }
            });
        }
        for (handle, number) in [(&shared, 1), (&other, 2)] {
            scope.spawn(move || {
                for round in 0..30 {
                    handle.update(|numbers| numbers.push(number)).expect("the lock comes in time");
                    if round % 7 == 0 {
                        handle.clear().expect("the lock comes in time");
                    }
                }
            });
        }
    });
}
