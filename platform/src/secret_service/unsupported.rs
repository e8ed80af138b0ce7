//! Where there is no Secret Service.

use zeroize::Zeroizing;

use super::{Call, Item};
use crate::KeychainError;

pub(super) fn probe(_call: &Call) -> Result<(), KeychainError> {
    Err(unavailable())
}

pub(super) fn lookup(_item: &Item<'_>, _call: &Call) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    Err(unavailable())
}

pub(super) fn store(_item: &Item<'_>, _text: &str, _call: &Call) -> Result<(), KeychainError> {
    Err(unavailable())
}

pub(super) fn remove(_item: &Item<'_>, _call: &Call) -> Result<bool, KeychainError> {
    Err(unavailable())
}

fn unavailable() -> KeychainError {
    KeychainError::Unavailable("the Secret Service is a part of Linux desktops".into())
}
