//! What the error codes of DPAPI mean. Compiled for the tests on every system.

use crate::KeychainError;

/// What was asked for when the error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Protect,
    Unprotect,
}

const FILE_NOT_FOUND: u32 = 2;
const ACCESS_DENIED: u32 = 5;
const INVALID_DATA: u32 = 13;
const NOT_SUPPORTED: u32 = 50;
const INVALID_PARAMETER: u32 = 87;
const CALL_NOT_IMPLEMENTED: u32 = 120;
const NO_SUCH_LOGON_SESSION: u32 = 1312;
/// `RPC_S_*` and `EPT_S_*`: the service behind DPAPI does not answer.
const RPC: std::ops::RangeInclusive<u32> = 1700..=1764;
/// `NTE_*`, all about keys and the data they open: `NTE_BAD_KEY_STATE` (0x8009000B) is what another user gets, and the
/// same one after the profile was lost.
const KEYS: std::ops::RangeInclusive<u32> = 0x8009_0001..=0x8009_00FF;
const KEYS_NO_MEMORY: u32 = 0x8009_000E;
/// An error of Windows in the clothes of COM.
const FROM_WIN32: u32 = 0x8007_0000;

/// The error of this code; `said` is what Windows says of it.
pub(super) fn explain(asked: Asked, code: u32, said: &str) -> KeychainError {
    let code = if code & 0xFFFF_0000 == FROM_WIN32 { code & 0xFFFF } else { code };
    match (asked, code) {
        (_, ACCESS_DENIED) => KeychainError::Denied(said.into()),
        (_, NO_SUCH_LOGON_SESSION) => KeychainError::Locked(format!(
            "this session was opened without the user's password, so that its keys are out of reach ({said})"
        )),
        (_, NOT_SUPPORTED | CALL_NOT_IMPLEMENTED) => KeychainError::Unavailable(said.into()),
        (_, code) if RPC.contains(&code) => KeychainError::Unavailable(said.into()),
        (_, KEYS_NO_MEMORY) => KeychainError::Failed(said.into()),
        (Asked::Protect, FILE_NOT_FOUND) => {
            KeychainError::Unavailable(format!("the profile of this user is not loaded ({said})"))
        }
        (Asked::Unprotect, FILE_NOT_FOUND | INVALID_DATA | INVALID_PARAMETER) => cannot_open(said),
        (Asked::Unprotect, code) if KEYS.contains(&code) => cannot_open(said),
        _ => KeychainError::Failed(said.into()),
    }
}

fn cannot_open(said: &str) -> KeychainError {
    KeychainError::CannotOpen(format!("it cannot be opened by this user here ({said})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(asked: Asked, code: u32) -> KeychainError {
        explain(asked, code, "what Windows said")
    }

    #[test]
    fn what_another_user_or_machine_protected_cannot_be_opened() {
        // NTE_BAD_KEY_STATE, ERROR_INVALID_DATA, a missing master key, NTE_BAD_DATA, the first two as HRESULTs.
        for code in [0x8009_000B, 13, 2, 87, 0x8009_0005, 0x8009_002C, 0x8007_000D, 0x8007_0002] {
            let error = of(Asked::Unprotect, code);
            assert!(matches!(error, KeychainError::CannotOpen(_)), "{code:#x}: {error:?}");
            let said = error.message();
            assert!(said.contains("by this user here") && said.contains("what Windows said"), "{said}");
        }
    }

    #[test]
    fn what_may_be_over_in_a_minute_is_not_called_unreadable() {
        for asked in [Asked::Protect, Asked::Unprotect] {
            assert!(matches!(of(asked, 5), KeychainError::Denied(_)));
            assert!(matches!(of(asked, 1312), KeychainError::Locked(_)));
            assert!(matches!(of(asked, 1722), KeychainError::Unavailable(_)));
            assert!(matches!(of(asked, 0x8009_000E), KeychainError::Failed(_)));
            assert!(matches!(of(asked, 8), KeychainError::Failed(_)));
        }
    }

    #[test]
    fn without_a_profile_there_is_no_dpapi() {
        assert!(matches!(of(Asked::Protect, 2), KeychainError::Unavailable(_)));
        assert!(matches!(of(Asked::Protect, 0x8009_000B), KeychainError::Failed(_)));
    }
}
