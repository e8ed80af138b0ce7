//! The key of the extra parameters that an access token was asked for with, as MSAL Python, Go and Node compute it.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use super::text::{Members, scalar, unescape};

/// The key of these parameters: in the order of their names, each name and value with its length in bytes before it,
/// hashed with SHA-256, as base64url in lower case. Parameters without a value do not count; without any, it is empty.
pub(super) fn of<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut parameters: Vec<_> = parameters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    if parameters.is_empty() {
        return String::new();
    }
    parameters.sort_unstable();
    let mut hash = Sha256::new();
    for text in parameters.into_iter().flat_map(|(name, value)| [name, value]) {
        hash.update(text.len().to_string());
        hash.update(":");
        hash.update(text);
    }
    Base64UrlUnpadded::encode_string(&hash.finalize()).to_ascii_lowercase()
}

/// The key of the parameters in a JSON object.
pub(super) fn of_object(object: &str) -> String {
    let parameters: Vec<_> = Members::of(object, 0)
        .texts()
        .filter_map(|(name, value)| Some((unescape(name)?, scalar(value)?)))
        .collect();
    of(parameters.iter().map(|(name, value)| (&**name, &**value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with MSAL for Python 1.39, `_compute_ext_cache_key`.
    #[test]
    fn the_same_as_msal_python() {
        assert_eq!(of([("fmi_path", "SomeFmiPath/Path")]), "hai-va57u1u3bj1elra_dz5bpghftdmyv5vuyfopbqo");
        assert_eq!(of([("b", "ü2"), ("a", "1"), ("c", "")]), "0dtnhea-9m30tuzjvfijuoqvewsc4e5dmg_kmve4ziy");
        assert_eq!(of([]), "");
        assert_eq!(of_object(r#"{"b":"\u00fc2","a":"1"}"#), of([("a", "1"), ("b", "ü2")]));
    }
}
