//! [`Place`]: which cache is meant, and opening it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealed_cache::{
    Error, ErrorKind, FamilyLock, FileLock, LockState, PersistedCache, TokenCache,
    persistence::{SealedFile, SealedFileInfo, msal::Layout},
};

use crate::{
    context::Waits,
    failure::Failure,
    keys::{Kept, Keys},
    options::NAMING,
    presets,
};

pub(crate) type Cache = PersistedCache<TokenCache>;

/// Which cache is meant.
#[derive(Debug)]
pub(crate) struct Place {
    /// As a person names it.
    pub(crate) name: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sealed { application: String, name: String, folder: PathBuf },
    Shared(Layout),
}

/// The lock of a cache.
#[derive(Debug)]
pub(crate) enum Lock {
    Own(FileLock),
    Family(FamilyLock),
}

impl Place {
    /// What this text names. Files are looked at, and nothing is changed.
    pub(crate) fn named(text: &str) -> Result<Self, Failure> {
        let place = |kind| Self { name: text.to_owned(), kind };
        if let Some(cache) = text.strip_prefix("sealed:") {
            return sealed(cache).map(place);
        }
        if let Some(layout) = presets::layout(text) {
            return layout.map(|layout| place(Kind::Shared(layout)));
        }
        let path = Path::new(text);
        let is_path = text.contains(['/', '\\']) || text.ends_with(".sealed") || path.exists();
        if is_path {
            return of_path(path).map(place);
        }
        Err(Failure::usage(
            format!("`{text}` names no cache"),
            format!(
                "for the sealed cache of an application write `sealed:{text}`; otherwise see below\n\n{NAMING}"
            ),
        ))
    }

    pub(crate) fn shared(name: String, layout: Layout) -> Self {
        Self { name, kind: Kind::Shared(layout) }
    }

    /// The file of the cache, or the one that signals its changes.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.kind {
            Kind::Sealed { name, folder, .. } => folder.join(format!("{name}.sealed")),
            Kind::Shared(layout) => layout.file().to_path_buf(),
        }
    }

    /// Whether both are one cache.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_kind = match (&self.kind, &other.kind) {
            (Kind::Sealed { .. }, Kind::Sealed { .. }) => true,
            (Kind::Shared(this), Kind::Shared(that)) => this.has_same_place(that),
            _ => false,
        };
        is_same_kind && self.has_file_of(other)
    }

    /// Whether both have one file, as two items of a keychain can whose changes it signals.
    pub(crate) fn has_file_of(&self, other: &Self) -> bool {
        let canonical = |place: &Self| place.file().canonicalize().unwrap_or_else(|_| place.file());
        canonical(self) == canonical(other)
    }

    /// What its header says, if it is a sealed file and there is one.
    pub(crate) fn info(&self) -> Result<Option<SealedFileInfo>, Failure> {
        match &self.kind {
            Kind::Sealed { .. } => Ok(SealedFile::inspect(self.file())?),
            Kind::Shared(_) => Ok(None),
        }
    }

    /// Whether it is in a keychain, and its file only signals changes.
    pub(crate) const fn is_item(&self) -> bool {
        matches!(&self.kind, Kind::Shared(layout) if layout.is_item())
    }

    pub(crate) const fn is_sealed(&self) -> bool {
        matches!(self.kind, Kind::Sealed { .. })
    }

    /// Whether there can be something: opening the cache would make its folder.
    pub(crate) fn has_folder(&self) -> bool {
        self.file().parent().is_some_and(Path::is_dir)
    }

    /// A cache that exists; its key is fetched later.
    pub(crate) fn open(&self, keys: &Keys, waits: Waits) -> Result<Cache, Failure> {
        let info = self.info()?;
        if !self.has_folder() || (self.is_sealed() && info.is_none()) {
            return Err(self.not_found());
        }
        let kept = info.map(|info| keys.of_file(&info)).transpose()?;
        self.opened(kept, waits)
    }

    /// A cache that exists or not; a new sealed one will have its key kept so.
    pub(crate) fn open_or_create(
        &self,
        keys: &Keys,
        waits: Waits,
        new: impl FnOnce() -> Result<Option<Kept>, Failure>,
    ) -> Result<Cache, Failure> {
        let kept = match self.info()? {
            Some(info) => Some(keys.of_file(&info)?),
            None if self.is_sealed() => new()?,
            None => None,
        };
        self.opened(kept, waits)
    }

    /// Whatever is there, also what no key opens any more: to be removed.
    pub(crate) fn open_to_remove(&self, keys: &Keys, waits: Waits) -> Result<Cache, Failure> {
        if !self.has_folder() || !self.file().exists() && self.is_sealed() {
            return Err(self.not_found());
        }
        // Without the protector, the file goes all the same; and so does one whose header cannot be read.
        let info = self.info().ok().flatten();
        let kept = info
            .and_then(|info| if info.protector == "passphrase" { None } else { keys.of_file(&info).ok() });
        self.opened(kept, waits)
    }

    fn opened(&self, kept: Option<Kept>, waits: Waits) -> Result<Cache, Failure> {
        match &self.kind {
            Kind::Sealed { application, name, folder } => {
                let builder = Cache::builder(application).name(name).folder(folder);
                let builder =
                    builder.lock_timeout(waits.lock).keychain_timeout(waits.keychain).prompt(waits.prompt);
                Ok(match kept {
                    Some(kept) => builder.protector(kept),
                    None => builder,
                }
                .open()?)
            }
            Kind::Shared(layout) => {
                let builder = Cache::msal(layout.clone());
                Ok(builder
                    .lock_timeout(waits.lock)
                    .keychain_timeout(waits.keychain)
                    .prompt(waits.prompt)
                    .open()?)
            }
        }
    }

    pub(crate) fn lock(&self) -> Result<Lock, Failure> {
        if !self.has_folder() {
            return Err(self.not_found());
        }
        Ok(match &self.kind {
            Kind::Sealed { .. } => Lock::Own(FileLock::new(self.file().with_extension("lock"))?),
            Kind::Shared(layout) => Lock::Family(layout.lock()?),
        })
    }

    pub(crate) fn not_found(&self) -> Failure {
        Error::new(ErrorKind::NotFound, format!("there is no cache {}", self.name))
            .with_path(self.file())
            .with_remedy("`sealed-cache list` shows those that there are")
            .into()
    }
}

