//! What the status codes of the Keychain mean (`SecBase.h`). Compiled for the tests on every system.

use crate::KeychainError;

/// The error of this status, with what macOS says of it; `None` says that there is no such item.
pub(super) fn explain(status: i32, said: &str) -> Option<KeychainError> {
    let text = format!("{said} ({status})");
    Some(match status {
        // errSecItemNotFound
        -25300 => return None,
        // errSecInteractionNotAllowed, errSecInteractionRequired, errSecInDarkWake, errAuthorizationInteractionNotAllowed:
        // locked, and nobody was or could be asked, as in a session over SSH.
        -25308 | -25315 | -25320 | -60007 => KeychainError::Locked(text),
        // userCanceledErr, errAuthorizationCanceled
        -128 | -60006 => KeychainError::Dismissed(text),
        // errSecAuthFailed: a wrong password, or a session that may not unlock it.
        -25293 => KeychainError::Denied(text),
        // wrPermErr, errSecInvalidOwnerEdit, errSecReadOnly, errSecNoAccessForItem, errAuthorizationDenied,
        // errSecMissingEntitlement, EPERM and EACCES as the Keychain reports them.
        -61 | -25244 | -25292 | -25243 | -60005 | -34018 | 100_001 | 100_013 => KeychainError::Denied(text),
        // errSecDuplicateItem: what could not be read just now is there all the same.
        -25299 => {
            KeychainError::Denied(format!("the item is there, and this program may not change it: {text}"))
        }
        // errSecNotAvailable, errSecNoSuchKeychain, errSecNoDefaultKeychain
        -25291 | -25294 | -25307 => KeychainError::Unavailable(text),
        _ => KeychainError::Failed(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: i32) -> Option<KeychainError> {
        explain(status, "what macOS said")
    }

    #[test]
    fn only_not_found_is_nothing() {
        assert_eq!(of(-25300), None);
        let never: Vec<_> =
            (-70_000..=-1).chain(100_000..100_100).filter(|&code| of(code).is_none()).collect();
        assert_eq!(never, [-25300]);
    }

    #[test]
    fn each_status_is_what_a_person_can_act_on() {
        for status in [-25308, -25315, -25320, -60007] {
            assert!(matches!(of(status), Some(KeychainError::Locked(_))), "{status}");
        }
        for status in [-25293, -25244, -25292, -25299, -61, 100_001] {
            assert!(matches!(of(status), Some(KeychainError::Denied(_))), "{status}");
        }
        for status in [-128, -60006] {
            assert!(matches!(of(status), Some(KeychainError::Dismissed(_))), "{status}");
        }
        for status in [-25291, -25294, -25307] {
            assert!(matches!(of(status), Some(KeychainError::Unavailable(_))), "{status}");
        }
        for status in [-25295, -50, -4, 1] {
            assert!(matches!(of(status), Some(KeychainError::Failed(_))), "{status}");
        }
    }

    #[test]
    fn the_status_and_what_macos_said_are_in_the_message() {
        let error = of(-25308).unwrap();
        assert_eq!(error.message(), "what macOS said (-25308)");
    }
}
