//! The keyrings of Linux.
//!
//! A process may use a key freely only if it *possesses* it: if the key can be reached from its session, process or
//! thread keyring. A login session usually leads to the user keyring, but services, `sudo` and containers have sessions
//! that do not. So for the time of an operation the keyring of the user is linked to the thread keyring, which nobody
//! else sees, and which costs one key of the user's quota until the thread ends.

mod system_calls;

use std::{ffi::CString, io};

use zeroize::Zeroizing;

use self::system_calls::{
    POSSESSOR_ALL, Serial, THREAD_KEYRING, USER_KEYRING, USER_VIEW_READ_WRITE_SEARCH, add_user_key,
    check_add_key_is_allowed, get_keyring_id, get_persistent, link, read_key, search_user_key,
    set_permissions, unlink,
};
use crate::KeychainError;

pub(super) fn probe() -> Result<(), KeychainError> {
    check_add_key_is_allowed().map_err(explain)?;
    Keyring::open().map(drop)
}

pub(super) fn read(description: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    Keyring::open()?.read(description)
}

pub(super) fn read_from_any_keyring(description: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
    match read(description)? {
        None => Keyring::of_user().map_err(explain)?.read(description),
        text => Ok(text),
    }
}

pub(super) fn write(description: &str, text: &[u8]) -> Result<(), KeychainError> {
    let keyring = Keyring::open()?;
    let key = add_user_key(keyring.serial, &c_string(description)?, text).map_err(explain)?;
    // A new key is for its possessors only. Let the other processes of the user have it too, so that `keyctl` can
    // show it to the person whose it is.
    set_permissions(key, POSSESSOR_ALL | USER_VIEW_READ_WRITE_SEARCH).map_err(explain)
}

pub(super) fn remove(description: &str) -> Result<bool, KeychainError> {
    let keyring = Keyring::open()?;
    let Some(key) = keyring.find(description)? else { return Ok(false) };
    match unlink(key, keyring.serial) {
        // Another process was faster.
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
        result => found(result).map(|removed| removed.is_some()),
    }
}

/// The keyring of this user, possessed by this thread while it lives.
struct Keyring {
    serial: Serial,
}

impl Keyring {
    fn open() -> Result<Self, KeychainError> {
        let keyring = match get_persistent(THREAD_KEYRING) {
            // This kernel was built without them.
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Self::of_user(),
            result => result.map(|serial| Self { serial }),
        };
        keyring.map_err(explain)
    }

    /// The plain one, which every kernel has.
    fn of_user() -> io::Result<Self> {
        link(USER_KEYRING, THREAD_KEYRING)?;
        get_keyring_id(USER_KEYRING).map(|serial| Self { serial })
    }

    fn read(&self, description: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        let Some(key) = self.find(description)? else { return Ok(None) };
        found(contents(key))
    }

    fn find(&self, description: &str) -> Result<Option<Serial>, KeychainError> {
        found(search_user_key(self.serial, &c_string(description)?))
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        // The thread belongs to the program that uses us: do not leave it in possession of every key of the user.
        let _ = unlink(self.serial, THREAD_KEYRING);
    }
}

/// Everything that the key holds, in memory that is wiped.
fn contents(key: Serial) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(vec![0; 256]);
    loop {
        let length = read_key(key, &mut buffer)?;
        if length <= buffer.len() {
            buffer.truncate(length);
            return Ok(buffer);
        }
        buffer = Zeroizing::new(vec![0; length]);
    }
}

/// `None` where there is no key (any more).
fn found<T>(result: io::Result<T>) -> Result<Option<T>, KeychainError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.raw_os_error() {
            Some(libc::ENOKEY | libc::EKEYEXPIRED | libc::EKEYREVOKED) => Ok(None),
            _ => Err(explain(error)),
        },
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn explain(error: io::Error) -> KeychainError {
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EPERM) => KeychainError::Unavailable(format!(
            "this process may not call the kernel's key management ({error}): containers forbid it unless they are \
             configured otherwise"
        )),
        Some(libc::EACCES) => KeychainError::Denied(format!("the key belongs to somebody else ({error})")),
        Some(libc::EDQUOT) => KeychainError::Failed(
            "this user has as many keys, or bytes in keys, as the kernel allows: see /proc/key-users, and \
             kernel.keys.maxkeys and kernel.keys.maxbytes in sysctl"
                .into(),
        ),
        _ => KeychainError::Failed(format!("the kernel's key management: {error}")),
    }
}

fn c_string(description: &str) -> Result<CString, KeychainError> {
    CString::new(description)
        .map_err(|_| KeychainError::Failed("the description contains a NUL character".into()))
}
