//! [`SealedFileBuilder`]: where a sealed file lies and who may keep its key.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use directories::BaseDirs;
use sha2::{Digest, Sha256};

use super::{History, SealedFile};
use crate::{
    CacheId, Error, ErrorKind, Result,
    files::Files,
    persistence::cache_file::CacheFile,
    protect::{self, Kept, KeyHolder, Prompt, Protector},
};

/// How long a keychain call may take if the program does not say: a person may have to type a password.
const KEYCHAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Configures a [`SealedFile`]. Setters never fail; [`open`](Self::open) checks everything.
#[derive(Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct SealedFileBuilder {
    application: String,
    name: String,
    folder: Option<PathBuf>,
    protector: Option<Arc<dyn Protector>>,
    fallbacks: Vec<Arc<dyn Protector>>,
    keychain_timeout: Duration,
    prompt: Prompt,
    files: Files,
}

impl SealedFileBuilder {
    pub(crate) fn new(application: String) -> Self {
        Self {
            application,
            name: "cache".to_owned(),
            folder: None,
            protector: None,
            fallbacks: Vec::new(),
            keychain_timeout: KEYCHAIN_TIMEOUT,
            prompt: Prompt::Allowed,
            files: Files::default(),
        }
    }

    /// Which cache of the application it is: the name of the file. Default: `cache`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Keep the file in this folder instead of the application's local data folder.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Let this keep the key, instead of the operating system's keychain.
    pub fn protector(mut self, protector: impl Protector) -> Self {
        self.protector = Some(Arc::new(protector));
        self
    }

    /// Let this keep the key where the one before does not exist. Can be said several times; the first that exists
    /// is taken. A keychain that is locked or slow does exist.
    pub fn fallback(mut self, protector: impl Protector) -> Self {
        self.fallbacks.push(Arc::new(protector));
        self
    }

    /// How long a call to a keychain may take, including the time a person needs to answer it. Default: 60 seconds.
    pub const fn keychain_timeout(mut self, timeout: Duration) -> Self {
        self.keychain_timeout = timeout;
        self
    }

    /// Whether a keychain may ask the person at the screen. Default: it may.
    pub const fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = prompt;
        self
    }

    /// Watch the file operations, or make them fail.
    #[cfg(feature = "testing")]
    pub fn file_observer(mut self, observer: Arc<dyn crate::files::FileObserver>) -> Self {
        self.files = Files::observed(observer);
        self
    }

    /// Open the file, or prepare to create it at the first save.
    ///
    /// # Errors
    ///
    /// * [`Configuration`](ErrorKind::Configuration) for a name that cannot be one
    ///   ([`CacheId`](crate::CacheId)), for protectors of the same name, or if this user has no folder
    ///   for data and none was named.
    /// * [`AccessDenied`](ErrorKind::AccessDenied), [`OtherOwner`](ErrorKind::OtherOwner),
    ///   [`Io`](ErrorKind::Io) if the folder cannot be used or is not this user's alone.
    pub fn open(self) -> Result<SealedFile> {
        let protectors = self.protectors()?;
        let id = CacheId::new(self.application, self.name)?;
        let folder = match self.folder {
            Some(folder) => folder,
            None => data_folder(id.application())?,
        };
        let file = CacheFile::open(&folder, &format!("{}.sealed", id.name()), self.files)?;
        let cache =
            Kept { id: id.clone(), item: item_name(&id, file.folder()), folder: file.folder().to_path_buf() };
        let keys = KeyHolder::new(cache, protectors, self.keychain_timeout, self.prompt);
        Ok(SealedFile { id, file, keys, history: Mutex::new(History::default()) })
    }

    fn protectors(&self) -> Result<Vec<Arc<dyn Protector>>> {
        let first = self.protector.clone().or_else(protect::of_this_system);
        let protectors: Vec<_> = first.into_iter().chain(self.fallbacks.iter().cloned()).collect();
        for (number, protector) in protectors.iter().enumerate() {
            if protectors[..number].iter().any(|other| other.name() == protector.name()) {
                return Err(Error::new(
                    ErrorKind::Configuration,
                    format!(
                        "a cache of `{}` has two protectors named `{}`",
                        self.application,
                        protector.name()
                    ),
                )
                .with_remedy("the header of the file could not tell them apart; name one of them only"));
            }
        }
        Ok(protectors)
    }
}

/// The name of the cache; with a mark of the folder where that is not the usual one, so that two profiles of an
/// application do not take each other's key away.
fn item_name(id: &CacheId, folder: &Path) -> String {
    let usual = data_folder(id.application()).ok().and_then(|usual| usual.canonicalize().ok());
    if usual.is_some_and(|usual| usual == folder) {
        return id.name().to_owned();
    }
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(folder.as_os_str().as_encoded_bytes()).into();
    format!("{}~{:08x}", id.name(), u32::from_be_bytes([a, b, c, d]))
}

pub(super) fn data_folder(application: &str) -> Result<PathBuf> {
    Ok(data_home()?.join(application))
}

/// Where the folders of the applications are.
pub(super) fn data_home() -> Result<PathBuf> {
    let folders = BaseDirs::new().ok_or_else(|| {
        Error::new(ErrorKind::Configuration, "this user has no home folder to keep a cache in")
            .with_remedy("set HOME, or name a folder with `.folder(..)`")
    })?;
    Ok(folders.data_local_dir().to_path_buf())
}
