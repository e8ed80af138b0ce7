//! Where there is no Secret Service.

use super::{Call, Found, Item};
use crate::KeychainError;

pub(super) fn probe(_item: &Item<'_>, _call: &Call) -> Result<(), KeychainError> {
    Err(unavailable())
}

pub(super) fn lookup(_item: &Item<'_>, _call: &Call) -> Result<Option<Found>, KeychainError> {
    Err(unavailable())
}

pub(super) fn store(_item: &Item<'_>, _text: &str, _call: &Call) -> Result<(), KeychainError> {
    Err(unavailable())
}

pub(super) fn store_shared(_item: &Item<'_>, _text: &str, _call: &Call) -> Result<bool, KeychainError> {
    Err(unavailable())
}

pub(super) fn remove(_item: &Item<'_>, _call: &Call) -> Result<bool, KeychainError> {
    Err(unavailable())
}

pub(super) fn rename(_item: &Item<'_>, _to: &Item<'_>, _call: &Call) -> Result<usize, KeychainError> {
    Err(unavailable())
}

fn unavailable() -> KeychainError {
    KeychainError::Unavailable("the Secret Service is a part of Linux desktops".into())
}
