//! A cache is made, sealed, written, read back and removed, by the protector that would be chosen here.

use std::{fs, path::PathBuf, time::Duration};

use sealed_cache::{
    KernelKeyring, KeyFile, PersistedCache, Prompt, Result, TokenCache, persistence::SealedFile,
};
use serde::Serialize;

use super::{Finding, KEYCHAIN, Status, home_folders};

/// The application that nobody else is.
const APPLICATION: &str = "sealed-cache.doctor";

#[derive(Debug, Serialize)]
pub(crate) struct RoundTrip {
    pub(crate) is_fine: bool,
    /// The one that was chosen, as programs choose: the keychain; where there is none, the first fallback.
    pub(crate) protector: Option<String>,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

pub(crate) fn run() -> RoundTrip {
    let empty = empty_folders();
    let outcome = tried();
    // Those that were made for this, and nothing that was there before.
    empty.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    match outcome {
        Ok((protector, protection)) => RoundTrip {
            is_fine: true,
            message: format!("done: {protection}"),
            protector: Some(protector),
            remedy: String::new(),
        },
        Err(error) => {
            let place = error.path().map(|path| format!(" ({})", path.display())).unwrap_or_default();
            RoundTrip {
                is_fine: false,
                protector: None,
                message: format!("{}{place}", error.what()),
                remedy: error.remedy().to_owned(),
            }
        }
    }
}

fn tried() -> Result<(String, String)> {
    let cache = PersistedCache::<TokenCache>::builder(APPLICATION)
        .fallback(KernelKeyring::new())
        .fallback(KeyFile::in_state_dir())
        .prompt(Prompt::Never)
        .keychain_timeout(KEYCHAIN)
        .lock_timeout(Duration::from_secs(1))
        .open()?;
    let protection = cache.protection()?;
    cache.verify()?;
    Ok((protection.protector.clone(), protection.to_string()))
}

/// The folders that this makes, if they do not exist: the last ones first.
fn empty_folders() -> Vec<PathBuf> {
    let data = SealedFile::usual_folder(APPLICATION).ok();
    let state = home_folders().and_then(|(_, _, state)| Some(state?.join(APPLICATION)));
    let mut folders = Vec::new();
    for folder in [data, state].into_iter().flatten() {
        let missing = folder.ancestors().take_while(|folder| !folder.exists());
        folders.extend(missing.map(PathBuf::from));
    }
    folders
}

impl RoundTrip {
    pub(crate) fn late() -> Self {
        Self {
            is_fine: false,
            protector: None,
            message: "it did not come to its end in time".into(),
            remedy: "a keychain or a file system hangs".into(),
        }
    }

    pub(crate) fn finding(&self) -> Finding {
        let status = if self.is_fine { Status::Good } else { Status::Problem };
        Finding::new(status, self.protector.as_deref().unwrap_or("not done"), &self.message, &self.remedy)
    }
}
