//! The file operations of a cache, each at one place, where tests can watch them and make them fail.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use sealed_cache_platform::file::{self, Opened};

/// One file operation that is about to happen.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum FileStep<'a> {
    /// The state of a path is asked.
    Stat(&'a Path),
    /// A file is opened to be read.
    Open(&'a Path),
    /// An open file is read.
    Read(&'a Path),
    /// A new file is created.
    Create(&'a Path),
    /// Bytes are appended to a new file.
    Write(&'a Path, &'a [u8]),
    /// The time of modification of a file is set.
    SetModified(&'a Path),
    /// The contents of a new file are made durable.
    Sync(&'a Path),
    /// A file is renamed over another one.
    Rename(&'a Path, &'a Path),
    /// The names in a folder are made durable.
    SyncFolder(&'a Path),
    /// A file is removed.
    Remove(&'a Path),
}

/// Watches the file operations of a cache, and may make them fail.
pub trait FileObserver: fmt::Debug + Send + Sync + 'static {
    /// Called before each operation, which is not done if this fails.
    ///
    /// # Errors
    ///
    /// The error that the operation is to fail with.
    fn before(&self, step: FileStep<'_>) -> io::Result<()>;
}

/// The file operations, watched or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    observer: Option<Arc<dyn FileObserver>>,
}

/// A new file that is being written.
#[derive(Debug)]
pub(super) struct NewFile<'a> {
    files: &'a Files,
    path: &'a Path,
    file: File,
}

impl Files {
    #[cfg(feature = "testing")]
    pub(crate) fn observed(observer: Arc<dyn FileObserver>) -> Self {
        Self { observer: Some(observer) }
    }

    fn step(&self, step: FileStep<'_>) -> io::Result<()> {
        self.observer.as_ref().map_or(Ok(()), |observer| observer.before(step))
    }

    pub(super) fn stamp(&self, path: &Path) -> io::Result<Option<file::Stamp>> {
        self.step(FileStep::Stat(path))?;
        file::stamp(path)
    }

    pub(super) fn open<'a>(&'a self, path: &'a Path) -> io::Result<Option<OpenFile<'a>>> {
        self.step(FileStep::Open(path))?;
        let opened = file::open_to_read(path)?;
        Ok(opened.map(|opened| OpenFile { files: self, path, opened }))
    }

    pub(super) fn create<'a>(&'a self, path: &'a Path) -> io::Result<NewFile<'a>> {
        self.step(FileStep::Create(path))?;
        Ok(NewFile { files: self, path, file: file::create_private(path)? })
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(FileStep::Rename(from, to))?;
        file::replace(from, to)
    }

    pub(super) fn set_modified(&self, path: &Path, time: SystemTime) -> io::Result<file::Stamp> {
        self.step(FileStep::SetModified(path))?;
        file::set_modified(path, time)
    }

    pub(super) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step(FileStep::SyncFolder(path))?;
        file::sync_folder(path)
    }

    /// Remove a file; one that is not there is fine.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(FileStep::Remove(path))?;
        file::remove(path)
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct OpenFile<'a> {
    files: &'a Files,
    path: &'a Path,
    opened: Opened,
}

impl OpenFile<'_> {
    /// What the system said of the very file that is read.
    pub(crate) const fn facts(&self) -> &Opened {
        &self.opened
    }
}

impl Read for OpenFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.files.step(FileStep::Read(self.path))?;
        self.opened.read(buffer)
    }
}

impl NewFile<'_> {
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.files.step(FileStep::Write(self.path, bytes))?;
        self.file.write_all(bytes)
    }

    pub(super) fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.files.step(FileStep::SetModified(self.path))?;
        self.file.set_modified(time)
    }

    pub(super) fn sync(&self) -> io::Result<file::Stamp> {
        self.files.step(FileStep::Sync(self.path))?;
        self.file.sync_all()?;
        file::stamp_of(&self.file)
    }
}
