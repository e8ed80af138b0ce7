//! [`KeyItem`]: a place that stores one text, and the rules by which that becomes a [`Protector`].
//!
//! There is one item for each cache, updated in place. Its text holds the key and, during a rotation, the key before
//! it as well, so that there is no moment in which neither opens, and no item is ever left over.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::{KeyLifetime, KeyRequest, NewKey, Protector};
use crate::{Error, ErrorKind, Result, SecretBytes, seal::DataKey};

/// What the text begins with: what it is, and the version of its form.
const PREFIX: &str = "sealed-cache-key-1:";

/// A place that stores one short text for each cache: a keychain, a file. Whoever implements this is a [`Protector`].
///
/// The item is named by [`KeyRequest::item`], which is recorded in the header. The text is ASCII, at most 128 bytes: `sealed-cache-key-1:`, then 43 characters of unpadded base64url, and during
/// a rotation a comma and another 43 (`docs/format.md`, "Key items").
pub trait KeyItem: fmt::Debug + Send + Sync + 'static {
    /// As [`Protector::name`].
    fn name(&self) -> &'static str;

    /// As [`Protector::summary`].
    fn summary(&self) -> String;

    /// As [`Protector::lifetime`].
    fn lifetime(&self) -> KeyLifetime;

    /// As [`Protector::probe`].
    ///
    /// # Errors
    ///
    /// As [`Protector::probe`].
    fn probe(&self, request: &KeyRequest) -> Result<()>;

    /// The text, or `None` if there is no item for this cache.
    ///
    /// # Errors
    ///
    /// Why it cannot tell: locked, not available, denied, timed out.
    fn read(&self, request: &KeyRequest) -> Result<Option<SecretBytes>>;

    /// Store the text, in place of the one before if there is one.
    ///
    /// # Errors
    ///
    /// Why it could not be stored.
    fn write(&self, request: &KeyRequest, text: &str) -> Result<()>;

    /// Remove the item. If there is none, that is fine.
    ///
    /// # Errors
    ///
    /// Why it could not be removed.
    fn remove(&self, request: &KeyRequest) -> Result<()>;
}

impl<I: KeyItem> Protector for I {
    fn name(&self) -> &'static str {
        KeyItem::name(self)
    }

    fn summary(&self) -> String {
        KeyItem::summary(self)
    }

    fn lifetime(&self) -> KeyLifetime {
        KeyItem::lifetime(self)
    }

    fn probe(&self, request: &KeyRequest) -> Result<()> {
        KeyItem::probe(self, request)
    }

    /// Takes over the key of an item that is already there: it was left by a cache whose file was never written, or
    /// was removed. Each write derives a key of its own, so nothing is used twice.
    fn create(&self, request: &KeyRequest) -> Result<NewKey> {
        let key = match self.read(request)? {
            Some(text) => decode(self, request, &text)?.swap_remove(0),
            None => {
                let key = DataKey::generate()?;
                store(self, request, &[&key])?;
                key
            }
        };
        Ok(NewKey { key, data: request.item.clone().into_bytes() })
    }

    fn fetch(&self, request: &KeyRequest, data: &[u8]) -> Result<Vec<DataKey>> {
        let request = recorded(request, data)?;
        match self.read(&request)? {
            Some(text) => decode(self, &request, &text),
            None => Err(missing(self, &request)),
        }
    }

    fn rotate(&self, request: &KeyRequest, data: &[u8], current: &DataKey) -> Result<NewKey> {
        if !is_own(request, data) {
            return self.create(request);
        }
        let key = DataKey::generate()?;
        store(self, request, &[&key, current])?;
        Ok(NewKey { key, data: data.to_vec() })
    }

    fn settle(&self, request: &KeyRequest, data: &[u8], current: &DataKey) -> Result<()> {
        store(self, &recorded(request, data)?, &[current])
    }

    /// A cache that was copied here leaves the item alone, which the original needs.
    fn forget(&self, request: &KeyRequest, data: &[u8]) -> Result<()> {
        if is_own(request, data) { self.remove(request) } else { recorded(request, data).map(drop) }
    }
}

