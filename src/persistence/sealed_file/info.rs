//! [`SealedFileInfo`]: what a sealed file says of itself, without its key; and which ones this user has.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use sealed_cache_platform::file;

use super::{SealedFile, builder::data_folder, builder::data_home};
use crate::{CacheId, Error, Result, seal::Header};

/// What a sealed file says of itself to everybody who can read it: no key is needed, and none is asked for.
///
/// It is not proven: only opening the file with its key tells whether somebody altered it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SealedFileInfo {
    /// Which cache it is.
    pub id: CacheId,
    /// The name of the protector that keeps its key.
    pub protector: String,
    /// The protector's own part of the header, not secret: the name of an item, a wrapped key, a salt (`docs/format.md`).
    pub protector_data: Vec<u8>,
    /// How often it was saved.
    pub generation: u64,
    /// Its size in bytes.
    pub size: u64,
    /// When it was saved last, by the clock of its file system.
    pub modified: SystemTime,
}

impl SealedFile {
    /// What the sealed file at this path says of itself: `None` if there is no file. Nothing is created, locked or
    /// changed, and no keychain is asked.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::{Json, KeyFile, PersistedCache, persistence::SealedFile};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let keys = tempfile::tempdir().unwrap();
    /// # let cache = PersistedCache::<Json<Vec<u32>>>::builder("com.contoso.todo").name("tokens");
    /// # let cache = cache.folder(folder.path()).protector(KeyFile::in_folder(keys.path())).open()?;
    /// # cache.update(|numbers| numbers.push(1))?;
    /// let info = SealedFile::inspect(folder.path().join("tokens.sealed"))?.expect("it was saved");
    /// assert_eq!((info.id.application(), info.id.name()), ("com.contoso.todo", "tokens"));
    /// assert_eq!((&*info.protector, info.generation), ("key-file", 1));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Damaged`](crate::ErrorKind::Damaged) and [`UnsupportedVersion`](crate::ErrorKind::UnsupportedVersion) as when it
    /// is opened; [`Io`](crate::ErrorKind::Io), [`AccessDenied`](crate::ErrorKind::AccessDenied) if it cannot be read.
    pub fn inspect(path: impl AsRef<Path>) -> Result<Option<SealedFileInfo>> {
        let path = path.as_ref();
        let opened = file::open_to_read(path).map_err(|error| Error::io("cannot read the cache file", error));
        let Some(opened) = opened.map_err(|error| error.with_path(path))? else { return Ok(None) };
        let stamp = opened.stamp();
        let header = Header::read(opened, stamp.size()).map_err(|error| error.or_path(path))?;
        let facts = header.facts().clone();
        Ok(Some(SealedFileInfo {
            id: facts.id,
            protector: facts.protector,
            protector_data: facts.protector_data,
            generation: facts.generation,
            size: stamp.size(),
            modified: stamp.modified(),
        }))
    }

    /// The sealed files of this user in the usual folders, in the order of their paths. Those in folders that a program
    /// chose by itself are not known here.
    ///
    /// # Examples
    ///
    /// ```
    /// for path in sealed_cache::persistence::SealedFile::list()? {
    ///     println!("{}", path.display());
    /// }
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if this user has no home folder;
    /// [`Io`](crate::ErrorKind::Io), [`AccessDenied`](crate::ErrorKind::AccessDenied) if its data folder cannot be read.
    pub fn list() -> Result<Vec<PathBuf>> {
        let home = data_home()?;
        let folders = match entries(&home) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            folders => folders.map_err(|error| {
                Error::io("cannot look into the folder of this user's data", error).with_path(&home)
            })?,
        };
        // What cannot be looked into is no folder of ours.
        let files = folders.iter().flat_map(|folder| entries(folder).unwrap_or_default());
        let mut files: Vec<_> = files.filter(|file| file.extension() == Some(OsStr::new("sealed"))).collect();
        files.sort();
        Ok(files)
    }

    /// The usual folder of the caches of this application, whether or not it exists.
    ///
    /// # Examples
    ///
    /// ```
    /// use sealed_cache::persistence::SealedFile;
    /// assert!(SealedFile::usual_folder("com.contoso.todo")?.ends_with("com.contoso.todo"));
    /// # Ok::<(), sealed_cache::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if this user has no home folder.
    pub fn usual_folder(application: &str) -> Result<PathBuf> {
        data_folder(application)
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect())
}
