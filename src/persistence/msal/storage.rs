//! [`Storage`]: the bytes of a layout: read, written and removed, without a thought of locks and merging.

use std::path::PathBuf;

use serde::de::IgnoredAny;

use super::{
    Layout,
    coding::Coding,
    item::{Item, ItemCall},
    layout::Place,
};
use crate::{
    Result, SecretBytes,
    files::{Files, SharedFile},
    persistence::{Found, Loaded, Stamp, names::throw_away_name},
};

/// Where a layout keeps its bytes.
#[derive(Debug)]
pub(super) struct Storage {
    /// The file of the cache, or the one that signals a change of the item.
    file: SharedFile,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// In the file itself.
    File(Coding),
    /// In an item of a keychain.
    Item(Box<dyn Item>),
}

/// What is stored, and the state of the file before it was read.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) text: Option<SecretBytes>,
    pub(super) stamp: Stamp,
}

impl Storage {
    pub(super) fn open(layout: Layout, files: Files) -> Result<Self> {
        let form = match layout.place {
            Place::PlainFile => Form::File(Coding::Plain),
            Place::DpapiFile { entropy } => Form::File(Coding::dpapi(entropy)),
            Place::Keychain(item) => Form::Item(Box::new(item.into_item()?)),
            Place::SecretService(item) => Form::Item(Box::new(item.into_item()?)),
            Place::AzidentityFile { name } => Form::File(Coding::Azidentity { name }),
        };
        Ok(Self { file: SharedFile::open(&layout.file, files)?, form })
    }

    pub(super) fn file(&self) -> &SharedFile {
        &self.file
    }

    pub(super) fn stamp(&self) -> Result<Stamp> {
        Ok(self.file.stamp()?.map_or(Stamp::ABSENT, Stamp::file))
    }

    /// What is stored now.
    pub(super) fn read(&self, call: &ItemCall) -> Result<Stored> {
        match &self.form {
            Form::Item(item) => {
                let stamp = self.stamp()?;
                Ok(Stored { text: item.read(call)?, stamp })
            }
            Form::File(coding) => Ok(match self.file.read()? {
                None => Stored { text: None, stamp: Stamp::ABSENT },
                Some((bytes, stamp)) => Stored {
                    text: Some(coding.decode(bytes, call).map_err(|error| error.or_path(self.file.path()))?),
                    stamp: Stamp::file(stamp),
                },
            }),
        }
    }

    /// Whether this is what is stored, even if it was read without the lock. Most SDKs empty the file before they write
    /// it: a file that holds nothing, or not all of something, may be one that is being written.
    pub(super) fn is_settled(&self, read: &Result<Stored>) -> bool {
        match (&self.form, read) {
            (Form::Item(_), _) | (Form::File(_), Ok(Stored { text: None, .. })) => true,
            (Form::File(_), Ok(Stored { text: Some(text), .. })) => is_whole(text),
            (Form::File(_), Err(error)) => !error.kind().is_unreadable(),
        }
    }

    /// Store this text, and let everybody know.
    pub(super) fn write(&self, text: &SecretBytes, call: &ItemCall) -> Result<Stamp> {
        let stamp = match &self.form {
            Form::Item(item) => {
                item.write(text, call)?;
                self.file.signal()?
            }
            Form::File(coding) => self.file.replace(&coding.encode(text, call)?)?,
        };
        Ok(Stamp::file(stamp))
    }

    /// Let everybody know that something changed.
    pub(super) fn signal(&self) -> Result<Stamp> {
        self.file.signal().map(Stamp::file)
    }

    pub(super) fn remove(&self, call: &ItemCall) -> Result<()> {
        if let Form::Item(item) = &self.form {
            item.remove(call)?;
        }
        self.file.remove()
    }

    /// Keep what is stored under another name; tells where.
    pub(super) fn set_aside(&self, suffix: &str, call: &ItemCall) -> Result<PathBuf> {
        match &self.form {
            Form::Item(item) => {
                let kept = item.set_aside(suffix, call)?;
                self.file.signal()?;
                Ok(kept.into())
            }
            Form::File(_) => {
                let name = self.file.path().file_name().unwrap_or_default().to_string_lossy();
                self.file.rename(&format!("{name}.{suffix}"))
            }
        }
    }

    /// Whether a cache can be kept like this here and now.
    pub(super) fn probe(&self, call: &ItemCall) -> Result<()> {
        match &self.form {
            Form::Item(item) => item.probe(call),
            Form::File(coding) => coding.probe(call),
        }
    }

    /// Have a person asked now, if the keychain wants to ask one.
    pub(super) fn prepare(&self, call: &ItemCall) -> Result<()> {
        match &self.form {
            Form::Item(item) => match item.read(call) {
                // Nobody has to be asked; what is to be done about it is decided under the lock.
                Err(error) if error.kind().is_unreadable() => Ok(()),
                read => read.map(drop),
            },
            Form::File(_) => Ok(()),
        }
    }

    /// How it is protected, for people.
    pub(super) const fn method(&self) -> &'static str {
        match &self.form {
            Form::Item(_) => "the whole cache in a keychain, as MSAL has it",
            Form::File(Coding::Dpapi { .. }) => "file protected by Windows (DPAPI), as MSAL has it",
            Form::File(Coding::Azidentity { .. }) => "file encrypted by azidentity of Go, to be read only",
            Form::File(Coding::Plain) => "plain file as MSAL has it, NOT encrypted",
        }
    }

    /// The name of the keychain, for programs, and where in it, for people. Empty if there is none.
    pub(super) fn keychain(&self) -> (&'static str, String) {
        match &self.form {
            Form::Item(item) => (item.keychain(), item.summary()),
            Form::File(Coding::Dpapi { .. }) => ("dpapi", String::new()),
            Form::File(Coding::Azidentity { name }) => {
                ("kernel-keyring", format!("key `{name}` of the kernel"))
            }
            Form::File(Coding::Plain) => ("", String::new()),
        }
    }

    pub(super) const fn is_encrypted(&self) -> bool {
        !matches!(&self.form, Form::File(Coding::Plain))
    }

    /// The same under a throw-away name, to try a round trip.
    pub(super) fn throw_away(&self, files: Files) -> Result<Self> {
        let name = throw_away_name(self.file.path());
        let form = match &self.form {
            Form::Item(item) => Form::Item(item.throw_away(&name)),
            Form::File(coding) => Form::File(coding.clone()),
        };
        Ok(Self { file: SharedFile::open(&self.file.folder().join(name), files)?, form })
    }
}

impl From<Stored> for Loaded {
    /// Nothing but whitespace is no cache: several SDKs make an empty file first.
    fn from(Stored { text, stamp }: Stored) -> Self {
        let text = text.filter(|text| !text.trim_ascii().is_empty());
        Self { found: text.map_or(Found::Nothing, Found::Contents), stamp }
    }
}

/// Whether it is JSON up to its end.
fn is_whole(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