/// Whether the header names the item of this cache in this folder: a cache that was moved or copied here names the
/// item of the folder where it was made, which may still be in use there.
fn is_own(request: &KeyRequest, data: &[u8]) -> bool {
    data == request.item.as_bytes()
}

/// The request for the item that the header names: a cache whose folder was moved keeps its item.
fn recorded(request: &KeyRequest, data: &[u8]) -> Result<KeyRequest> {
    let item = std::str::from_utf8(data)
        .ok()
        .filter(|item| is_item_name(item))
        .ok_or_else(|| crate::seal::damaged("its header does not name the item with the key"))?;
    Ok(KeyRequest { item: item.to_owned(), ..request.clone() })
}

/// Names of files among them: nothing in a header may lead out of the folder of a key file.
fn is_item_name(item: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    (1..=128).contains(&item.len()) && !item.starts_with('.') && item.bytes().all(is_allowed)
}

/// Write the keys and read them back: some keychains report success and keep nothing, and what is sealed with a key
/// that was not kept is lost.
fn store(item: &impl KeyItem, request: &KeyRequest, keys: &[&DataKey]) -> Result<()> {
    if request.deadline.has_passed() {
        // Nobody waits for this call any more, and the lock of the cache may be with somebody else.
        return Err(Error::new(ErrorKind::KeychainTimeout, "the deadline passed before the key was stored")
            .with_remedy("try again"));
    }
    let text = encode(keys);
    item.write(request, &text)?;
    match item.read(request)? {
        Some(kept) if *kept == *text.as_bytes() => Ok(()),
        _ => Err(Error::new(
            ErrorKind::KeychainUnavailable,
            format!(
                "the protector `{}` said that it stored the key of cache {}, but does not give it back",
                KeyItem::name(item),
                request.id
            ),
        )
        .with_remedy(
            "nothing was sealed with that key. On this machine, let the program offer another protector",
        )),
    }
}

fn encode(keys: &[&DataKey]) -> Zeroizing<String> {
    // Enough for two keys, so that the text never moves and leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(128));
    text.push_str(PREFIX);
    for (number, key) in keys.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str(&Zeroizing::new(Base64UrlUnpadded::encode_string(key.expose_bytes())));
    }
    text
}

fn decode(item: &impl KeyItem, request: &KeyRequest, text: &[u8]) -> Result<Vec<DataKey>> {
    let keys = std::str::from_utf8(text).ok().and_then(|text| text.trim_end().strip_prefix(PREFIX));
    let keys: Option<Vec<_>> = keys.and_then(|keys| keys.split(',').map(decode_key).collect());
    keys.filter(|keys| (1..=2).contains(&keys.len())).ok_or_else(|| {
        Error::new(
            ErrorKind::WrongKey,
            format!("instead of the {}, item `{}`, there is something else", item.summary(), request.item),
        )
        .with_remedy(
            "another program, or a later version of this one, put it there. To start over, remove that item and the \
             file of the cache",
        )
    })
}

fn decode_key(text: &str) -> Option<DataKey> {
    let mut bytes = Zeroizing::new([0; 32]);
    match Base64UrlUnpadded::decode(text, &mut *bytes) {
        Ok(decoded) if decoded.len() == 32 => Some(DataKey::from_bytes(&bytes)),
        _ => None,
    }
}

fn missing(item: &impl KeyItem, request: &KeyRequest) -> Error {
    Error::new(
        ErrorKind::KeyMissing,
        format!("cache {} was sealed with a {}, item `{}`, which is gone", request.id, item.summary(), request.item),
    )
    .with_remedy(
        "restore the key from a backup. Without one the file cannot be opened: move it away to start over, or let \
         the program do so with `.on_unreadable(OnUnreadable::StartEmpty)`",
    )
}