impl Lock {
    /// Each lock file with its state.
    pub(crate) fn states(&self) -> Result<Vec<(PathBuf, LockState)>, Failure> {
        Ok(match self {
            Self::Own(lock) => vec![(lock.path().to_path_buf(), lock.state()?)],
            Self::Family(lock) => lock.states()?,
        })
    }
}

/// `APPLICATION[/NAME][@FOLDER]`
fn sealed(text: &str) -> Result<Kind, Failure> {
    let (id, folder) = match text.split_once('@') {
        Some((id, folder)) => (id, Some(PathBuf::from(folder))),
        None => (text, None),
    };
    let (application, name) = id.split_once('/').unwrap_or((id, "cache"));
    // Checked before anything is made of it.
    sealed_cache::CacheId::new(application, name)?;
    let folder = folder.map_or_else(|| SealedFile::usual_folder(application), Ok)?;
    Ok(Kind::Sealed { application: application.to_owned(), name: name.to_owned(), folder })
}

fn of_path(path: &Path) -> Result<Kind, Failure> {
    let file = if path.is_dir() { only_sealed_file(path)? } else { path.to_path_buf() };
    let Some(info) = SealedFile::inspect(&file)? else {
        return Err(Error::new(ErrorKind::NotFound, "there is no such sealed file")
            .with_path(&file)
            .with_remedy("for a new one write `sealed:APPLICATION/NAME@FOLDER`; `sealed-cache list` shows those that there are")
            .into());
    };
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let expected = format!("{}.sealed", info.id.name());
    if file.file_name().is_none_or(|name| *name != *expected) {
        return Err(Error::new(
            ErrorKind::Configuration,
            format!("the file is the cache {} under another name", info.id),
        )
        .with_path(&file)
        .with_remedy(format!("call it {expected} again, in a folder of its own"))
        .into());
    }
    Ok(Kind::Sealed {
        application: info.id.application().to_owned(),
        name: info.id.name().to_owned(),
        folder,
    })
}

fn only_sealed_file(folder: &Path) -> Result<PathBuf, Failure> {
    let entries = fs::read_dir(folder)
        .map_err(|error| Error::io("cannot look into the folder", error).with_path(folder))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut sealed: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == "sealed")).collect();
    sealed.sort();
    match &*sealed {
        [one] => Ok(one.clone()),
        [] => Err(Error::new(ErrorKind::NotFound, "there is no sealed file in the folder")
            .with_path(folder)
            .with_remedy("`sealed-cache list` shows those that there are")
            .into()),
        several => {
            let names = several.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy());
            Err(Failure::usage(
                format!("there are {} sealed files in {}", several.len(), folder.display()),
                format!("name one of them: {}", names.collect::<Vec<_>>().join(", ")),
            ))
        }
    }
}
