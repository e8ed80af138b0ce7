//! Where there is no Keychain.

use zeroize::Zeroizing;

use super::Item;
use crate::{KeychainError, Prompt};

pub(super) fn read(_item: &Item<'_>, _prompt: Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    Err(unavailable())
}

pub(super) fn write(_item: &Item<'_>, _text: &[u8], _prompt: Prompt) -> Result<(), KeychainError> {
    Err(unavailable())
}

pub(super) fn remove(_item: &Item<'_>, _prompt: Prompt) -> Result<bool, KeychainError> {
    Err(unavailable())
}

fn unavailable() -> KeychainError {
    KeychainError::Unavailable("the Keychain is a part of macOS".into())
}
