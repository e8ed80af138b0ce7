//! Where the kernel keeps no keys.

use zeroize::Zeroizing;

use crate::KeychainError;

pub(super) fn probe() -> Result<(), KeychainError> {
    Err(unavailable())
}

pub(super) fn read(_description: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    Err(unavailable())
}

pub(super) fn read_from_any_keyring(_description: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    Err(unavailable())
}

pub(super) fn write(_description: &str, _text: &[u8]) -> Result<(), KeychainError> {
    Err(unavailable())
}

pub(super) fn remove(_description: &str) -> Result<bool, KeychainError> {
    Err(unavailable())
}

fn unavailable() -> KeychainError {
    KeychainError::Unavailable("only Linux keeps keys in the kernel".into())
}
