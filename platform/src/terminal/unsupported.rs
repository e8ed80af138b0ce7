//! A system where we do not know how to ask.

use std::io;

use zeroize::Zeroizing;

pub(super) const fn ask_secret(_question: &str) -> io::Result<Option<Zeroizing<String>>> {
    Ok(None)
}
