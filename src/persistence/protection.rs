//! [`Protection`] and [`Diagnosis`]: what protects a cache, and what was considered, as data and as text.

use std::{fmt, path::PathBuf};

use crate::{ErrorKind, protect::KeyLifetime};

/// What protects a cache, and where it lies.
///
/// Its text is meant for people: `AES-256-GCM file, key in the Secret Service`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protection {
    /// How the bytes are protected where they lie: `AES-256-GCM file`.
    pub method: &'static str,
    /// The name of the protector that keeps the key, as in the header of the sealed file; empty if there is no key.
    pub protector: String,
    /// Where the key is, for people: `key in the Secret Service`; empty if there is no key.
    pub key: String,
    /// How long the key is kept.
    pub lifetime: KeyLifetime,
    /// Whether the stored bytes are encrypted. Only what is named `dangerous` says no.
    pub is_encrypted: bool,
    /// Whether there is a stored cache already. If not, this is what it will be protected by.
    pub exists: bool,
    /// The file of the cache, if it is in one.
    pub location: Option<PathBuf>,
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method)?;
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        Ok(())
    }
}

/// Everything that was considered for the protection of a cache, and why it was or was not taken.
///
/// Its text is a short report for people: one line for the cache and one for each protector.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Which cache, and where it lies.
    pub cache: String,
    /// What protects it, or the message why that cannot be told.
    pub protection: Result<Protection, String>,
    /// The protectors that the program offers, in order.
    pub candidates: Vec<Candidate>,
}

/// One protector that was considered.
#[derive(Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// Its name, as in the header of the sealed file.
    pub protector: &'static str,
    /// Where it keeps the key, for people.
    pub key: String,
    /// Whether this is the one that keeps (or will keep) the key of this cache.
    pub chosen: bool,
    /// Why it cannot be used here and now: the kind for programs, the message for people.
    pub problem: Option<(ErrorKind, String)>,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cache {}\n  ", self.cache)?;
        match &self.protection {
            Ok(protection) if protection.exists => write!(f, "protected by: {protection}")?,
            Ok(protection) => write!(f, "not stored yet; will be protected by: {protection}")?,
            Err(problem) => write!(f, "protection unknown: {problem}")?,
        }
        for candidate in &self.candidates {
            let mark = if candidate.chosen { '*' } else { '-' };
            write!(f, "\n  {mark} {}, {}: ", candidate.protector, candidate.key)?;
            match &candidate.problem {
                None => f.write_str("works here")?,
                Some((_, problem)) => f.write_str(problem)?,
            }
        }
        Ok(())
    }
}
