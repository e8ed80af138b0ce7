//! [`Json<T>`]: any serde type as a cache, kept as JSON.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{Serialize, de::DeserializeOwned};

use super::SerializableCache;
use crate::{Error, ErrorKind, Result, SecretBytes};

/// A cache of any serde type, kept as JSON (UTF-8, compact, [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)).
///
/// It dereferences to `T`. Every mutable borrow counts as a change; to look without marking a change, use a shared
/// borrow.
///
/// # Security
///
/// `Debug` shows neither the contents nor their type's `Debug`. Strings inside `T` are wiped on drop only if `T` sees
/// to it, for example with `zeroize::Zeroizing<String>` fields (zeroize's `serde` feature).
///
/// # Examples
///
/// ```
/// use sealed_cache::{Json, SerializableCache};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Settings { refresh_token: String }
///
/// let mut cache = Json::<Settings>::default();
/// assert!(!cache.has_state_changed());
/// cache.refresh_token = "secret".into();
/// assert!(cache.has_state_changed());
/// assert_eq!(&cache.serialize()?[..], br#"{"refresh_token":"secret"}"#);
/// # Ok::<(), sealed_cache::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Json<T> {
    value: T,
    changed: bool,
}

impl<T> Json<T> {
    /// A cache that holds this value and counts as changed.
    pub const fn new(value: T) -> Self {
        Self { value, changed: true }
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> SerializableCache for Json<T>
where
    T: Serialize + DeserializeOwned + Default + Send + Sync + 'static,
{
    fn deserialize(bytes: SecretBytes) -> Result<Self> {
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            // serde_json quotes the unexpected value, which may be a secret: keep the place and drop the words.
            Error::new(
                ErrorKind::InvalidContents,
                format!(
                    "the cache is not the JSON of the expected type, at line {} column {}",
                    error.line(),
                    error.column()
                ),
            )
            .with_remedy("was it written by another version of this program?")
        })?;
        Ok(Self { value, changed: false })
    }

    fn serialize(&self) -> Result<SecretBytes> {
        let mut bytes = SecretBytes::with_capacity(1024);
        serde_json::to_writer(&mut bytes, &self.value).map_err(|_| {
            Error::new(ErrorKind::InvalidContents, "the cache cannot be written as JSON")
                .with_remedy("JSON needs string keys in maps, and numbers that are finite")
        })?;
        Ok(bytes)
    }

    fn has_state_changed(&self) -> bool {
        self.changed
    }

    fn set_state_changed(&mut self, changed: bool) {
        self.changed = changed;
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.changed = true;
        &mut self.value
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json").field("changed", &self.changed).finish_non_exhaustive()
    }
}
