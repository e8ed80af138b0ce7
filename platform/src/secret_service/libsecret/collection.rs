//! How a collection is named: by an alias, or by its object path.

use std::ffi::{CStr, CString};

use super::{
    super::{Item, is_collection},
    failure::{Failure, Kind},
};

const ALIASES: &str = "/org/freedesktop/secrets/aliases";

/// The path for calls to the collection of this name. GDBus must not be given one that is not valid.
pub(super) fn path(name: &str) -> Result<CString, Failure> {
    if !is_collection(name) {
        return Err(Failure::failed(format!("`{name}` is neither an alias nor the path of a collection")));
    }
    let path = if name.starts_with('/') { name.to_owned() } else { format!("{ALIASES}/{name}") };
    CString::new(path).map_err(|_| Failure::failed("the name of the collection contains a NUL character"))
}

/// Whether the item of this path lies in this collection.
pub(super) fn contains(collection: &CStr, item: &CStr) -> bool {
    let rest = item.to_bytes().strip_prefix(collection.to_bytes());
    rest.is_some_and(|rest| rest.starts_with(b"/"))
}

/// There is no such collection.
pub(super) fn absent(item: &Item<'_>) -> Failure {
    let message = match item.collection {
        "default" => "the Secret Service has no default collection: nobody has made a keyring yet".to_owned(),
        name => format!("the Secret Service has no collection `{name}`"),
    };
    Failure::new(Kind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_lies_in_the_collection_whose_path_its_own_begins_with() {
        assert!(contains(c"/a/b", c"/a/b/1"));
        assert!(!contains(c"/a/b", c"/a/bc/1"));
        assert!(!contains(c"/a/b", c"/a/b"));
    }

    #[test]
    fn aliases_and_object_paths_are_paths_and_nothing_else_is() {
        for (name, expected) in [
            ("default", "/org/freedesktop/secrets/aliases/default"),
            ("session", "/org/freedesktop/secrets/aliases/session"),
            ("/org/freedesktop/secrets/collection/a_1", "/org/freedesktop/secrets/collection/a_1"),
        ] {
            assert_eq!(path(name).ok().unwrap().to_str(), Ok(expected));
        }
        for name in ["", "/", "//", "/a/", "/a//b", "a b", "a/b/", "\u{e4}", "/a-b", "a/b", "a\0b"] {
            assert!(path(name).is_err(), "{name:?}");
        }
    }
}
