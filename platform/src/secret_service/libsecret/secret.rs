//! Secrets in the memory of libsecret, which it wipes.

use std::ffi::CStr;

use zeroize::Zeroizing;

use super::{
    api::{Api, SecretValue},
    failure::Failure,
    owned::Owned,
};

impl Owned<SecretValue> {
    pub(super) fn text(api: &'static Api, text: &str) -> Result<Self, Failure> {
        let length = isize::try_from(text.len()).map_err(|_| Failure::failed("the text is too long"))?;
        // SAFETY: the pointer and the length are those of the text, which is copied; the result is a new reference.
        Ok(unsafe {
            Self::take_new(api, (api.secret_value_new)(text.as_ptr().cast(), length, c"text/plain".as_ptr()))
        })
    }

    /// What it is.
    pub(super) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut length = 0;
        // SAFETY: the secret is valid. The result is not null, as there is always a NUL behind the text; it has as many
        // bytes as are written to `length`, and lives as long as the secret.
        let bytes = unsafe {
            let start = (self.api.secret_value_get)(self.as_ptr(), &raw mut length);
            std::slice::from_raw_parts(start.cast::<u8>(), length)
        };
        Zeroizing::new(bytes.to_vec())
    }

    /// Of which type the service says it is; empty if it does not say.
    pub(super) fn content_type(&self) -> String {
        // SAFETY: the secret is valid. The result is null, or ends with a NUL and lives as long as the secret.
        unsafe {
            let name = (self.api.secret_value_get_content_type)(self.as_ptr());
            if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
        }
    }
}
