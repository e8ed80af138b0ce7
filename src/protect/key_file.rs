//! [`KeyFile`]: the key is a file that only this user can read.

use std::path::PathBuf;

use directories::BaseDirs;

use super::{KeyItem, KeyLifetime, KeyRequest};
use crate::{
    Error, ErrorKind, Result, SecretBytes,
    files::{Files, PrivateFile, checked_folder},
};

/// A longer file is not one of ours.
const LONGEST: usize = 4096;

/// Keeps the data key in a file: mode 0600 in a folder that only this user can write, which is not the folder
/// of the cache.
///
/// # Security
///
/// This protects copies and backups of the cache that do not include the key, and a disk whose state folder lies
/// elsewhere. It does **not** protect against other programs of the same user, nor against a backup of everything.
/// It is therefore never chosen by itself: a program names it.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Json, KeyFile, PersistedCache};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let keys = tempfile::tempdir().unwrap();
/// # let key_file = KeyFile::in_folder(keys.path());
/// let cache = PersistedCache::<Json<Vec<String>>>::builder("com.contoso.todo")
/// #   .folder(folder.path())
/// #   .protector(key_file)
/// #   /*
///     .fallback(KeyFile::in_state_dir())
/// #   */
///     .open()?;
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyFile {
    folder: Option<PathBuf>,
}

impl KeyFile {
    /// The file `<application>/<application>.<item>.key` in the user's state folder: `$XDG_STATE_HOME` or `~/.local/state` on
    /// Linux; where the system has no such folder, a folder `keys` beside the application's data.
    #[must_use]
    pub const fn in_state_dir() -> Self {
        Self { folder: None }
    }

    /// The file `<application>.<item>.key` in this folder, which is created for this user only if it does not exist. It
    /// must be another one than that of the cache.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    fn folder(&self, request: &KeyRequest) -> Result<PathBuf> {
        match &self.folder {
            Some(folder) => Ok(folder.clone()),
            None => state_folder(request.id.application()),
        }
    }

    /// The file, in its folder, which is created; refused beside the cache, where every copy would include it.
    fn file(&self, request: &KeyRequest) -> Result<PrivateFile> {
        let file = PrivateFile::open(
            "key file",
            &self.folder(request)?,
            &format!("{}.{}.key", request.id.application(), request.item),
            Files::default(),
        )?;
        if file.folder() == request.folder {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the key file would lie beside the cache it opens",
            )
            .with_path(file.path())
            .with_remedy(
                "name another folder with `KeyFile::in_folder`: a copy of this one would hold both",
            ));
        }
        Ok(file)
    }
}

impl KeyItem for KeyFile {
    fn name(&self) -> &'static str {
        "key-file"
    }

    fn summary(&self) -> String {
        match &self.folder {
            Some(folder) => format!("key in a file in {}", folder.display()),
            None => "key in a file in the state folder".into(),
        }
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyLifetime::UntilRemoved
    }

    /// Leaves no folder behind: one that does not exist yet will be created with the key.
    fn probe(&self, request: &KeyRequest) -> Result<()> {
        let folder = self.folder(request)?;
        if folder.exists() { checked_folder(&folder).map(drop) } else { Ok(()) }
    }

    /// Makes no folder: where a disk is not mounted, nothing is put in its place.
    fn read(&self, request: &KeyRequest) -> Result<Option<SecretBytes>> {
        if !self.folder(request)?.exists() {
            return Ok(None);
        }
        let file = self.file(request)?;
        let Some(mut opened) = file.open_to_read()? else { return Ok(None) };
        if let Some(problem) = opened.facts().not_private() {
            return Err(file.refused(ErrorKind::AccessDenied, problem));
        }
        let mut text = SecretBytes::new();
        text.append_from(&mut opened, LONGEST).map_err(|error| file.failed("read", error))?;
        Ok(Some(text))
    }

    fn write(&self, request: &KeyRequest, text: &str) -> Result<()> {
        self.file(request)?.replace(&[text.as_bytes()]).map(drop)
    }

    fn remove(&self, request: &KeyRequest) -> Result<()> {
        let file = self.file(request)?;
        file.remove()?;
        // Half of a key that a killed process left is a secret as well.
        file.remove_left_over()
    }
}

fn state_folder(application: &str) -> Result<PathBuf> {
    let folders = BaseDirs::new().ok_or_else(|| {
        Error::new(ErrorKind::Configuration, "this user has no home folder to keep a key file in")
            .with_remedy("set HOME, or name a folder with `KeyFile::in_folder`")
    })?;
    Ok(match folders.state_dir() {
        Some(state) => state.join(application),
        None => folders.data_local_dir().join(application).join("keys"),
    })
}
