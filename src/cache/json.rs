//! [`Json<T>`]: any serde type as a cache, kept as JSON.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{
    Deserializer as _, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

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
    /// How many bytes it was read from: the next form will be about as long.
    length: usize,
}

impl<T> Json<T> {
    /// A cache that holds this value and counts as changed.
    pub const fn new(value: T) -> Self {
        Self { value, changed: true, length: 0 }
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
        let length = bytes.len();
        let value = parse(&bytes).map_err(|Place { line, column }| {
            Error::new(
                ErrorKind::InvalidContents,
                format!("the cache is not the JSON of the expected type, at line {line} column {column}"),
            )
            .with_remedy(
                "another version of this program wrote it: use that one, or move the file away to start over",
            )
        })?;
        Ok(Self { value, changed: false, length })
    }

    fn serialize(&self) -> Result<SecretBytes> {
        // A buffer that has to grow is copied and wiped each time: three tenths of a 10 MiB save.
        let mut bytes = SecretBytes::with_capacity(self.length + self.length / 8 + 1024);
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

/// Where something unexpected is. serde_json quotes it as well, and it may be a secret: its words are dropped.
struct Place {
    line: usize,
    column: usize,
}

fn place(error: &serde_json::Error) -> Place {
    Place { line: error.line(), column: error.column() }
}

/// serde_json decodes a text with an escape in it into a buffer of its own, which it does not wipe. So where there is
/// one, the cache is read between two other texts, as long as its longest: the first makes the buffer so large that it
/// never moves, and the last overwrites it.
fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Place> {
    if !json.contains(&b'\\') {
        return serde_json::from_slice(json).map_err(|error| place(&error));
    }
    let length = longest_text(json);
    let mut padded = SecretBytes::with_capacity(json.len() + 2 * (length + PADDING));
    for part in [None, Some(json), None] {
        match part {
            Some(json) => padded.extend_from_slice(json),
            None => pad(&mut padded, length),
        }
    }
    let mut parser = serde_json::Deserializer::from_slice(&padded);
    let skip = |parser: &mut serde_json::Deserializer<_>| parser.deserialize_str(IgnoredAny).map(drop);
    skip(&mut parser)
        .and_then(|()| T::deserialize(&mut parser))
        .and_then(|value| skip(&mut parser).and_then(|()| parser.end()).map(|()| value))
        // The first text is a line of its own.
        .map_err(|error| Place { line: error.line().saturating_sub(1), ..place(&error) })
}

/// The quotes, the escape and the line feed around a padding text.
const PADDING: usize = 5;

/// A text in JSON, on a line of its own, that is so many bytes long and has an escape at its beginning.
fn pad(json: &mut SecretBytes, length: usize) {
    json.extend_from_slice(b"\"\\n");
    let end = json.len() + length;
    json.as_mut_vec().resize(end, b'-');
    json.extend_from_slice(b"\"\n");
}

/// The length in bytes of the longest text.
fn longest_text(json: &[u8]) -> usize {
    let (mut longest, mut length, mut is_inside, mut is_escaped) = (0, 0, false, false);
    for byte in json {
        match byte {
            b'"' if !is_escaped => (is_inside, length) = (!is_inside, 0),
            _ if is_inside => length += 1,
            _ => {}
        }
        is_escaped = is_inside && !is_escaped && *byte == b'\\';
        longest = longest.max(length);
    }
    longest
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<String>, (usize, usize)> {
        parse(json.as_bytes()).map_err(|Place { line, column }| (line, column))
    }

    #[test]
    fn texts_with_escapes_are_read_as_they_are() {
        let long = "x".repeat(10_000);
        let texts =
            ["", "\"", "\\", "\\\"", "a\nb\t\u{1}c", "\u{1f511} \"key\"", &long, &format!("\"{long}\\")];
        for count in 0..=texts.len() {
            let json = serde_json::to_string(&texts[..count]).expect("texts have a JSON form");
            assert_eq!(read(&json).expect("a list of texts"), texts[..count]);
        }
        assert_eq!(read(r#"["\ud83d\udd11\/\u0041"]"#).expect("a list of texts"), ["\u{1f511}/A"]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for json in ["", "[", r#"["a\n"#, r#"["a\n""#, r#"["a\n"] "b""#, r#"["a\n"]]"#, r#"{"a\n":1}"#] {
            read(json).expect_err(json);
        }
    }

    #[test]
    fn an_escape_moves_no_place_in_an_error() {
        for json in ["[\"ab\",\n 7]", "[\"ab\"] 7", "7"] {
            assert_eq!(read(&json.replace("ab", "\\n")), read(json), "{json}");
        }
    }

    #[test]
    fn the_padding_is_as_long_as_the_longest_text() {
        for (json, longest) in
            [("[1]", 0), (r#"["a","bcd"]"#, 3), (r#"["a\"b"]"#, 4), (r#"["\\","x"]"#, 2), (r#"["abc"#, 3)]
        {
            assert_eq!(longest_text(json.as_bytes()), longest, "{json}");
        }
    }
}
