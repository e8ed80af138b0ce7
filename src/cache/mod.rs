//! WHAT is kept: the [`SerializableCache`] trait, and [`Json<T>`] which makes a cache of any serde type.

mod json;
pub mod token_cache;

pub use json::Json;
pub use token_cache::TokenCache;

use crate::{Result, SecretBytes};

/// An in-memory cache that can be written to bytes and read back: what an application, or its OAuth library, owns.
///
/// It is the counterpart of MSAL's `SerializableTokenCache`: `serialize`, `deserialize` and `has_state_changed` mean
/// the same. `Default` is the empty cache, which a program starts with the first time it runs.
///
/// Implement it for your own type when [`Json<T>`] does not fit: for another encoding, or for a cache that lives in
/// a library.
///
/// # Security
///
/// The implementation should keep its secrets in types that wipe themselves (`zeroize::Zeroizing`). What it writes
/// into [`SecretBytes`] is wiped by us.
///
/// # Examples
///
/// ```
/// use sealed_cache::{Error, ErrorKind, SecretBytes, SerializableCache};
///
/// /// A cache that holds one line of text.
/// #[derive(Default)]
/// struct Line { text: String, changed: bool }
///
/// impl SerializableCache for Line {
///     fn deserialize(bytes: SecretBytes) -> Result<Self, Error> {
///         let text = std::str::from_utf8(&bytes)
///             .map_err(|_| Error::new(ErrorKind::InvalidContents, "the line is not UTF-8"))?;
///         Ok(Self { text: text.to_owned(), changed: false })
///     }
///     fn serialize(&self) -> Result<SecretBytes, Error> {
///         Ok(SecretBytes::from(self.text.as_bytes()))
///     }
///     fn has_state_changed(&self) -> bool { self.changed }
///     fn set_state_changed(&mut self, changed: bool) { self.changed = changed; }
/// }
/// ```
pub trait SerializableCache: Default + Send + Sync + 'static {
    /// The cache that these bytes hold. The result has no changed state.
    ///
    /// The buffer is handed over, so that an implementation can keep it and look into it instead of copying.
    ///
    /// # Errors
    ///
    /// [`InvalidContents`](crate::ErrorKind::InvalidContents) if the bytes are not such a cache. The message must
    /// not quote them.
    fn deserialize(bytes: SecretBytes) -> Result<Self>;

    /// The whole cache as bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidContents`](crate::ErrorKind::InvalidContents) if the cache has no such form.
    fn serialize(&self) -> Result<SecretBytes>;

    /// Whether something was changed since the cache was deserialized or last saved.
    fn has_state_changed(&self) -> bool;

    /// Said by the persistence: `false` after the state was saved.
    fn set_state_changed(&mut self, changed: bool);
}
