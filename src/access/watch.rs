//! [`CacheWatcher`]: a running program is told that another process changed its cache.

use std::{
    ffi::OsString,
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use notify::{Event, EventKind, RecursiveMode, Watcher};

use super::{PersistedCache, shared::Shared};
use crate::{Error, ErrorKind, Result, SerializableCache, persistence::Stamp};

/// Watches the file of a cache as long as it lives (feature `watch`).
#[must_use = "nothing is watched any more as soon as the watcher is dropped"]
pub struct CacheWatcher {
    _watcher: notify::RecommendedWatcher,
    dropped: Arc<AtomicBool>,
}

impl<T: SerializableCache> PersistedCache<T> {
    /// Call this closure, on a thread of the watcher, after another handle (in this process or another one) has
    /// changed, cleared or replaced the stored cache. It gets no cache: [`read`](Self::read) it, in the closure or
    /// elsewhere, for what is stored now.
    ///
    /// Changes in quick succession may be told once. A change made through this handle or its clones is not told. Once
    /// the watcher is dropped, no call begins any more.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) if the cache is not in a file; [`Io`](ErrorKind::Io) if the system
    /// cannot watch the folder, for example because of a limit.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use sealed_cache::{Json, PersistedCache};
    ///
    /// let cache = PersistedCache::<Json<Vec<String>>>::builder("com.contoso.todo").open()?;
    /// let again = cache.clone();
    /// let _watcher = cache.watch(move || {
    ///     println!("now it is {:?} entries", again.read(|list| list.len()));
    /// })?;
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    pub fn watch(&self, told: impl FnMut() + Send + 'static) -> Result<CacheWatcher> {
        let path = self.location().ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "a cache that is not in a file cannot be watched")
                .with_remedy("nobody but this program changes it")
        })?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::new(ErrorKind::Configuration, "the cache has no folder").with_path(path));
        };
        let mut bell = Bell { shared: Arc::clone(&self.shared), name: name.to_owned(), last: None, told };
        // What this handle has not seen before is a change from here on.
        bell.last = self.shared.changed_by_another()?;
        watch_folder(folder, bell).map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot watch the folder: {error}"))
                .with_path(folder)
                .with_remedy("raise the limit of the system (fs.inotify.max_user_instances), or look from time to time")
        })
    }
}

fn watch_folder<T: SerializableCache>(
    folder: &Path,
    mut bell: Bell<T, impl FnMut() + Send + 'static>,
) -> notify::Result<CacheWatcher> {
    let dropped = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&dropped);
    // The thread ends some time after the watcher is dropped.
    let hear = move |event| {
        if !is_over.load(Ordering::Acquire) {
            bell.hear(event);
        }
    };
    let mut watcher = notify::recommended_watcher(hear)?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(CacheWatcher { _watcher: watcher, dropped })
}

impl Drop for CacheWatcher {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::Release);
    }
}

struct Bell<T, F> {
    shared: Arc<Shared<T>>,
    name: OsString,
    /// What was told last.
    last: Option<Stamp>,
    told: F,
}

impl<T: SerializableCache, F: FnMut()> Bell<T, F> {
    fn hear(&mut self, event: notify::Result<Event>) {
        let concerns_us = match &event {
            // The watcher lost events: look.
            Err(_) => true,
            Ok(event) if event.need_rescan() => true,
            Ok(event) => {
                !matches!(event.kind, EventKind::Access(_))
                    && event.paths.iter().any(|path| path.file_name() == Some(&self.name))
            }
        };
        // A cache that cannot be looked at is for `read` to report.
        if concerns_us
            && let Ok(Some(stamp)) = self.shared.changed_by_another()
            && self.last != Some(stamp)
        {
            self.last = Some(stamp);
            (self.told)();
        }
    }
}

impl fmt::Debug for CacheWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheWatcher").finish_non_exhaustive()
    }
}
