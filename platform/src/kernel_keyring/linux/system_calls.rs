//! The system calls of `keyctl(2)`, which the C library has no functions for.
//!
//! `linux-keyutils` wraps them too, but reads keys into memory that it does not wipe, and loses some error numbers.

use std::{
    ffi::{CStr, c_long, c_ulong},
    io,
};

/// The number of a key or a keyring.
pub(super) type Serial = i32;

/// The keyring of the calling thread, made when it is first used.
pub(super) const THREAD_KEYRING: Serial = libc::KEY_SPEC_THREAD_KEYRING;
/// The keyring that all processes of the user share.
pub(super) const USER_KEYRING: Serial = libc::KEY_SPEC_USER_KEYRING;

/// `KEY_POS_ALL`.
pub(super) const POSSESSOR_ALL: u32 = 0x3f00_0000;
/// `KEY_USR_VIEW | KEY_USR_READ | KEY_USR_WRITE | KEY_USR_SEARCH`: not to change its permissions or link it elsewhere.
pub(super) const USER_VIEW_READ_WRITE_SEARCH: u32 = 0x000f_0000;

const USER_KEY: &CStr = c"user";

/// Fails as [`add_user_key`] would where a sandbox forbids it, and makes no key.
pub(super) fn check_add_key_is_allowed() -> io::Result<()> {
    const NO_KEYRING: Serial = 0; // not the number of any
    match add_user_key(NO_KEYRING, c"sealed-cache", b"-") {
        Err(error) if error.raw_os_error() != Some(libc::EINVAL) => Err(error),
        _ => Ok(()),
    }
}

/// Make the key in the keyring, or change what it holds; the kernel then forgets when it was to expire.
pub(super) fn add_user_key(keyring: Serial, description: &CStr, text: &[u8]) -> io::Result<Serial> {
    // SAFETY: both strings end with a NUL; the text has as many bytes as we say; the kernel copies all three.
    let serial = unsafe {
        libc::syscall(
            libc::SYS_add_key,
            USER_KEY.as_ptr(),
            description.as_ptr(),
            text.as_ptr(),
            text.len(),
            argument(keyring),
        )
    };
    to_serial(serial)
}

/// The persistent keyring of this user, now linked to the other. This starts its time to live anew.
pub(super) fn get_persistent(link_to: Serial) -> io::Result<Serial> {
    const THIS_USER: c_ulong = c_ulong::MAX;
    // SAFETY: the kernel is given no memory.
    to_serial(unsafe { keyctl(libc::KEYCTL_GET_PERSISTENT, THIS_USER, argument(link_to), 0, 0) })
}

/// The number of a special keyring.
pub(super) fn get_keyring_id(special: Serial) -> io::Result<Serial> {
    // SAFETY: the kernel is given no memory.
    to_serial(unsafe { keyctl(libc::KEYCTL_GET_KEYRING_ID, argument(special), 0, 0, 0) })
}

pub(super) fn link(key: Serial, keyring: Serial) -> io::Result<()> {
    // SAFETY: the kernel is given no memory.
    to_nothing(unsafe { keyctl(libc::KEYCTL_LINK, argument(key), argument(keyring), 0, 0) })
}

pub(super) fn unlink(key: Serial, keyring: Serial) -> io::Result<()> {
    // SAFETY: the kernel is given no memory.
    to_nothing(unsafe { keyctl(libc::KEYCTL_UNLINK, argument(key), argument(keyring), 0, 0) })
}

pub(super) fn search_user_key(keyring: Serial, description: &CStr) -> io::Result<Serial> {
    let (kind, description) = (address(USER_KEY.as_ptr()), address(description.as_ptr()));
    // SAFETY: both strings end with a NUL; the kernel copies them.
    to_serial(unsafe { keyctl(libc::KEYCTL_SEARCH, argument(keyring), kind, description, 0) })
}

/// How much the key holds. If that is not more than the buffer, it is now there.
pub(super) fn read_key(key: Serial, buffer: &mut [u8]) -> io::Result<usize> {
    let (start, length) = (address(buffer.as_mut_ptr()), buffer.len() as c_ulong);
    // SAFETY: the kernel writes at most `length` bytes, which the buffer has.
    to_length(unsafe { keyctl(libc::KEYCTL_READ, argument(key), start, length, 0) })
}

pub(super) fn set_permissions(key: Serial, permissions: u32) -> io::Result<()> {
    // SAFETY: the kernel is given no memory.
    to_nothing(unsafe { keyctl(libc::KEYCTL_SETPERM, argument(key), c_ulong::from(permissions), 0, 0) })
}

/// # Safety
///
/// Arguments that are addresses are valid for what the operation does with them.
unsafe fn keyctl(operation: u32, second: c_ulong, third: c_ulong, fourth: c_ulong, fifth: c_ulong) -> c_long {
    // SAFETY: forwarded to the caller.
    unsafe { libc::syscall(libc::SYS_keyctl, c_ulong::from(operation), second, third, fourth, fifth) }
}

/// Serial numbers are `int`s, and the special ones are negative: the kernel looks at the lower half.
const fn argument(serial: Serial) -> c_ulong {
    serial as c_ulong
}

fn address<T>(pointer: *const T) -> c_ulong {
    pointer.expose_provenance() as c_ulong
}

fn to_serial(result: c_long) -> io::Result<Serial> {
    let result = to_length(result)?;
    Serial::try_from(result).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))
}

fn to_length(result: c_long) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

fn to_nothing(result: c_long) -> io::Result<()> {
    to_length(result).map(drop)
}
