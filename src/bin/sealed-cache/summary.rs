//! [`Summary`]: a cache in a few words, as `list` and `doctor` tell of it.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, SystemTime},
};

use sealed_cache::{
    CacheId, Error, ErrorKind, Prompt, SerializableCache, TokenCache, persistence::SealedFile,
};
use serde::{Serialize, de::IgnoredAny};

use crate::{context::Waits, failure::Failure, keys::Keys, place::Place, presets, words};

/// For what a cache is, which should be here and now: a keychain that works answers in milliseconds.
const SHORT: Waits =
    Waits { lock: Duration::from_secs(2), keychain: Duration::from_secs(2), prompt: Prompt::Never };
/// Beyond it a cache counts as one that does not answer, whatever keeps it: a network file system.
const PATIENCE: Duration = Duration::from_millis(4400);

#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) application: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) changed: Option<String>,
    #[serde(skip)]
    pub(crate) modified: Option<SystemTime>,
    /// For people.
    pub(crate) protection: Option<String>,
    pub(crate) protector: Option<String>,
    pub(crate) is_encrypted: Option<bool>,
    pub(crate) accounts: Vec<String>,
    pub(crate) entries: Option<usize>,
    /// Whether it opens, and holds something of the application's own beside or instead of tokens.
    pub(crate) holds_other: bool,
    pub(crate) problem: Option<Problem>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

impl Problem {
    fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Cache(error) => Self {
                kind: format!("{:?}", error.kind()),
                message: error.what().to_owned(),
                remedy: error.remedy().to_owned(),
            },
            other => Self { kind: "Usage".into(), message: other.to_string(), remedy: String::new() },
        }
    }
}

/// All caches of this user that we know of; asked at the same time, and nobody is asked for a password.
pub(crate) fn all(keys: &Keys) -> Result<Vec<Summary>, Failure> {
    let mut places = Vec::new();
    for path in SealedFile::list()? {
        let name = name_of(&path);
        places.push((name.clone(), Place::named(&name)));
    }
    let shared = presets::usual().into_iter().filter(|(_, layout)| layout.file().exists());
    places.extend(shared.map(|(name, layout)| (name.clone(), Ok(Place::shared(name, layout)))));
    let waiting: Vec<_> = places.into_iter().map(|(name, place)| ask(name, place, keys.silent())).collect();
    let until = std::time::Instant::now() + PATIENCE;
    Ok(waiting.into_iter().filter_map(|asked| asked.answer(until)).collect())
}

/// A sealed file in a usual folder is named by its application, also where its header cannot be read.
fn name_of(path: &Path) -> String {
    let name = path.file_stem().and_then(OsStr::to_str);
    let application = path.parent().and_then(Path::file_name).and_then(OsStr::to_str);
    let id = application.zip(name).and_then(|(application, name)| CacheId::new(application, name).ok());
    match id {
        Some(id) => format!("sealed:{}/{}", id.application(), id.name()),
        None => path.display().to_string(),
    }
}

struct Asked {
    name: String,
    file: String,
    answer: mpsc::Receiver<Option<Summary>>,
}

fn ask(name: String, place: Result<Place, Failure>, keys: Keys) -> Asked {
    let file = place.as_ref().map_or_else(|_| name.clone(), |place| place.file().display().to_string());
    let (sender, answer) = mpsc::channel();
    let (named, at) = (name.clone(), file.clone());
    thread::spawn(move || {
        let summary = match place {
            Ok(place) => Summary::of(named, &place, &keys),
            Err(failure) => Some(Summary::unreadable(named, at, &failure)),
        };
        let _ = sender.send(summary);
    });
    Asked { name, file, answer }
}

impl Asked {
    fn answer(self, until: std::time::Instant) -> Option<Summary> {
        let wait = until.saturating_duration_since(std::time::Instant::now());
        self.answer.recv_timeout(wait).unwrap_or_else(|_| {
            let late = Error::new(ErrorKind::Io, "it did not answer in time")
                .with_remedy("look whether its file system, or its keychain, hangs");
            Some(Summary::unreadable(self.name, self.file, &late.into()))
        })
    }
}

