//! Where there is no DPAPI.

use zeroize::Zeroizing;

use super::Scope;
use crate::KeychainError;

pub(super) fn protect(_secret: &[u8], _entropy: &[u8], _scope: Scope) -> Result<Vec<u8>, KeychainError> {
    Err(unavailable())
}

pub(super) fn unprotect(_blob: &[u8], _entropy: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeychainError> {
    Err(unavailable())
}

fn unavailable() -> KeychainError {
    KeychainError::Unavailable("DPAPI is a part of Windows".into())
}
