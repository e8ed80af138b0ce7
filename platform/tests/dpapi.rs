//! DPAPI: on Windows what it does, elsewhere that it says so. Wine has one of its own: see `xtask/src/windows.rs`.

use sealed_cache_platform::{
    KeychainError,
    dpapi::{self, Scope},
};

#[cfg(not(windows))]
#[test]
fn elsewhere_it_is_unavailable() {
    for scope in [Scope::User, Scope::Machine] {
        assert!(matches!(dpapi::probe(scope), Err(KeychainError::Unavailable(_))));
    }
    assert!(matches!(dpapi::unprotect(b"blob", b""), Err(KeychainError::Unavailable(_))));
}

#[cfg(windows)]
mod windows {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const ENTROPY: &[u8] = b"com.contoso.todo";

    fn protected() -> Vec<u8> {
        dpapi::protect(SECRET, ENTROPY, Scope::User).unwrap()
    }

    #[track_caller]
    fn assert_cannot_open(blob: &[u8], entropy: &[u8]) {
        match dpapi::unprotect(blob, entropy) {
            Err(KeychainError::CannotOpen(said)) => assert!(said.contains("by this user here"), "{said}"),
            Err(other) => panic!("another error: {other:?}"),
            Ok(_) => panic!("it opened"),
        }
    }

    #[test]
    fn what_was_protected_opens() {
        for scope in [Scope::User, Scope::Machine] {
            dpapi::probe(scope).unwrap();
            for (secret, entropy) in [(SECRET, ENTROPY), (SECRET, b""), (b"x", ENTROPY)] {
                let blob = dpapi::protect(secret, entropy, scope).unwrap();
                assert!(!blob.windows(secret.len().max(8)).any(|part| part == secret), "not hidden at all");
                assert_eq!(&dpapi::unprotect(&blob, entropy).unwrap()[..], secret);
            }
        }
    }

    #[test]
    fn a_large_secret_opens() {
        let secret = SECRET.repeat(50_000);
        let blob = dpapi::protect(&secret, ENTROPY, Scope::User).unwrap();
        assert!(dpapi::unprotect(&blob, ENTROPY).unwrap()[..] == secret[..]);
    }

    #[test]
    fn other_entropy_does_not_open_it() {
        assert_cannot_open(&protected(), b"com.contoso.other");
        assert_cannot_open(&protected(), b"");
        assert_cannot_open(&dpapi::protect(SECRET, b"", Scope::User).unwrap(), ENTROPY);
    }

    #[test]
    fn a_blob_altered_in_any_byte_is_never_opened_as_something_else() {
        let blob = protected();
        for at in 0..blob.len() {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            match dpapi::unprotect(&altered, ENTROPY) {
                Err(KeychainError::CannotOpen(_)) => {}
                // Some bytes are not covered: a description's length that counts nothing, for example.
                Ok(secret) => assert_eq!(&secret[..], SECRET, "byte {at}"),
                Err(other) => panic!("byte {at}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_blob_does_not_open() {
        let blob = protected();
        for length in 0..blob.len() {
            assert_cannot_open(&blob[..length], ENTROPY);
        }
        assert_cannot_open(b"{\"AccessToken\": {}}", ENTROPY);
    }
}