impl Summary {
    /// `None` if nothing is stored there.
    fn of(name: String, place: &Place, keys: &Keys) -> Option<Self> {
        let mut summary = Self::empty(name, place.file().display().to_string());
        if let Ok(file) = place.file().metadata() {
            summary.size = Some(file.len());
            summary.modified = file.modified().ok();
            summary.changed = summary.modified.map(words::utc);
        }
        if let Ok(Some(info)) = place.info() {
            summary.application = Some(info.id.application().to_owned());
            summary.protector = Some(info.protector);
            summary.is_encrypted = Some(true);
        }
        match summary.read(place, keys) {
            Ok(true) => Some(summary),
            Ok(false) => None,
            Err(failure) => Some(Self { problem: Some(Problem::of(&failure)), ..summary }),
        }
    }

    /// Whether nothing is wrong, and only the application itself, or who knows the passphrase, can open it.
    pub(crate) fn is_closed_by_design(&self) -> bool {
        let of_others = ["passphrase", "systemd-credential", "caller-key", "keyring-entry"];
        let kinds = ["KeychainLocked", "KeychainUnavailable", "Configuration"];
        let (Some(protector), Some(problem)) = (self.protector.as_deref(), &self.problem) else {
            return false;
        };
        // The passphrase that was given may be that of another cache.
        of_others.contains(&protector) && kinds.contains(&&*problem.kind)
            || protector == "passphrase" && problem.kind == "WrongKey"
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.problem.is_some() && !self.is_closed_by_design()
    }

    fn read(&mut self, place: &Place, keys: &Keys) -> Result<bool, Failure> {
        let cache = place.open(keys, SHORT)?;
        let protection = cache.protection()?;
        self.protection = Some(protection.to_string());
        self.protector = Some(protection.protector).filter(|name| !name.is_empty());
        self.is_encrypted = Some(protection.is_encrypted);
        match cache.read(|cache| (accounts(cache), cache.len(), holds_other(cache))) {
            Ok((accounts, entries, other)) => {
                (self.accounts, self.entries, self.holds_other) = (accounts, Some(entries), other);
            }
            // Its key opened it: what it holds is the application's own.
            Err(error) if is_of_another_type(place, &error) => self.holds_other = true,
            Err(error) => return Err(error.into()),
        }
        Ok(protection.exists)
    }

    fn empty(name: String, file: String) -> Self {
        Self {
            name,
            file,
            application: None,
            size: None,
            changed: None,
            modified: None,
            protection: None,
            protector: None,
            is_encrypted: None,
            accounts: Vec::new(),
            entries: None,
            holds_other: false,
            problem: None,
        }
    }

    fn unreadable(name: String, file: String, failure: &Failure) -> Self {
        Self { problem: Some(Problem::of(failure)), ..Self::empty(name, file) }
    }
}

/// Whether a sealed file, which its key has opened, only is no token cache.
pub(crate) fn is_of_another_type(place: &Place, error: &Error) -> bool {
    place.is_sealed() && error.kind() == ErrorKind::InvalidContents
}

/// Whether there is a member that no MSAL library knows. Values are not looked at.
fn holds_other(cache: &TokenCache) -> bool {
    let sections = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];
    let members = cache.serialize().ok().and_then(|text| {
        let members: BTreeMap<String, IgnoredAny> = serde_json::from_slice(&text).ok()?;
        Some(members)
    });
    members.is_some_and(|members| members.keys().any(|name| !sections.contains(&name.as_str())))
}

/// Each once, masked.
fn accounts(cache: &TokenCache) -> Vec<String> {
    let mut accounts: Vec<_> =
        cache.accounts().map(|account| words::plain(&account.masked_username())).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}
