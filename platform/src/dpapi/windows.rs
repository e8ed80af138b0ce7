//! `CryptProtectData` and `CryptUnprotectData`.

use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::Cryptography::{
        CRYPT_INTEGER_BLOB, CRYPTPROTECT_LOCAL_MACHINE, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData,
        CryptUnprotectData,
    },
};
use zeroize::{Zeroize, Zeroizing};

use super::{
    Scope,
    code::{Asked, explain},
};
use crate::KeychainError;

pub(super) fn protect(secret: &[u8], entropy: &[u8], scope: Scope) -> Result<Vec<u8>, KeychainError> {
    let flags = match scope {
        Scope::User => CRYPTPROTECT_UI_FORBIDDEN,
        Scope::Machine => CRYPTPROTECT_UI_FORBIDDEN | CRYPTPROTECT_LOCAL_MACHINE,
    };
    let (secret, entropy, mut output) = (input(secret)?, input(entropy)?, Output::new());
    // SAFETY: both inputs borrow slices that live until after the call and are not written to, as documented; no
    // description, reserved value or prompt is given, which null says; the output is ours, and taken over if it is set.
    let done = unsafe {
        CryptProtectData(
            &raw const secret,
            ptr::null(),
            given(&entropy),
            ptr::null(),
            ptr::null(),
            flags,
            &raw mut output.0,
        )
    };
    if done == 0 { Err(last_error(Asked::Protect)) } else { Ok(output.bytes().to_vec()) }
}

pub(super) fn unprotect(blob: &[u8], entropy: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeychainError> {
    let (blob, entropy, mut output) = (input(blob)?, input(entropy)?, Output::new());
    // SAFETY: as in `protect`; that no description is asked for, null says.
    let done = unsafe {
        CryptUnprotectData(
            &raw const blob,
            ptr::null_mut(),
            given(&entropy),
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &raw mut output.0,
        )
    };
    if done == 0 { Err(last_error(Asked::Unprotect)) } else { Ok(Zeroizing::new(output.bytes().to_vec())) }
}

/// The slice as Windows wants it. It is only read, and must outlive the blob.
fn input(bytes: &[u8]) -> Result<CRYPT_INTEGER_BLOB, KeychainError> {
    let length = u32::try_from(bytes.len())
        .map_err(|_| KeychainError::Failed("DPAPI takes at most 4 GiB at once".into()))?;
    Ok(CRYPT_INTEGER_BLOB { cbData: length, pbData: bytes.as_ptr().cast_mut() })
}

/// Empty entropy is none.
fn given(entropy: &CRYPT_INTEGER_BLOB) -> *const CRYPT_INTEGER_BLOB {
    if entropy.cbData == 0 { ptr::null() } else { entropy }
}

/// Must be called before anything else that could set the error of this thread.
fn last_error(asked: Asked) -> KeychainError {
    let error = io::Error::last_os_error();
    explain(asked, error.raw_os_error().unwrap_or_default().cast_unsigned(), &error.to_string())
}

/// What Windows allocates for a result: wiped and freed when dropped.
struct Output(CRYPT_INTEGER_BLOB);

impl Output {
    const fn new() -> Self {
        Self(CRYPT_INTEGER_BLOB { cbData: 0, pbData: ptr::null_mut() })
    }

    fn bytes(&self) -> &[u8] {
        if self.0.pbData.is_null() {
            return &[];
        }
        // SAFETY: not null, so a call that succeeded has set it to a buffer of that many bytes, which is freed only by
        // `drop`.
        unsafe { std::slice::from_raw_parts(self.0.pbData, self.0.cbData as usize) }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.0.pbData.is_null() {
            return;
        }
        // SAFETY: as in `bytes`, and nobody else refers to the buffer.
        let buffer = unsafe { std::slice::from_raw_parts_mut(self.0.pbData, self.0.cbData as usize) };
        buffer.zeroize();
        // SAFETY: the documentation of both calls says that the buffer is to be freed by this function; it is done once.
        unsafe { LocalFree(self.0.pbData.cast()) };
    }
}
