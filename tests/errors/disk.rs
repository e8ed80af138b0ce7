//! What a disk does to a save: the errors of the system are injected, those of the library are not.

use std::{io, sync::Arc, sync::Mutex};

use sealed_cache::testing::{FileObserver, FileStep};

use super::{Cache, Page, add, builder, places};

/// The step that fails, and how.
#[derive(Debug, Default)]
struct Fails(Mutex<Option<(&'static str, io::ErrorKind)>>);

impl FileObserver for Fails {
    fn before(&self, step: FileStep<'_>) -> io::Result<()> {
        match *self.0.lock().unwrap() {
            Some((name, kind)) if format!("{step:?}").starts_with(&format!("{name}(")) => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

#[test]
fn disk() {
    let mut page = Page::of_any_kind("disk");
    let (folder, _keys) = places(&mut page);
    let fails = Arc::new(Fails::default());
    let cache: Cache = builder(folder.path()).file_observer(Arc::clone(&fails) as _).open().unwrap();
    add(&cache).unwrap();
    for (when, step, kind) in [
        ("the disk is full", "Write", io::ErrorKind::StorageFull),
        ("the user's share of the disk is full", "Sync", io::ErrorKind::QuotaExceeded),
        ("the disk is mounted read-only", "Create", io::ErrorKind::ReadOnlyFilesystem),
        ("the folder may not be written", "Create", io::ErrorKind::PermissionDenied),
        ("the disk has an error", "Rename", io::ErrorKind::Other),
        ("the disk has an error at the very end", "SyncFolder", io::ErrorKind::Other),
    ] {
        *fails.0.lock().unwrap() = Some((step, kind));
        let error = add(&cache).unwrap_err();
        *fails.0.lock().unwrap() = None;
        page.add_with_path(when, &error);
    }
    *fails.0.lock().unwrap() = Some(("Remove", io::ErrorKind::PermissionDenied));
    page.add_with_path("the cache cannot be removed", &cache.clear().unwrap_err());
    page.compare();
}
