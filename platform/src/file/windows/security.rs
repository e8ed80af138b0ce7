//! Security identifiers and descriptors, as texts and lists.

use std::{ffi::c_void, io, os::windows::io::RawHandle, ptr};

use windows_sys::Win32::{
    Foundation::{ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED, LocalFree},
    Security::{
        ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, Authorization::ConvertSidToStringSidW,
        Authorization::GetSecurityInfo, Authorization::SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, GetAce,
        GetTokenInformation, INHERIT_ONLY_ACE, OWNER_SECURITY_INFORMATION, PSID, TOKEN_USER, TokenUser,
    },
    System::SystemServices::ACCESS_ALLOWED_ACE_TYPE,
};

const EVERYONE: &str = "S-1-1-0";
const EVERYTHING: u32 = u32::MAX;

/// What Windows allocates with `LocalAlloc`: freed when dropped.
#[derive(Debug)]
pub(super) struct Held(*mut c_void);

impl Held {
    /// Takes over what a call that succeeded has allocated, or null.
    pub(super) const fn new(pointer: *mut c_void) -> Self {
        Self(pointer)
    }

    pub(super) const fn pointer(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: allocated by Windows to be freed by this function, once; null is fine.
        unsafe { LocalFree(self.0) };
    }
}

/// Whose a file or folder is, and which rights are granted to whom. Identifiers are in their text form.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) owner: String,
    pub(super) granted: Vec<(String, u32)>,
}

/// Of an open file or folder; `None` if its file system has nothing of the kind.
pub(super) fn of(handle: RawHandle) -> io::Result<Option<Owner>> {
    let (mut owner, mut list, mut descriptor) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is open; each result is asked for with its own pointer, or not at all by null.
    let code = unsafe {
        GetSecurityInfo(
            handle,
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &raw mut owner,
            ptr::null_mut(),
            &raw mut list,
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    // The owner and the list lie inside of the descriptor.
    let _held = Held::new(descriptor);
    match code {
        0 => Ok(Some(Owner { owner: text(owner)?, granted: granted(list)? })),
        ERROR_INVALID_FUNCTION | ERROR_NOT_SUPPORTED => Ok(None),
        code => Err(io::Error::from_raw_os_error(code.cast_signed())),
    }
}

/// The user on whose behalf this thread acts.
pub(super) fn this_user() -> io::Result<String> {
    /// `GetCurrentThreadEffectiveToken`, which is a constant and need not be closed.
    const EFFECTIVE_TOKEN: isize = -6;
    /// A `TOKEN_USER` and the longest identifier behind it, aligned for the former.
    const ROOM: usize = 16;
    let mut user = [0_u64; ROOM];
    let mut length = 0;
    // SAFETY: the buffer has the size that is stated, and lives until after the identifier in it was read.
    let done = unsafe {
        GetTokenInformation(
            ptr::without_provenance_mut(EFFECTIVE_TOKEN.cast_unsigned()),
            TokenUser,
            user.as_mut_ptr().cast(),
            u32::try_from(size_of_val(&user)).expect("a small buffer"),
            &raw mut length,
        )
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so that the buffer, which is large enough and aligned, begins with this structure.
    let user = unsafe { user.as_ptr().cast::<TOKEN_USER>().read() };
    text(user.User.Sid)
}

/// The entries of an access control list that grant something on the thing itself.
fn granted(list: *const ACL) -> io::Result<Vec<(String, u32)>> {
    if list.is_null() {
        // No list at all is every right for everybody.
        return Ok(vec![(EVERYONE.to_owned(), EVERYTHING)]);
    }
    // SAFETY: the list belongs to a descriptor that the caller holds.
    let count = unsafe { (*list).AceCount };
    let mut granted = Vec::new();
    for index in 0..count.into() {
        let mut entry = ptr::null_mut();
        // SAFETY: as above, and the index is below the count.
        if unsafe { GetAce(list, index, &raw mut entry) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: every entry begins with a header.
        let header = unsafe { entry.cast::<ACE_HEADER>().read() };
        if u32::from(header.AceType) == ACCESS_ALLOWED_ACE_TYPE
            && u32::from(header.AceFlags) & INHERIT_ONLY_ACE == 0
        {
            let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
            // SAFETY: an entry of this type has this form, and the identifier begins in its last field.
            let (mask, identifier) = unsafe { ((*entry).Mask, (&raw mut (*entry).SidStart).cast()) };
            granted.push((text(identifier)?, mask));
        }
    }
    Ok(granted)
}

fn text(identifier: PSID) -> io::Result<String> {
    let mut text = ptr::null_mut();
    // SAFETY: the identifier lies in a buffer that the caller holds; the text is taken over if it is set.
    if unsafe { ConvertSidToStringSidW(identifier, &raw mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let held = Held::new(text.cast());
    // SAFETY: the text ends with a zero, and is read up to it only.
    let units: Vec<u16> = unsafe {
        let start = held.pointer().cast::<u16>().cast_const();
        (0..).map(|at| start.add(at).read()).take_while(|&unit| unit != 0).collect()
    };
    Ok(String::from_utf16_lossy(&units))
}
