//! [`Store`]: where the provider keeps its families of tokens.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::families::Families;

pub(super) enum Store {
    Memory(Mutex<Families>),
    /// Two runs of an example at once are two providers on one file: each request locks it, reads it and writes it.
    File(PathBuf),
}

impl Store {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        path.map_or_else(|| Self::Memory(Mutex::default()), Self::File)
    }

    /// Look at the families and change them, while nobody else does.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Families) -> R) -> io::Result<R> {
        let path = match self {
            Self::Memory(families) => {
                return Ok(change(&mut families.lock().unwrap_or_else(PoisonError::into_inner)));
            }
            Self::File(path) => path,
        };
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let mut families = if text.is_empty() { Families::default() } else { serde_json::from_str(&text)? };
        let result = change(&mut families);
        file.rewind()?;
        file.set_len(0)?;
        serde_json::to_writer(&file, &families)?;
        Ok(result)
    }
}
